"""The wire as a client sees it: both dialects, order and idempotency, the fence, tokens, futures, hanging up."""

import json
import math
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rzero_engine import sampling_calls
from rzero_engine.base import Base
from rzero_engine.errors import Cancelled
from tests.served import ADAM, TOKEN, Client, completion, serving
from tests.test_losses import datums

DATA = datums(1, [6, 11])


@pytest.fixture(scope="module")
def client(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving(base, tmp_path_factory.mktemp("state")) as client:
        yield client


def test_capabilities_say_what_the_engine_can_do(client: Client, base: Base) -> None:
    answer = client.http.get("/api/v1/get_server_capabilities").json()
    assert answer["supported_models"] == [{"model_name": base.name, "max_context_length": 256}]
    expected = {
        "engine": "rzero",
        "instance": "instance",
        "device": base.device.type,
        "dtype": "float32",
        "deterministic": True,
    }
    assert expected.items() <= answer["x"].items()
    assert (answer["x"]["vocab_size"], answer["x"]["pad_token_id"], answer["x"]["eos_token_id"]) == (99, 96, 95)
    assert answer["x"]["losses"] == ["cross_entropy", "importance_sampling", "ppo", "grpo_kl"]


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer wrong"}, {"x-api-key": ""}, {"authorization": TOKEN}]
)
def test_every_path_but_healthz_needs_the_token(client: Client, headers: dict[str, str]) -> None:
    for method, path in [
        ("POST", "/v1/completions"),
        ("GET", "/x/status"),
        ("POST", "/api/v1/retrieve_future"),
        ("GET", "/nowhere"),
    ]:
        answer = httpx.request(method, client.url + path, headers=headers, timeout=60)
        assert answer.status_code == 401
        assert "token" in answer.json()["error"]["message"]
    assert httpx.get(client.url + "/api/v1/healthz", headers=headers, timeout=60).status_code == 200


def test_the_token_also_comes_as_x_api_key(client: Client) -> None:
    assert httpx.get(client.url + "/x/status", headers={"x-api-key": TOKEN}, timeout=60).status_code == 200


def test_completions_have_the_shape_of_the_contract(client: Client) -> None:
    answer = client.complete("base", stop_token_ids=[95, 7, 8, 9])
    assert answer["object"] == "text_completion" and answer["model"] == "base"
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
    generated = 0
    for choice in answer["choices"]:
        generated += len(choice["token_ids"])
        assert len(choice["logprobs"]["token_logprobs"]) == len(choice["token_ids"])
        stopped = choice["token_ids"][-1] in (95, 7, 8, 9)
        assert choice["finish_reason"] == ("stop" if stopped else "length")
        assert len(choice["text"]) >= 1
    assert answer["usage"] == {"prompt_tokens": 5, "completion_tokens": generated, "total_tokens": 5 + generated}


def test_a_single_prompt_without_logprobs(client: Client) -> None:
    answer = client.complete("base", prompt=[1, 2, 3], seeds=None, seed=5, logprobs=None)
    assert [choice["logprobs"] for choice in answer["choices"]] == [None, None]
    assert answer["choices"][0]["token_ids"] != answer["choices"][1]["token_ids"]
    assert answer["choices"] == client.complete("base", prompt=[1, 2, 3], seeds=None, seed=5, logprobs=None)["choices"]


def test_stop_strings_end_a_completion(client: Client) -> None:
    free = client.complete("base", stop_token_ids=None, max_tokens=30)["choices"][0]
    letter = free["text"][4]
    cut = client.complete("base", stop_token_ids=None, max_tokens=30, stop=letter)["choices"][0]
    assert cut["finish_reason"] == "stop" and cut["text"] == free["text"][: free["text"].index(letter) + 1]


def test_training_learns_and_snapshots_stay_what_they_were(client: Client) -> None:
    model, other = client.model(), client.model(rank=4)
    first = client.snapshot(model, "first")
    before = client.complete(first)["choices"]
    assert before == client.complete("base")["choices"]
    losses = [r["metrics"]["loss:sum"] for r in client.train(model, DATA, "cross_entropy", 5)]
    assert min(losses) == min(losses[1:]) < 0.9 * losses[0]
    assert client.complete(first)["choices"] == before
    assert client.complete(client.snapshot(model, "second"))["choices"] != before
    assert client.complete(client.snapshot(other, "untouched"))["choices"] == before


def test_a_forward_equals_the_sampled_logprobs(client: Client) -> None:
    model = client.model(rank=2)
    client.train(model, DATA)
    name = client.snapshot(model, "s")
    choice = client.complete(name, prompt=[1, 2, 3], n=1, seeds=[[9]])["choices"][0]
    tokens = [1, 2, 3, *choice["token_ids"]]
    zeros = [0.0] * (len(tokens) - 1)
    datum = {
        "model_input": {"chunks": [{"type": "encoded_text", "tokens": tokens[:-1]}]},
        "loss_fn_inputs": {"target_tokens": tokens[1:], "weights": zeros, "logprobs": zeros, "advantages": zeros},
    }
    body = {**client.next(model), "forward_input": {"data": [datum], "loss_fn": "cross_entropy"}}
    output = client.call("forward", body)["loss_fn_outputs"][0]["logprobs"]
    assert output["dtype"] == "float32" and output["shape"] == [len(zeros)]
    # The sampler never gives padding; its share of the forward's probability is the whole difference.
    gaps = [s - f for s, f in zip(choice["logprobs"]["token_logprobs"], output["data"][2:], strict=True)]
    assert all(-1e-4 < gap < 0.2 for gap in gaps)


def test_repeats_gaps_and_other_bodies(client: Client) -> None:
    model = client.model()
    body = {"model_id": model, "seq_id": 1, "forward_backward_input": {"data": DATA, "loss_fn": "ppo"}}
    first = client.send("forward_backward", body).json()
    respelled = json.loads(json.dumps(body).replace("0.0,", "0,"))
    respelled["epoch"] = 0
    assert client.send("forward_backward", respelled).json() == first
    client.redeem(first["request_id"])
    assert client.send("forward_backward", body).json() == first
    assert client.http.get(f"/x/models/{model}/state").json()["pending_grads"] == 1

    other = {"model_id": model, "seq_id": 1, "forward_backward_input": {"data": DATA[:1], "loss_fn": "ppo"}}
    for call, changed in [
        ("forward_backward", other),
        ("forward_backward", {**body, "forward_backward_input": {"data": DATA, "loss_fn": "importance_sampling"}}),
        ("forward", {"model_id": model, "seq_id": 1, "forward_input": body["forward_backward_input"]}),
        ("optim_step", {"model_id": model, "seq_id": 1, "adam_params": ADAM}),
    ]:
        answer = client.send(call, changed)
        assert answer.status_code == 409 and "another body" in answer.json()["error"]["message"]
    gap = client.send("optim_step", {"model_id": model, "seq_id": 3, "adam_params": ADAM})
    assert gap.status_code == 409 and gap.json()["expected"] == 2 and "2" in gap.json()["error"]["message"]
    assert client.call("optim_step", {"model_id": model, "seq_id": 2, "adam_params": ADAM})["metrics"]["skipped"] == 0


def test_create_model_is_idempotent(client: Client) -> None:
    body = {
        "session_id": client.session,
        "model_seq_id": 900,
        "base_model": "base",
        "lora_config": {"rank": 2, "seed": 5},
    }
    assert client.send("create_model", body).json() == client.send("create_model", body).json()
    assert client.send("create_model", {**body, "lora_config": {"rank": 3, "seed": 5}}).status_code == 409


def test_state_counts_what_was_applied_and_what_is_durable(client: Client, tmp_path: Path) -> None:
    model = client.model(rank=2)
    client.train(model, DATA, steps=2)
    client.call("save_weights", {**client.next(model), "path": str(tmp_path / "c")})
    client.call("forward_backward", {**client.next(model), "forward_backward_input": {"data": DATA, "loss_fn": "ppo"}})
    state = client.http.get(f"/x/models/{model}/state").json()
    assert {"applied_seq": 6, "durable_seq": 5, "pending_grads": 1}.items() <= state.items()


def test_a_failed_job_tells_whose_fault_it_was_and_keeps_its_number(client: Client) -> None:
    model = client.model()
    failed = client.call("optim_step", {**client.next(model), "adam_params": ADAM})
    assert failed["category"] == "user" and "no gradients" in failed["error"]
    assert client.train(model, DATA)[0]["metrics"]["loss:sum"] is not None


def test_an_overflowing_ratio_skips_the_step_and_changes_nothing(client: Client) -> None:
    model = client.model()
    data = datums(4, [8])
    data[0]["loss_fn_inputs"]["logprobs"] = [-3e38] * 8
    data[0]["loss_fn_inputs"]["advantages"] = [-1.0] * 8
    body = {"data": data, "loss_fn": "importance_sampling"}
    result = client.call("forward_backward", {**client.next(model), "forward_backward_input": body})
    assert "loss:sum" not in result["metrics"]
    assert all(math.isfinite(v) for v in result["loss_fn_outputs"][0]["logprobs"]["data"])
    step = client.call("optim_step", {**client.next(model), "adam_params": ADAM})
    assert step == {"metrics": {"skipped": 1.0}}
    assert client.complete(client.snapshot(model, "x"))["choices"] == client.complete("base")["choices"]


def test_snapshots_are_named_once_and_can_be_deleted(client: Client) -> None:
    model = client.model()
    name = client.snapshot(model, "v1")
    assert client.snapshot(model, "v1") == name
    client.train(model, DATA)
    again = client.call("save_weights_for_sampler", {"model_id": model, "path": "v1"})
    assert again["category"] == "user" and "already names" in again["error"]
    in_order = {**client.next(model), "path": "v2"}
    assert client.call("save_weights_for_sampler", in_order) == client.call("save_weights_for_sampler", in_order)
    assert client.post("/x/snapshots/delete", {"names": [name, "unknown"]}).json() == {"deleted": [name]}
    gone = client.post("/v1/completions", completion(name))
    assert gone.status_code == 404 and gone.json()["error"]["param"] == "model"


def test_unloading_forgets_the_model_and_keeps_its_snapshots(client: Client) -> None:
    model = client.model()
    name = client.snapshot(model, "kept")
    assert client.call("unload_model", {"model_id": model})["model_id"] == model
    assert client.send("optim_step", {"model_id": model, "seq_id": 1, "adam_params": ADAM}).status_code == 404
    assert len(client.complete(name)["choices"]) == 4


def test_tinker_sampling_with_prompt_logprobs(client: Client) -> None:
    name = client.snapshot(client.model(), "t")
    body = {"session_id": client.session, "sampling_session_seq_id": 0, "model_path": name}
    session = client.send("create_sampling_session", body).json()["sampling_session_id"]
    body = {
        "sampling_session_id": session,
        "seq_id": 1,
        "num_samples": 3,
        "prompt": {"chunks": [{"type": "encoded_text", "tokens": [1, 2]}, {"type": "encoded_text", "tokens": [3]}]},
        "sampling_params": {"max_tokens": 6, "temperature": 1.0, "top_p": 1.0, "top_k": -1, "seed": 3, "stop": [95]},
        "prompt_logprobs": True,
    }
    answer = client.call("asample", body)
    assert len(answer["sequences"]) == 3 and len(answer["prompt_logprobs"]) == 3
    assert answer["prompt_logprobs"][0] is None and all(lp < 0 for lp in answer["prompt_logprobs"][1:])
    for sequence in answer["sequences"]:
        assert len(sequence["tokens"]) == len(sequence["logprobs"])
        assert sequence["stop_reason"] in ("stop", "length")
    assert client.call("asample", body) == answer
    assert client.send("asample", {**body, "num_samples": 2}).status_code == 409
    direct = {**body, "model_path": name, "sampling_session_id": None, "seq_id": None}
    assert client.call("asample", direct)["sequences"] == answer["sequences"]


def test_a_long_poll_answers_try_again_and_later_the_result(client: Client) -> None:
    held = threading.Event()
    slow = client.api.worker.submit(lambda job: held.wait(60), "slow")  # longer than one poll
    model_id = f"{client.session}-m800"
    body = {"session_id": client.session, "model_seq_id": 800, "base_model": "base", "lora_config": {"rank": 0}}
    request_id = client.send("create_model", body).json()["request_id"]
    try:
        waiting = client.send("retrieve_future", {"request_id": request_id})
        assert waiting.status_code == 408
        assert waiting.json() == {"type": "try_again", "request_id": request_id, "queue_state": "active"}
        assert client.http.get("/x/status").json()["queue_length"] >= 1
    finally:
        held.set()
    assert client.redeem(request_id)["model_id"] == model_id
    assert slow.future.done()


def test_an_unknown_future_is_gone(client: Client) -> None:
    assert client.send("retrieve_future", {"request_id": "nothing"}).status_code == 410


def test_hanging_up_cancels_the_completion(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled = threading.Event()
    whole = sampling_calls.sample

    def told(*given):  # type: ignore[no-untyped-def]
        try:
            return whole(*given)
        except Cancelled:
            cancelled.set()
            raise

    monkeypatch.setattr(sampling_calls, "sample", told)
    body = json.dumps(completion("base", prompt=[[1, 2]] * 40, n=30, max_tokens=250, seeds=None, stop_token_ids=None))
    with socket.create_connection(client.http.base_url.netloc.decode().split(":")) as connection:
        head = (
            f"POST /v1/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {len(body)}"
        )
        connection.sendall(f"{head}\r\n\r\n{body}".encode())
        while not client.http.get("/x/status").json()["busy"]:
            time.sleep(0.01)
    assert cancelled.wait(60), "the job went on after its client was gone"


def test_a_damaged_snapshot_answers_500_with_its_name(client: Client) -> None:
    model = client.model()
    name = client.snapshot(model, "damaged")
    client.api.registry.snapshots[name].params["model.norm.weight"] = (
        client.api.registry.snapshots[name].params["model.norm.weight"] * math.nan
    )
    answer = client.post("/v1/completions", completion(name))
    assert answer.status_code == 500
    assert name in answer.json()["error"]["message"] and answer.json()["error"]["type"] == "server_error"


def test_heartbeat_info_status_and_models(client: Client, base: Base) -> None:
    assert client.send("session_heartbeat", {"session_id": client.session}).status_code == 200
    model = client.model(rank=3)
    info = client.send("get_info", {"model_id": model}).json()
    assert info["model_id"] == model and info["is_lora"] and info["lora_rank"] == 3
    assert info["model_data"]["model_name"] == base.name
    status = client.http.get("/x/status").json()
    assert model in status["models"] and status["busy_s"] > 0 and status["idle_s"] >= 0
    assert client.http.get("/v1/models").json()["data"][0]["id"] == base.name


def test_a_lower_epoch_is_refused_everywhere(base: Base, tmp_path: Path) -> None:
    with serving(base, tmp_path) as client:
        model = client.model()
        assert client.send("get_info", {"model_id": model, "epoch": 5}).status_code == 200
        body = {"model_id": model, "seq_id": 1, "adam_params": ADAM, "epoch": 4}
        for call in ("optim_step", "get_info", "unload_model"):
            stale = client.send(call, body)
            assert stale.status_code == 412 and stale.json()["current"] == 5
        assert client.post("/v1/completions", completion(epoch=4)).status_code == 412
        assert client.http.get(f"/x/models/{model}/state").json()["epoch"] == 5
        assert client.send("optim_step", {**body, "epoch": 5}).status_code == 200


def test_small_answers_do_not_wait_for_delayed_acknowledgements(client: Client) -> None:
    """Two packets under Nagle's algorithm cost 40 ms; the fastest of many calls is told from that on any machine."""
    times = []
    for _ in range(200):
        started = time.perf_counter()
        client.send("session_heartbeat", {"session_id": client.session})
        times.append(time.perf_counter() - started)
        if times[-1] < 0.02:
            break
    assert min(times) < 0.02
