"""The real HTTP server in a thread of the test process, and a client that speaks both dialects."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import torch
import uvicorn

from rzero_engine.app import Api
from rzero_engine.base import Base
from rzero_engine.serve import listener_at
from rzero_engine.settings import Settings

TOKEN = "the-token"
ADAM = {"learning_rate": 1e-2, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.01, "grad_clip_norm": 1.0}
Json = dict[str, Any]


class Client:
    def __init__(self, url: str, api: Api, token: str = TOKEN) -> None:
        self.url = url
        self.api = api
        self.http = httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30)
        self.session = self.post("/api/v1/create_session", {"tags": [], "sdk_version": "0"}).json()["session_id"]
        self._models = 0
        self._seq: dict[str, int] = {}

    def post(self, path: str, body: object) -> httpx.Response:
        return self.http.post(path, json=body)

    def send(self, call: str, body: Json) -> httpx.Response:
        return self.post(f"/api/v1/{call}", body)

    def redeem(self, request_id: str) -> Json:
        for _ in range(200):
            answer = self.send("retrieve_future", {"request_id": request_id})
            if answer.status_code != 408:
                assert answer.status_code == 200, answer.text
                return answer.json()
        raise AssertionError("the future never came")

    def call(self, call: str, body: Json) -> Json:
        """The result of a call that answers with a future; a failed job's `{error, category}` as it is."""
        answer = self.send(call, body)
        assert answer.status_code == 200, answer.text
        return self.redeem(answer.json()["request_id"])

    def model(self, rank: int = 0, seed: int = 1, **lora: object) -> str:
        self._models += 1
        config = {"rank": rank, "seed": seed, **lora}
        body = {"session_id": self.session, "model_seq_id": self._models, "base_model": "base", "lora_config": config}
        model_id = self.call("create_model", body)["model_id"]
        self._seq[model_id] = 0
        return model_id

    def next(self, model_id: str) -> Json:
        """The next address of a model: `{model_id, seq_id}`."""
        self._seq[model_id] += 1
        return {"model_id": model_id, "seq_id": self._seq[model_id]}

    def train(
        self, model_id: str, data: list[Json], loss_fn: str = "importance_sampling", steps: int = 1
    ) -> list[Json]:
        """`steps` times forward_backward and optim_step; the results of the former."""
        results = []
        for _ in range(steps):
            body = {**self.next(model_id), "forward_backward_input": {"data": data, "loss_fn": loss_fn}}
            results.append(self.call("forward_backward", body))
            self.call("optim_step", {**self.next(model_id), "adam_params": ADAM})
        return results

    def snapshot(self, model_id: str, name: str) -> str:
        return self.call("save_weights_for_sampler", {"model_id": model_id, "path": name})["path"]

    def complete(self, model: str, **changes: object) -> Json:
        answer = self.post("/v1/completions", completion(model, **changes))
        assert answer.status_code == 200, answer.text
        return answer.json()


def completion(model: str = "base", **changes: object) -> Json:
    body = {
        "model": model,
        "prompt": [[1, 2, 3], [4, 5]],
        "n": 2,
        "max_tokens": 8,
        "temperature": 1.0,
        "stop_token_ids": [95],
        "seeds": [[1, 2], [3, 4]],
        "logprobs": 0,
        "return_token_ids": True,
    }
    return {key: value for key, value in {**body, **changes}.items() if value is not None}


@contextlib.contextmanager
def serving(base: Base, state_dir: Path, poll_seconds: float = 0.3, deterministic: bool = True) -> Iterator[Client]:
    settings = Settings(base.directory, state_dir, base.device, torch.float32, deterministic, 2048, poll_seconds)
    listener = listener_at("127.0.0.1", 0)
    holder: dict[str, Any] = {}

    async def main() -> None:
        holder["api"] = Api(base, settings, "instance")
        app = holder["api"].app(TOKEN)
        holder["server"] = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
        await holder["server"].serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not (holder.get("server") and holder["server"].started):
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    host, port = listener.getsockname()
    client = Client(f"http://{host}:{port}", holder["api"])
    try:
        yield client
    finally:
        client.http.close()
        holder["server"].should_exit = True
        thread.join(10)
