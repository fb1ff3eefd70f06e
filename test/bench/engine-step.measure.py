"""Measures the rows of `npm run bench -- engine-step`: prints one JSON object a line.

    PYTHONPATH=<engine>:<bench>:<TRL> python engine-step.measure.py --model DIR [--repetitions 9]
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import psutil
import torch
from engine_step.batch import grpo_batch, question_prompts
from engine_step.with_engine import InProcess, OverHttp, engine_process
from engine_step.with_trl import TrlStep
from rzero_engine.base import Base, load_base
from rzero_engine.pick import Shape
from rzero_engine.sampling import SampleJob, sample

ADAM = {
    "learning_rate": 1.5e-4,
    "beta1": 0.9,
    "beta2": 0.99,
    "eps": 1e-8,
    "weight_decay": 0.0,
    "grad_clip_norm": 1.0,
}
NEW_TOKENS = 64
TARGET, GRADIENT_TOLERANCE = 1.5, 1e-4
Medians = dict[str, float]


def interleaved(work: dict[str, Callable[[], object]], engine: int, repetitions: int) -> tuple[Medians, Medians]:
    """Median wall and CPU seconds of each piece of work, which take turns; the first round does not count.

    CPU seconds are this process's and the engine's (its pid is `engine`): on a busy machine only they compare.
    """
    process = psutil.Process(engine)

    def cpu() -> float:
        other = process.cpu_times()
        return time.process_time() + other.user + other.system

    wall_s: dict[str, list[float]] = {name: [] for name in work}
    cpu_s: dict[str, list[float]] = {name: [] for name in work}
    for repetition in range(repetitions + 1):
        for name, piece in work.items():
            started = time.perf_counter(), cpu()
            piece()
            if repetition:
                wall_s[name].append(time.perf_counter() - started[0])
                cpu_s[name].append(cpu() - started[1])
    return tuple({name: median(values) for name, values in one.items()} for one in (wall_s, cpu_s))


def step_row(
    case: str, questions: int, model: Path, base: Base, http: OverHttp, engine: int, repetitions: int
) -> dict[str, object]:
    trl, ours = TrlStep(model, ADAM), InProcess(base, ADAM)
    batch = grpo_batch(model, questions, trl.logprobs)
    for one in (trl, ours, http):
        one.give(batch)
    losses = trl.backward(), ours.backward()
    difference = compare(trl.gradients(), ours.gradients())
    norms = trl.update(), ours.update()

    def whole(one: TrlStep | InProcess) -> None:
        one.backward()
        one.update()

    work = {"trl": lambda: whole(trl), "in_process": lambda: whole(ours), "http": http.step}
    seconds, cpu = interleaved(work, engine, repetitions)
    speedups = seconds["trl"] / seconds["in_process"], seconds["trl"] / seconds["http"]
    return {
        "bench": "engine-step",
        "case": case,
        "loss_trl": losses[0],
        "loss_ours": losses[1],
        "norm_trl": norms[0],
        "norm_ours": norms[1],
        "gradient_relative_difference": difference["all"],
        "gradient_relative_difference_worst_tensor": difference["worst"],
        "trl_s": seconds["trl"],
        "in_process_s": seconds["in_process"],
        "http_s": seconds["http"],
        "speedup": speedups[1],
        "speedup_in_process": speedups[0],
        "cpu_speedup": cpu["trl"] / cpu["http"],
        "cpu_speedup_in_process": cpu["trl"] / cpu["in_process"],
        "within_budget": min(speedups) >= TARGET
        and max(difference.values()) <= GRADIENT_TOLERANCE
        and abs(losses[0] - losses[1]) <= 1e-5 * abs(losses[0]),
    }


def compare(theirs: dict[str, torch.Tensor], ours: dict[str, torch.Tensor]) -> dict[str, float]:
    """|g − g'| / |g| over all parameters as one vector, and the largest of any tensor."""
    assert theirs.keys() == ours.keys(), theirs.keys() ^ ours.keys()
    norms = {name: (float((theirs[name] - ours[name]).norm()), float(theirs[name].norm())) for name in theirs}
    whole = np.linalg.norm([a for a, _ in norms.values()]) / np.linalg.norm([b for _, b in norms.values()])
    return {"all": float(whole), "worst": max(a / b for a, b in norms.values())}


def sampling_row(
    rows: int, model: Path, base: Base, http: OverHttp, engine: int, repetitions: int
) -> dict[str, object]:
    from transformers import AutoModelForCausalLM, GenerationConfig

    theirs = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    theirs.generation_config.eos_token_id = None  # what a call leaves out is taken from here
    prompts = question_prompts(model, rows, seed=rows)
    longest = max(len(prompt) for prompt in prompts)
    ids, mask = torch.full((rows, longest), base.pad_token_id), torch.zeros(rows, longest, dtype=torch.int64)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.from_numpy(prompt)
        mask[row, longest - len(prompt) :] = 1
    # No end token: both draw exactly 64 tokens a row. Padding is never drawn, as in our engine.
    common = {"max_new_tokens": NEW_TOKENS, "pad_token_id": base.pad_token_id, "suppress_tokens": [base.pad_token_id]}
    drawing = GenerationConfig(do_sample=True, top_k=0, top_p=1.0, temperature=1.0, **common)
    greedy = GenerationConfig(do_sample=False, **common)

    def generate(config: GenerationConfig) -> list[list[int]]:
        with torch.inference_mode():
            return theirs.generate(ids, attention_mask=mask, generation_config=config)[:, longest:].tolist()

    def draw() -> None:
        shape = Shape(1.0, 0, 1.0, base.banned_token)
        seeds, no_stop = np.arange(rows, dtype=np.uint64), np.zeros(0, np.int64)
        job = SampleJob(prompts, 1, NEW_TOKENS, shape, seeds, no_stop)
        sample(base.decoder, base.params, job, base.device, lambda: False, "base")

    equal = generate(greedy) == http.sample(prompts, NEW_TOKENS, 0.0)
    work = {
        "generate": lambda: generate(drawing),
        "in_process": draw,
        "http": lambda: http.sample(prompts, NEW_TOKENS, 1.0),
    }
    seconds, cpu = interleaved(work, engine, repetitions)
    rate = {name: rows * NEW_TOKENS / value for name, value in seconds.items()}
    return {
        "bench": "engine-step",
        "case": f"sampling, batch {rows}, {NEW_TOKENS} tokens, against transformers generate()",
        "generate_tokens_per_s": rate["generate"],
        "in_process_tokens_per_s": rate["in_process"],
        "http_tokens_per_s": rate["http"],
        "speedup": rate["http"] / rate["generate"],
        "speedup_in_process": rate["in_process"] / rate["generate"],
        "cpu_speedup": cpu["generate"] / cpu["http"],
        "cpu_speedup_in_process": cpu["generate"] / cpu["in_process"],
        "greedy_equal": equal,
        "within_budget": equal and rate["http"] > rate["generate"],
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--repetitions", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, repetitions = options.model, options.repetitions
    base = load_base(model, torch.device("cpu"), torch.float32)
    with engine_process(model) as (url, token, pid):
        for case, questions in {"8 questions × 8 rollouts": 8, "64 questions × 1 rollout": 64}.items():
            http = OverHttp(url, token, ADAM)
            row = step_row(f"GRPO step, {case}, 64 tokens each", questions, model, base, http, pid, repetitions)
            print(json.dumps(row), flush=True)
        for rows in (32, 64):
            row = sampling_row(rows, model, base, OverHttp(url, token, ADAM), pid, repetitions)
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
