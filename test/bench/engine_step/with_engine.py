"""The step in our engine: in this process, and through its HTTP API in a process of its own."""

import base64
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import torch
from rzero_engine.adamw import AdamParams
from rzero_engine.base import Base
from rzero_engine.lora import LoraChoice
from rzero_engine.policy import Policy
from rzero_engine.settings import default_batch_tokens
from rzero_engine.train_request import read_train_request
from rzero_engine.training import run_batch

from engine_step.batch import CLIP_HIGH, CLIP_LOW, DUAL_CLIP, KL, Batch

CONFIG = {"clip_low": CLIP_LOW, "clip_high": CLIP_HIGH, "dual_clip": DUAL_CLIP, "kl_coef": KL}
ALL_PARAMETERS = LoraChoice(rank=0, attention=True, mlp=True, unembed=False)
START_LIMIT_S = 120


def batch_arrays(batch: Batch) -> dict[str, np.ndarray]:
    """Rows one after the other, shifted as the API has them; weights carry the mean over all completion tokens."""
    count = batch.completions.shape[1]
    ids = [np.concatenate((prompt, batch.completions[row])) for row, prompt in enumerate(batch.prompts)]

    def floats(values: np.ndarray) -> np.ndarray:
        """Row i of values (rows, 64), or (rows, 1), after zeros for the prompt's tokens."""
        rows = zip(batch.prompts, values, strict=True)
        return np.concatenate([np.pad(np.broadcast_to(v, count), (len(p) - 1, 0)) for p, v in rows]).astype("<f4")

    return {
        "lengths": np.array([len(row) - 1 for row in ids], "<i4"),
        "tokens": np.concatenate([row[:-1] for row in ids]).astype("<i4"),
        "target_tokens": np.concatenate([row[1:] for row in ids]).astype("<i4"),
        "weights": floats(np.full((len(ids), 1), 1 / batch.completions.size)),
        "advantages": floats(batch.advantages[:, None]),
        "logprobs": floats(batch.old),
        "ref_logprobs": floats(batch.reference),
    }


def wire_input(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """The body's `forward_backward_input` in base64 (`compact`), as the agent sends it."""
    data = {name: base64.b64encode(array.tobytes()).decode() for name, array in arrays.items()}
    return {"data": data, "loss_fn": "grpo_kl", "loss_fn_config": CONFIG}


class InProcess:
    def __init__(self, base: Base, adam: dict[str, float], choice: LoraChoice = ALL_PARAMETERS) -> None:
        self.base = base
        self.adam = AdamParams(**adam)
        self.policy = Policy(base, choice, 0)

    def give(self, batch: Batch) -> None:
        decoder = self.base.decoder
        self.request = read_train_request(wire_input(batch_arrays(batch)), "", decoder.vocab_size, decoder.context_length)

    def backward(self) -> float:
        policy = self.policy
        result = run_batch(
            self.base.decoder,
            policy.effective,
            policy.trainable(),
            self.request,
            default_batch_tokens(self.base.device),
            self.base.device,
        )
        policy.accumulate(result.gradients)
        return result.metrics["loss:sum"]

    def update(self) -> float:
        return self.policy.optim_step(self.adam)[0]

    def gradients(self) -> dict[str, torch.Tensor]:
        return {name: g.clone() for name, g in zip(self.policy.tensors, self.policy.gradients, strict=True)}


class OverHttp:
    def __init__(self, url: str, token: str, adam: dict[str, float]) -> None:
        self.http = httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=120)
        self.adam = adam
        session = self._post("create_session", {"tags": [], "sdk_version": "bench"})["session_id"]
        about = {"session_id": session, "model_seq_id": 1, "base_model": "base", "lora_config": {"rank": 0}}
        self.model = self._redeem(self._post("create_model", about))["model_id"]
        self.seq = 0

    def give(self, batch: Batch) -> None:
        self.arrays = batch_arrays(batch)

    def step(self) -> float:
        """Both calls are sent, then both answers are awaited. The body is encoded each time."""
        forward = self._post("forward_backward", {**self._next(), "forward_backward_input": wire_input(self.arrays)})
        step = self._post("optim_step", {**self._next(), "adam_params": self.adam})
        loss = self._redeem(forward)["metrics"]["loss:sum"]
        self._redeem(step)
        return loss

    def sample(self, prompts: list[np.ndarray], tokens: int, temperature: float) -> list[list[int]]:
        body = {
            "model": "base",
            "prompt": [prompt.tolist() for prompt in prompts],
            "n": 1,
            "max_tokens": tokens,
            "temperature": temperature,
            "seeds": [[seed] for seed in range(len(prompts))],
            "logprobs": 0,
            "return_token_ids": True,
        }
        answer = self.http.post("/v1/completions", json=body)
        answer.raise_for_status()
        return [choice["token_ids"] for choice in answer.json()["choices"]]

    def _next(self) -> dict[str, Any]:
        self.seq += 1
        return {"model_id": self.model, "seq_id": self.seq}

    def _post(self, call: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post(f"/api/v1/{call}", json=body)
        answer.raise_for_status()
        return answer.json()

    def _redeem(self, accepted: dict[str, Any]) -> dict[str, Any]:
        while True:
            answer = self.http.post("/api/v1/retrieve_future", json={"request_id": accepted["request_id"]})
            if answer.status_code != 408:
                answer.raise_for_status()
                return answer.json()


@contextlib.contextmanager
def engine_process(model: Path) -> Iterator[tuple[str, str, int]]:
    """Address, token and pid of an engine of its own, one thread."""
    with tempfile.TemporaryDirectory() as scratch:
        ready = Path(scratch) / "ready.json"
        command = [sys.executable, "-m", "rzero_engine", "serve", "--model", str(model), "--port", "0"]
        command += ["--device", "cpu", "--threads", "1", "--ready-file", str(ready), "--state-dir", scratch]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
        try:
            deadline = time.monotonic() + START_LIMIT_S
            while not ready.is_file():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the engine did not start: its error is above")
                time.sleep(0.05)
            about = json.loads(ready.read_text())
            yield about["url"], about["token"], about["pid"]
        finally:
            process.terminate()
            process.wait(30)
