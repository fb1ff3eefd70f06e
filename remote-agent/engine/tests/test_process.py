"""The engine as a process: start, ready file, the same bits in another process, and leaving."""

import asyncio
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from rzero_engine import serve
from tests.served import ADAM, completion
from tests.test_losses import datums

ENGINE = Path(__file__).parents[1]


def start(model: Path, folder: Path, *extra: str) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "rzero_engine", "serve", "--model", str(model), "--port", "0", "--threads", "1"]
    command += ["--ready-file", str(folder / "ready.json"), "--state-dir", str(folder / "state"), *extra]
    return subprocess.Popen(command, cwd=ENGINE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def exercise(http: httpx.Client) -> str:
    """Trains, saves, loads and samples; a digest of every number that came back."""
    digest = hashlib.sha256()

    def call(name: str, body: dict[str, object]) -> dict[str, object]:
        request_id = http.post(f"/api/v1/{name}", json=body).json()["request_id"]
        result = http.post("/api/v1/retrieve_future", json={"request_id": request_id}).json()
        assert "error" not in result, result
        return result

    session = http.post("/api/v1/create_session", json={"tags": []}).json()["session_id"]
    lora = {"rank": 4, "seed": 3}
    create = {"session_id": session, "base_model": "base", "lora_config": lora}
    model = call("create_model", {**create, "model_seq_id": 1})["model_id"]
    seq = 0
    for step in range(3):
        given = {"data": datums(step, [30, 4, 18, 9]), "loss_fn": "grpo_kl", "loss_fn_config": {"kl_coef": 0.1}}
        result = call("forward_backward", {"model_id": model, "seq_id": seq + 1, "forward_backward_input": given})
        digest.update(json.dumps(result).encode())
        digest.update(
            json.dumps(call("optim_step", {"model_id": model, "seq_id": seq + 2, "adam_params": ADAM})).encode()
        )
        seq += 2
    path = call("save_weights", {"model_id": model, "seq_id": seq + 1, "path": "c"})["path"]
    copy = call("create_model", {**create, "model_seq_id": 2})["model_id"]
    call("load_weights", {"model_id": copy, "seq_id": 1, "path": path, "optimizer": True})
    name = call("save_weights_for_sampler", {"model_id": copy, "path": "s"})["path"]
    seeds = [[7 * k for k in range(20)], [k for k in range(20)]]
    answer = http.post("/v1/completions", json=completion(name, n=20, seeds=seeds, max_tokens=30)).json()
    digest.update(json.dumps([[c["token_ids"], c["logprobs"]] for c in answer["choices"]]).encode())
    return digest.hexdigest()


def test_two_processes_announce_themselves_give_the_same_bits_and_end_on_sigterm(
    model_dir: Path, tmp_path: Path
) -> None:
    digests = []
    processes = [start(model_dir, tmp_path / name) for name in ("one", "two")]
    try:
        for process, name in zip(processes, ("one", "two"), strict=True):
            line = json.loads(process.stdout.readline())
            file = tmp_path / name / "ready.json"
            assert json.loads(file.read_text()) == line and line["pid"] == process.pid
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            headers = {"authorization": f"Bearer {line['token']}"}
            with httpx.Client(base_url=line["url"], headers=headers, timeout=60) as http:
                assert http.get("/x/status").json()["instance"] == line["instance"]
                digests.append(exercise(http))
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.communicate(timeout=120)
    assert digests[0] == digests[1]


def test_a_token_from_a_file_is_used_and_not_announced(model_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret-token\n")
    process = start(model_dir, tmp_path, "--token-file", str(tmp_path / "token"))
    try:
        line = json.loads(process.stdout.readline())
        assert "token" not in line and "secret-token" not in (tmp_path / "ready.json").read_text()
        status = httpx.get(line["url"] + "/x/status", headers={"x-api-key": "secret-token"}, timeout=60)
        assert status.status_code == 200
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=120)
    assert "secret-token" not in errors


def test_what_is_wrong_at_the_start_is_one_line(tmp_path: Path) -> None:
    process = start(tmp_path / "nothing", tmp_path)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1 and errors.startswith("rzero_engine: ") and "config.json" in errors
    assert errors.count("\n") == 1 and not (tmp_path / "ready.json").exists()


class Orphanage:
    """An engine whose parent, clock and work the test decides."""

    def __init__(self, busy: bool = False) -> None:
        self.now = 0.0
        self.last_call = 0.0
        self.busy = busy
        self.worker = self
        self.should_exit = False

    def clock(self) -> float:
        self.now += 1
        return self.now

    def status(self) -> dict[str, bool]:
        return {"busy": self.busy}


@pytest.mark.parametrize(
    ("parent", "busy", "leaves"), [("gone", False, True), ("alive", False, False), ("gone", True, False)]
)
def test_an_orphan_leaves_only_when_nobody_needs_it(
    monkeypatch: pytest.MonkeyPatch, parent: str, busy: bool, leaves: bool
) -> None:
    monkeypatch.setattr(serve, "WATCH_S", 0.0)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    engine = Orphanage(busy)
    watch = serve._leave_when_orphaned(engine, engine, ended.pid if parent == "gone" else os.getpid())

    async def some_time() -> None:
        await asyncio.wait([asyncio.ensure_future(watch)], timeout=60 if leaves else 0.5)

    asyncio.run(some_time())
    assert engine.should_exit == leaves
    if leaves:
        assert engine.now > serve.ORPHAN_S
