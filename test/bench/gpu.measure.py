"""Tokens a second of sampling and of GRPO steps on a GPU: prints one JSON object a line.

    PYTHONPATH=<engine>:<bench> python gpu.measure.py [--demo MODEL_DIRECTORY] [--shapes qwen3-0.6b,qwen3-4b]

The shapes have the sizes of published models and random weights: what they cost is the same, and nothing has to be fetched.
The baseline of sampling is transformers' `generate()` on the same weights, the same prompts and as many tokens.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from engine_step.batch import Batch
from engine_step.with_engine import ALL_PARAMETERS, InProcess
from rzero_engine.base import Base, load_base
from rzero_engine.lean import LeanDecoder
from rzero_engine.lean_config import lean_config
from rzero_engine.lora import LoraChoice
from rzero_engine.pick import Shape
from rzero_engine.sampling import SampleJob, sample

ADAM = {
    "learning_rate": 1e-6,
    "beta1": 0.9,
    "beta2": 0.99,
    "eps": 1e-8,
    "weight_decay": 0.0,
    "grad_clip_norm": 1.0,
}
QWEN3 = {"vocab_size": 151936, "head_dim": 128, "num_key_value_heads": 8, "tie_word_embeddings": True}
SHAPES = {
    "qwen3-0.6b": {"hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16, "intermediate_size": 3072},
    "qwen3-4b": {"hidden_size": 2560, "num_hidden_layers": 36, "num_attention_heads": 32, "intermediate_size": 9728},
}
CUDA = torch.device("cuda")


def random_model(shape: str, dtype: torch.dtype) -> tuple[torch.nn.Module, Base]:
    """transformers' model with random weights, and a base of ours over the same tensors."""
    from transformers import AutoModelForCausalLM, Qwen3Config

    config = Qwen3Config(**QWEN3, **SHAPES[shape], max_position_embeddings=32768, rope_theta=1e6)
    with CUDA:
        model = AutoModelForCausalLM.from_config(config, dtype=dtype).eval()
    params = {name: p.detach() for name, p in model.named_parameters() if name != "lm_head.weight"}
    lean = lean_config(config.to_dict())
    assert lean is not None and lean.tied
    linears = sorted(name.removesuffix(".weight") for name in params if name.endswith("_proj.weight"))
    decoder = LeanDecoder(lean, CUDA, dtype, checkpointing=True)
    return model, Base(Path(), shape, config.to_dict(), params, decoder, linears, CUDA, dtype, None, [])


def timed(work: Callable[[], object], repetitions: int) -> tuple[float, float]:
    """Median seconds after one round that does not count, and the peak of allocated memory, GiB."""
    torch.cuda.reset_peak_memory_stats()
    seconds = []
    for repetition in range(repetitions + 1):
        torch.cuda.synchronize()
        started = time.perf_counter()
        work()
        torch.cuda.synchronize()
        if repetition:
            seconds.append(time.perf_counter() - started)
    return median(seconds), torch.cuda.max_memory_allocated() / 2**30


def sampling_rows(
    name: str, base: Base, theirs: torch.nn.Module, questions: int, n: int, tokens: int, repetitions: int
) -> dict[str, object]:
    """`questions` prompts of 128 tokens, `n` completions of exactly `tokens` each."""
    from transformers import GenerationConfig

    rng = np.random.default_rng(0)
    vocab = base.decoder.vocab_size
    prompts = [rng.integers(2, vocab - 3, 128) for _ in range(questions)]
    rows = questions * n
    shape, no_stop = Shape(1.0, 0, 1.0, base.banned_token), np.zeros(0, np.int64)
    job = SampleJob(prompts, n, tokens, shape, np.arange(rows, dtype=np.uint64), no_stop)
    ids = torch.from_numpy(np.repeat(np.stack(prompts), n, 0)).to(CUDA)
    theirs.generation_config.eos_token_id = None
    drawing = GenerationConfig(
        do_sample=True, top_k=0, top_p=1.0, temperature=1.0, max_new_tokens=tokens, pad_token_id=base.pad_token_id or 0
    )

    def ours() -> None:
        sample(base.decoder, base.params, job, CUDA, lambda: False, name)

    def generate() -> None:
        with torch.inference_mode():
            theirs.generate(ids, attention_mask=torch.ones_like(ids), generation_config=drawing)

    ours_s, ours_gib = timed(ours, repetitions)
    theirs_s, theirs_gib = timed(generate, repetitions)
    return {
        "bench": "gpu",
        "case": f"sampling, {name}, {questions} prompts × {n}, {tokens} tokens",
        "tokens_per_s": rows * tokens / ours_s,
        "generate_tokens_per_s": rows * tokens / theirs_s,
        "speedup": theirs_s / ours_s,
        "peak_gib": ours_gib,
        "generate_peak_gib": theirs_gib,
    }


def step_row(name: str, base: Base, choice: LoraChoice, tokens: int, repetitions: int) -> dict[str, object]:
    """A GRPO step with its optimiser step: 64 sequences, prompts of 128 tokens, completions of `tokens`."""
    rng = np.random.default_rng(1)
    vocab, count = base.decoder.vocab_size, 64
    prompts = [rng.integers(2, vocab - 3, 128) for _ in range(8) for _ in range(8)]
    now = np.full((count, tokens), -np.log(vocab))
    old, reference = (now + rng.normal(0, spread, now.shape) for spread in (0.4, 0.3))
    arrays = (rng.normal(0, 1, count), old, reference)
    batch = Batch(prompts, rng.integers(2, vocab - 3, (count, tokens)), *(a.astype(np.float32) for a in arrays))
    ours = InProcess(base, ADAM, choice)
    ours.give(batch)

    def step() -> None:
        ours.backward()
        ours.update()

    seconds, gib = timed(step, repetitions)
    return {
        "bench": "gpu",
        "case": f"GRPO step, {name}, {'all parameters' if choice.rank == 0 else f'LoRA rank {choice.rank}'}, "
        f"64 sequences of 128 + {tokens} tokens",
        "seconds": seconds,
        "tokens_per_s": count * (128 + tokens) / seconds,
        "peak_gib": gib,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", type=Path)
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    lora = LoraChoice(rank=32, attention=True, mlp=True, unembed=False)

    def emit(row: dict[str, object]) -> None:
        print(json.dumps(row), flush=True)

    if options.demo:
        from transformers import AutoModelForCausalLM

        base = load_base(options.demo, CUDA, torch.float32)
        theirs = AutoModelForCausalLM.from_pretrained(options.demo, dtype=torch.float32).to(CUDA).eval()
        emit(sampling_rows("demo, float32", base, theirs, 64, 8, 64, options.repetitions))
        emit(step_row("demo, float32", base, ALL_PARAMETERS, 64, options.repetitions))
    for shape in filter(None, options.shapes.split(",")):
        theirs, base = random_model(shape, torch.bfloat16)
        emit(sampling_rows(f"{shape}, bfloat16", base, theirs, 32, 8, 256, 1))
        del theirs
        emit(step_row(f"{shape}, bfloat16", base, lora, 512, options.repetitions))
        if shape == "qwen3-0.6b":
            emit(step_row(f"{shape}, bfloat16", base, ALL_PARAMETERS, 512, options.repetitions))
        del base
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
