"""GRPO on groups of completions: advantages, the clipped loss and AdamW."""

from dataclasses import dataclass

import numpy as np
import torch

from demo_baseline.model import Shape, Weights, causal_states, logits
from demo_baseline.sampling import Completion, padded

CLIP_LOW, CLIP_HIGH, DUAL_CLIP = 0.8, 1.2, 3.0
BETAS, EPSILON, GRADIENT_NORM = (0.9, 0.99), 1e-8, 1.0
MINI_BATCHES = 2
MICRO_BATCH = 128  # rows; the loss is a sum over them


@dataclass(frozen=True)
class Group:
    """Completions of one prompt and their rewards."""

    prompt: list[int]
    completions: list[Completion]
    rewards: list[float]


@dataclass(frozen=True)
class _Row:
    prompt: list[int]
    completion: Completion
    advantage: float


class Learner:
    """One role's training within a stage: starts from `weights` (left as they are) with a fresh optimiser."""

    def __init__(self, shape: Shape, weights: Weights, learning_rate: float) -> None:
        self._shape = shape
        self._weights = {name: value.clone().requires_grad_() for name, value in weights.items()}
        self._optimizer = torch.optim.AdamW(
            self._weights.values(), lr=learning_rate, betas=BETAS, eps=EPSILON, weight_decay=0
        )

    @property
    def weights(self) -> Weights:
        return {name: value.detach() for name, value in self._weights.items()}

    def step(self, groups: list[Group]) -> None:
        """One training step in `MINI_BATCHES` optimiser steps; groups of equal rewards have no gradient, left out."""
        useful = [group for group in groups if len(set(group.rewards)) > 1]
        parts = min(MINI_BATCHES, len(useful))
        for part in range(parts):
            first, end = part * len(useful) // parts, (part + 1) * len(useful) // parts
            self._optimizer_step([row for group in useful[first:end] for row in _rows(group)])

    def _optimizer_step(self, rows: list[_Row]) -> None:
        tokens = sum(len(row.completion.ids) for row in rows)
        rows.sort(key=lambda row: len(row.prompt) + len(row.completion.ids))
        self._optimizer.zero_grad()
        for start in range(0, len(rows), MICRO_BATCH):
            (self._loss(rows[start : start + MICRO_BATCH]) / tokens).backward()
        torch.nn.utils.clip_grad_norm_(self._weights.values(), GRADIENT_NORM)
        self._optimizer.step()

    def _loss(self, rows: list[_Row]) -> torch.Tensor:
        """Clipped and dual-clipped surrogate (arXiv 1912.09729), summed over the completions' tokens."""
        ids = padded([row.prompt + row.completion.ids for row in rows])
        starts = torch.tensor([len(row.prompt) for row in rows])[:, None]
        lengths = torch.tensor([len(row.completion.ids) for row in rows])
        target = torch.arange(1, ids.shape[1])[None]
        chosen = (target >= starts) & (target < starts + lengths[:, None])
        old = torch.tensor([logprob for row in rows for logprob in row.completion.logprobs])
        advantages = torch.tensor([row.advantage for row in rows]).repeat_interleave(lengths)
        states = causal_states(self._shape, self._weights, ids[:, :-1])
        scores = logits(self._weights, states[chosen])
        logprobs = scores.gather(1, ids[:, 1:][chosen][:, None])[:, 0] - scores.logsumexp(-1)
        ratio = (logprobs - old).exp()
        loss = torch.maximum(-advantages * ratio, -advantages * ratio.clamp(CLIP_LOW, CLIP_HIGH))
        loss = torch.where(advantages < 0, torch.minimum(loss, -DUAL_CLIP * advantages), loss)
        return loss.sum()


def _rows(group: Group) -> list[_Row]:
    rewards = np.array(group.rewards)
    advantages = (rewards - rewards.mean()) / (rewards.std(ddof=1) + 1e-6)
    return [
        _Row(group.prompt, completion, float(advantage))
        for completion, advantage in zip(group.completions, advantages, strict=True)
    ]
