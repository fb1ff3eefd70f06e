"""A GRPO batch of the demo's kind: questions to sort, completions of 64 tokens, old and reference log-probabilities."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

ROWS, TOKENS = 64, 64
# The product's `strict` arithmetic: clip range, dual clip, KL weight.
CLIP_LOW, CLIP_HIGH, DUAL_CLIP, KL = 0.8, 1.3, 3.0, 0.01


@dataclass(frozen=True)
class Batch:
    """Row i: prompt ids (ragged), completion ids (64,), advantage, old and reference log-probabilities (64,)."""

    prompts: list[np.ndarray]
    completions: np.ndarray
    advantages: np.ndarray
    old: np.ndarray
    reference: np.ndarray


def question_prompts(model: Path, count: int, seed: int) -> list[np.ndarray]:
    """Different questions of 2 to 20 digits in the demo's prompt."""
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    rng = np.random.default_rng(seed)
    texts = ["Q:sort " + "".join(map(str, rng.integers(0, 10, rng.integers(2, 21)))) + "\nA:" for _ in range(count)]
    return [np.array(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts]


def grpo_batch(model: Path, questions: int, logprobs_of, seed: int = 0) -> Batch:
    """`questions` × (64 / questions) rollouts. `logprobs_of(prompts, completions)` are the model's own, (64, 64)."""
    rng = np.random.default_rng(seed)
    group = ROWS // questions
    prompts = [prompt for prompt in question_prompts(model, questions, seed) for _ in range(group)]
    # Padding is id 0, whose embedding transformers gives no gradient, and the end is 1.
    completions = rng.integers(2, 94, (ROWS, TOKENS))
    now = logprobs_of(prompts, completions)
    rewards = rng.random((ROWS // 8, 8))
    deviation = rewards.std(1, ddof=1, keepdims=True) + 1e-6
    advantages = ((rewards - rewards.mean(1, keepdims=True)) / deviation).reshape(-1)
    # Spread enough that ratios are clipped on both sides, and now and then by the dual clip.
    old = now + rng.normal(0, 0.4, now.shape)
    reference = now + rng.normal(0, 0.3, now.shape)
    return Batch(prompts, completions, *(a.astype(np.float32) for a in (advantages, old, reference)))
