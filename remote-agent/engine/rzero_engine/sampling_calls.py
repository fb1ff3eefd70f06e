"""The sampling calls of both dialects."""

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import torch

from rzero_engine import checks
from rzero_engine.base import Base
from rzero_engine.completions import completion_answer, read_completion
from rzero_engine.datums import read_model_input
from rzero_engine.errors import ServerJobError, conflict, invalid, not_found
from rzero_engine.futures import KEPT, FutureTable, encode
from rzero_engine.policy import lay_over
from rzero_engine.registry import Registry, Snapshot
from rzero_engine.rows import pad_right
from rzero_engine.sample_request import read_sampling
from rzero_engine.sampling import Completion, SampleJob, fused, sample
from rzero_engine.text import Texts
from rzero_engine.token_logprobs import token_logprobs
from rzero_engine.worker import Job, Kind, Worker

Body = dict[str, Any]
Answer = Callable[[list[Completion]], Body]


class Sampling:
    def __init__(self, base: Base, texts: Texts, registry: Registry, worker: Worker, futures: FutureTable) -> None:
        self.base = base
        self.texts = texts
        self.registry = registry
        self.worker = worker
        self.futures = futures
        self._repeats: dict[tuple[str, int], tuple[str, str]] = {}  # (session, seq_id) → (content, request id)

    def completions(self, body: Body) -> Job:
        """The queued job; its future gives the answer's JSON."""
        request = read_completion(body, self.base, self.texts)
        snapshot = self.registry.snapshot(request.model, "model")
        return self._submit(snapshot, request.job, lambda rows: completion_answer(request, rows, self.texts))

    def create_sampling_session(self, body: Body) -> Body:
        session = self.registry.session(checks.as_str(checks.get(body, "session_id", "session_id"), "session_id"))
        key = "sampling_session_seq_id"
        number = checks.as_int(checks.get(body, key, key), key, 0)
        snapshot = self._named(body)
        session_id = f"{session}-s{number}"
        if self.registry.sampling_sessions.setdefault(session_id, snapshot.name) != snapshot.name:
            raise conflict(key, f"{number} was already used in this session for another model")
        return {"type": "create_sampling_session", "sampling_session_id": session_id}

    def sampler(self, session_id: str) -> Body:
        snapshot = self._of_session(session_id)
        path = None if self.registry.is_base(snapshot.name) else snapshot.name
        return {"sampler_id": session_id, "base_model": self.base.name, "model_path": path}

    def asample(self, body: Body) -> Body:
        session_id = checks.get(body, "sampling_session_id", "sampling_session_id", None)
        seq_id = checks.get(body, "seq_id", "seq_id", None)
        seq_id = None if seq_id is None else checks.as_int(seq_id, "seq_id", 0)
        snapshot = self._named(body) if session_id is None else self._of_session(session_id)
        n = checks.as_int(checks.get(body, "num_samples", "num_samples", 1), "num_samples", 1)
        prompt = read_model_input(checks.get(body, "prompt", "prompt"), "prompt", self.base.decoder.vocab_size)
        params = checks.as_object(checks.get(body, "sampling_params", "sampling_params"), "sampling_params")
        job_spec = read_sampling(self.base, self.texts, [prompt], n, params, "sampling_params.")
        wanted = checks.as_bool(checks.get(body, "prompt_logprobs", "", False), "prompt_logprobs")
        if checks.as_int(checks.get(body, "topk_prompt_logprobs", "", 0), "topk_prompt_logprobs", 0):
            raise invalid("topk_prompt_logprobs", "is not supported: only 0")

        content = repr((snapshot.name, n, prompt.tobytes(), sorted(params.items()), wanted))
        repeat = None if session_id is None or seq_id is None else (session_id, seq_id)
        if repeat in self._repeats:
            known, request_id = self._repeats[repeat]
            if known != content:
                raise conflict("seq_id", f"{seq_id} was already used in this sampling session with another body")
            if self.futures.known(request_id):
                return {"request_id": request_id}

        def answer(rows: list[Completion]) -> Body:
            given: Body = {
                "type": "sample",
                "sequences": [
                    {
                        "tokens": row.tokens.tolist(),
                        "logprobs": row.logprobs.tolist(),
                        "stop_reason": "stop" if row.stopped else "length",
                    }
                    for row in rows
                ],
            }
            if wanted:
                weights = lay_over(self.base, snapshot.params)
                given["prompt_logprobs"] = [None, *self._prompt_logprobs(weights, prompt, snapshot.name)]
            return given

        request_id = self.futures.add(self._submit(snapshot, job_spec, answer), None)
        if repeat is not None:
            self._repeats[repeat] = (content, request_id)
            if len(self._repeats) > KEPT:
                del self._repeats[next(iter(self._repeats))]
        return {"request_id": request_id}

    def delete_snapshots(self, body: Body) -> Body:
        names = [
            checks.as_str(name, f"names[{index}]")
            for index, name in enumerate(checks.as_list(checks.get(body, "names", "names"), "names"))
        ]
        return {"deleted": [name for name in names if self.registry.snapshots.pop(name, None) is not None]}

    def _submit(self, snapshot: Snapshot, spec: SampleJob, answer: Answer) -> Job:
        """Waiting requests that sample the same weights in the same way may share one batch."""

        def draw(spec: SampleJob, cancelled: Callable[[], bool]) -> list[Completion]:
            params = lay_over(self.base, snapshot.params)
            return sample(self.base.decoder, params, spec, self.base.device, cancelled, snapshot.name)

        def run(job: Job) -> bytes:
            return encode(answer(draw(spec, job.dropped.is_set)))

        def run_all(payloads: list[tuple[SampleJob, Answer]], cancelled: Callable[[], bool]) -> list[bytes]:
            specs = [spec for spec, _ in payloads]
            rows = iter(draw(fused(specs), cancelled))
            return [encode(answer(list(islice(rows, spec.rows)))) for spec, answer in payloads]

        kind = None if spec.stop_text else Kind((snapshot.name, spec.manner), run_all)
        return self.worker.submit(run, "sample", kind, (spec, answer))

    def _named(self, body: Body) -> Snapshot:
        path, base_model = checks.get(body, "model_path", "", None), checks.get(body, "base_model", "", None)
        if path is not None:
            return self.registry.snapshot(checks.as_str(path, "model_path"), "model_path")
        if base_model is None:
            raise invalid("model_path", "or base_model is required")
        name = checks.as_str(base_model, "base_model")
        self.registry.check_base(name)
        return self.registry.snapshot(name, "base_model")

    def _of_session(self, session_id: Any) -> Snapshot:
        name = self.registry.sampling_sessions.get(checks.as_str(session_id, "sampling_session_id"))
        if name is None:
            raise not_found("sampling_session_id", f"{session_id!r} is not a sampling session of this engine")
        return self.registry.snapshot(name, "sampling_session_id")

    def _prompt_logprobs(self, params: dict[str, torch.Tensor], prompt: np.ndarray, name: str) -> list[float]:
        """log p of each prompt token after the first, at temperature 1."""
        if len(prompt) == 1:
            return []
        decoder = self.base.decoder
        with torch.inference_mode():
            ids, _ = pad_right([prompt], self.base.device)
            states = decoder.states(params, ids[:, :-1])[0]
            stats = token_logprobs(
                lambda part: decoder.logits(params, part), states, ids[0, 1:], 1.0, decoder.vocab_size, False, False
            )
        values = stats["logprobs"].float().cpu().numpy()
        if not np.isfinite(values).all():
            raise ServerJobError(f"the model {name!r} gives log-probabilities that are not finite")
        return values.tolist()
