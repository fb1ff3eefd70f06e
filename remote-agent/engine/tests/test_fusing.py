"""Waiting requests that sample the same weights alike share a batch, unless the engine is deterministic."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rzero_engine import sampling_calls
from rzero_engine.base import Base
from tests.served import Client, completion, serving


def together(client: Client, bodies: list[dict[str, object]]) -> list[list[list[int]]]:
    """Token ids of the answers to requests that all wait in the queue at once."""
    held = threading.Event()
    client.api.worker.submit(lambda job: held.wait(120), "held")
    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = [pool.submit(client.post, "/v1/completions", body) for body in bodies]
        deadline = time.monotonic() + 60
        while client.http.get("/x/status").json()["queue_length"] < len(bodies) and time.monotonic() < deadline:
            time.sleep(0.01)
        held.set()
        return [[choice["token_ids"] for choice in answer.result().json()["choices"]] for answer in answers]


@pytest.mark.parametrize("deterministic", [True, False])
def test_fused_requests_get_their_own_rows(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deterministic: bool
) -> None:
    batches = []
    whole = sampling_calls.sample

    def counted(decoder, params, job, *rest):  # type: ignore[no-untyped-def]
        batches.append(job.rows)
        return whole(decoder, params, job, *rest)

    monkeypatch.setattr(sampling_calls, "sample", counted)
    with serving(base, tmp_path, deterministic=deterministic) as client:
        bodies = [
            completion(prompt=[k, k + 1], n=k + 1, seeds=[[100 * k + j for j in range(k + 1)]], max_tokens=12)
            for k in range(4)
        ]
        bodies.append(completion(temperature=0.5))  # another manner: never in the same batch
        alone = [[c["token_ids"] for c in client.post("/v1/completions", b).json()["choices"]] for b in bodies]
        batches.clear()
        assert together(client, bodies) == alone
        assert sum(batches) == 1 + 2 + 3 + 4 + 4
        assert len(batches) == 5 if deterministic else len(batches) < 5
