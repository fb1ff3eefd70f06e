"""Every malformed request is a 4xx that names the field and says what is wrong with it."""

from collections.abc import Iterator
from typing import Any

import pytest

from rzero_engine.base import Base
from tests.served import ADAM, Client, completion, serving
from tests.test_losses import datums

NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="module")
def client(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving(base, tmp_path_factory.mktemp("state")) as client:
        client.fixed = client.model()
        yield client


COMPLETIONS: list[tuple[dict[str, Any], int, str]] = [
    ({"model": None}, 422, "model"),
    ({"model": 7}, 422, "model"),
    ({"model": "solver@3"}, 404, "model"),
    ({"prompt": None}, 422, "prompt"),
    ({"prompt": "text"}, 422, "prompt"),
    ({"prompt": ["text"]}, 422, "prompt"),
    ({"prompt": []}, 422, "prompt"),
    ({"prompt": [[1, 2], []]}, 422, "prompt[1]"),
    ({"prompt": [[1, 2], [3, 99]]}, 422, "prompt[1][1]"),
    ({"prompt": [[1, 2], [-1]]}, 422, "prompt[1][0]"),
    ({"prompt": [[1, 2.5], [3]]}, 422, "prompt[0]"),
    ({"prompt": [[1, 2], 3]}, 422, "prompt[1]"),
    ({"prompt": [[1, [2]], [3]]}, 422, "prompt[0]"),
    ({"prompt": [[1], [2**70]]}, 422, "prompt[1]"),
    ({"prompt": [[True], [False]]}, 422, "prompt[0]"),
    ({"prompt": [[1] * 250, [2]]}, 422, "max_tokens"),
    ({"n": 0}, 422, "n"),
    ({"n": -3}, 422, "n"),
    ({"n": 1.5}, 422, "n"),
    ({"n": "2"}, 422, "n"),
    ({"n": 10**6, "seeds": None}, 422, "n"),
    ({"max_tokens": None}, 422, "max_tokens"),
    ({"max_tokens": 0}, 422, "max_tokens"),
    ({"max_tokens": 10_000}, 422, "max_tokens"),
    ({"max_tokens": True}, 422, "max_tokens"),
    ({"temperature": -1}, 422, "temperature"),
    ({"temperature": NAN}, 422, "temperature"),
    ({"temperature": INF}, 422, "temperature"),
    ({"temperature": 1e-9}, 422, "temperature"),
    ({"temperature": "hot"}, 422, "temperature"),
    ({"top_p": 0}, 422, "top_p"),
    ({"top_p": 1.01}, 422, "top_p"),
    ({"top_k": -2}, 422, "top_k"),
    ({"top_k": 1.5}, 422, "top_k"),
    ({"seeds": [[1, 2]]}, 422, "seeds"),
    ({"seeds": [[1, 2], [3]]}, 422, "seeds[1]"),
    ({"seeds": [[1, 2], [3, -4]]}, 422, "seeds[1]"),
    ({"seeds": [[1, 2], [3, 0.5]]}, 422, "seeds[1]"),
    ({"seeds": 5}, 422, "seeds"),
    ({"seeds": None, "seed": -1}, 422, "seed"),
    ({"stop_token_ids": [95, 400]}, 422, "stop_token_ids[1]"),
    ({"stop_token_ids": 95}, 422, "stop_token_ids"),
    ({"stop": ["a", 5]}, 422, "stop"),
    ({"stop": [""]}, 422, "stop"),
    ({"logprobs": 5}, 422, "logprobs"),
    ({"logprobs": True}, 422, "logprobs"),
    ({"stream": True}, 422, "stream"),
    ({"epoch": "first"}, 422, "epoch"),
]


@pytest.mark.parametrize(("change", "status", "param"), COMPLETIONS)
def test_completions(client: Client, change: dict[str, Any], status: int, param: str) -> None:
    body = {**completion(), **change}
    answer = client.http.post("/v1/completions", content=_json(body))
    _assert_refused(answer, status, param)


def _datum(**inputs: object) -> dict[str, Any]:
    datum = datums(1, [4])[0]
    datum["loss_fn_inputs"] = {**datum["loss_fn_inputs"], **inputs}
    return datum


def _chunks(*chunks: object) -> dict[str, Any]:
    return {**_datum(), "model_input": {"chunks": list(chunks)}}


def _tensor(**changes: object) -> dict[str, Any]:
    return {"data": [0.1] * 4, "dtype": "float32", "shape": [4], **changes}


TRAINING: list[tuple[dict[str, Any], str]] = [
    ({"data": []}, "data"),
    ({"data": None}, "data"),
    ({"data": {}}, "data.lengths"),
    ({"data": "x"}, "data"),
    ({"data": [5]}, "data[0]"),
    ({"data": [_datum(), {}]}, "data[1].model_input"),
    ({"data": [_datum(), {**_datum(), "loss_fn_inputs": None}]}, "data[1].loss_fn_inputs"),
    ({"data": [_chunks()]}, "data[0].model_input"),
    ({"data": [_chunks({"type": "image", "tokens": [1]})]}, "data[0].model_input.chunks[0].type"),
    ({"data": [_chunks({"tokens": [1, 2, 3, 99]})]}, "data[0].model_input.chunks[0].tokens[3]"),
    ({"data": [_chunks({"tokens": "abcd"})]}, "data[0].model_input.chunks[0].tokens"),
    ({"data": [_chunks({"tokens": [1] * 300})]}, "data[0].model_input"),
    ({"data": [_chunks({"tokens": [1] * 5})]}, "data[0].loss_fn_inputs.target_tokens"),
    ({"data": [_datum(target_tokens=None)]}, "data[0].loss_fn_inputs.target_tokens"),
    ({"data": [_datum(target_tokens=[1, 2, 3, 4000])]}, "data[0].loss_fn_inputs.target_tokens[3]"),
    ({"data": [_datum(target_tokens=[1.0, 2.0, 3.0, 4.5])]}, "data[0].loss_fn_inputs.target_tokens"),
    ({"data": [_datum(weights=None)]}, "data[0].loss_fn_inputs.weights"),
    ({"data": [_datum(weights=[1.0] * 3)]}, "data[0].loss_fn_inputs.weights"),
    ({"data": [_datum(weights=[1, 1, NAN, 1])]}, "data[0].loss_fn_inputs.weights[2]"),
    ({"data": [_datum(logprobs=[0, -INF, 0, 0])]}, "data[0].loss_fn_inputs.logprobs[1]"),
    ({"data": [_datum(advantages=[1e39, 0, 0, 0])]}, "data[0].loss_fn_inputs.advantages[0]"),
    ({"data": [_datum(advantages=["a", 0, 0, 0])]}, "data[0].loss_fn_inputs.advantages"),
    ({"data": [_datum(ref_logprobs=None)]}, "data[0].loss_fn_inputs.ref_logprobs"),
    ({"data": [_datum(weights=_tensor(dtype="bfloat16"))]}, "data[0].loss_fn_inputs.weights.dtype"),
    ({"data": [_datum(weights=_tensor(shape=[2, 2]))]}, "data[0].loss_fn_inputs.weights.shape"),
    ({"data": [_datum(weights=_tensor(data=None))]}, "data[0].loss_fn_inputs.weights.data"),
    (
        {"data": [_datum(weights=_tensor(sparse_crow_indices=[0, 4]))]},
        "data[0].loss_fn_inputs.weights.sparse_crow_indices",
    ),
    ({"data": [_datum(), {**_datum(), "loss_fn_inputs": "x"}]}, "data[1].loss_fn_inputs"),
    ({"loss_fn": None}, "loss_fn"),
    ({"loss_fn": "dpo"}, "loss_fn"),
    ({"loss_fn_config": []}, "loss_fn_config"),
    ({"loss_fn_config": {"kl": 1}}, "loss_fn_config.kl"),
    ({"loss_fn_config": {"kl_coef": -1}}, "loss_fn_config.kl_coef"),
    ({"loss_fn_config": {"kl_coef": "big"}}, "loss_fn_config.kl_coef"),
    ({"loss_fn_config": {"dual_clip": 1}}, "loss_fn_config.dual_clip"),
    ({"loss_fn_config": {"clip_low": 1.4}}, "loss_fn_config"),
    ({"loss_fn_config": {"temperature": 0}}, "loss_fn_config.temperature"),
    ({"loss_fn_config": {"temperature": NAN}}, "loss_fn_config.temperature"),
]


@pytest.mark.parametrize(("change", "param"), TRAINING)
def test_training_input(client: Client, change: dict[str, Any], param: str) -> None:
    given = {"data": [_datum()], "loss_fn": "grpo_kl", "loss_fn_config": {"kl_coef": 0.1}, **change}
    body = {"model_id": client.fixed, "seq_id": 1, "forward_backward_input": given}
    answer = client.http.post("/api/v1/forward_backward", content=_json(body))
    _assert_refused(answer, 422, f"forward_backward_input.{param}")


CALLS: list[tuple[str, dict[str, Any], int, str]] = [
    ("forward_backward", {"seq_id": 1}, 422, "forward_backward_input"),
    ("forward", {"seq_id": 1, "forward_input": []}, 422, "forward_input"),
    ("optim_step", {"seq_id": 1}, 422, "adam_params"),
    ("optim_step", {"adam_params": ADAM}, 422, "seq_id"),
    ("optim_step", {"seq_id": 0, "adam_params": ADAM}, 422, "seq_id"),
    ("optim_step", {"seq_id": "1", "adam_params": ADAM}, 422, "seq_id"),
    ("optim_step", {"seq_id": 2, "adam_params": ADAM}, 409, "seq_id"),
    ("optim_step", {"seq_id": 1, "adam_params": {**ADAM, "learning_rate": NAN}}, 422, "adam_params.learning_rate"),
    ("optim_step", {"seq_id": 1, "adam_params": {**ADAM, "learning_rate": -1}}, 422, "adam_params.learning_rate"),
    ("optim_step", {"seq_id": 1, "adam_params": {**ADAM, "beta1": 1}}, 422, "adam_params.beta1"),
    ("optim_step", {"seq_id": 1, "adam_params": {**ADAM, "eps": 0}}, 422, "adam_params.eps"),
    ("optim_step", {"seq_id": 1, "adam_params": {**ADAM, "grad_clip_norm": "1"}}, 422, "adam_params.grad_clip_norm"),
    ("optim_step", {"model_id": "nobody", "seq_id": 1, "adam_params": ADAM}, 404, "model_id"),
    ("optim_step", {"model_id": None, "seq_id": 1, "adam_params": ADAM}, 422, "model_id"),
    ("create_model", {"base_model": "base", "lora_config": {"rank": 1}}, 422, "model_seq_id"),
    ("create_model", {"model_seq_id": 50, "base_model": "gpt", "lora_config": {"rank": 1}}, 404, "base_model"),
    ("create_model", {"model_seq_id": 50, "base_model": "base"}, 422, "lora_config"),
    ("create_model", {"model_seq_id": 50, "base_model": "base", "lora_config": {"rank": -1}}, 422, "lora_config.rank"),
    ("create_model", {"model_seq_id": 50, "base_model": "base", "lora_config": {}}, 422, "lora_config.rank"),
    (
        "create_model",
        {"model_seq_id": 50, "base_model": "base", "lora_config": {"rank": 1, "train_mlp": 1}},
        422,
        "lora_config.train_mlp",
    ),
    (
        "create_model",
        {"session_id": "old", "model_seq_id": 50, "base_model": "base", "lora_config": {"rank": 1}},
        404,
        "session_id",
    ),
    ("save_weights", {"seq_id": 1}, 422, "path"),
    ("save_weights", {"seq_id": 1, "path": "../escape"}, 422, "path"),
    ("save_weights", {"seq_id": 1, "path": "x", "overwrite": "yes"}, 422, "overwrite"),
    ("load_weights", {"seq_id": 1, "path": "nowhere", "optimizer": True}, 422, "path"),
    ("load_weights", {"seq_id": 1, "path": "/nonexistent/folder", "optimizer": True}, 404, "path"),
    ("load_weights", {"seq_id": 1, "path": "tinker://m/weights/../../x", "optimizer": True}, 422, "path"),
    ("load_weights", {"seq_id": 1, "path": "tinker://m/weights/x", "optimizer": True}, 404, "path"),
    ("load_weights", {"seq_id": 1, "path": "tinker://m/weights/x"}, 422, "optimizer"),
    ("save_weights_for_sampler", {}, 422, "path"),
    ("save_weights_for_sampler", {"path": "a/b"}, 422, "path"),
    ("session_heartbeat", {"session_id": "old"}, 404, "session_id"),
    ("session_heartbeat", {"session_id": None}, 422, "session_id"),
    ("create_session", {"tags": "demo"}, 422, "tags"),
    ("create_sampling_session", {"sampling_session_seq_id": 0}, 422, "model_path"),
    ("create_sampling_session", {"sampling_session_seq_id": 0, "model_path": "no"}, 404, "model_path"),
    ("asample", {"sampling_session_id": "no", "seq_id": 1}, 404, "sampling_session_id"),
    ("asample", {"base_model": "base", "num_samples": 0}, 422, "num_samples"),
    ("asample", {"base_model": "base"}, 422, "prompt"),
    ("asample", {"base_model": "base", "prompt": {"chunks": [{"tokens": [1]}]}}, 422, "sampling_params"),
    (
        "asample",
        {
            "base_model": "base",
            "prompt": {"chunks": [{"tokens": [1]}]},
            "sampling_params": {"max_tokens": 2, "top_p": 2},
        },
        422,
        "sampling_params.top_p",
    ),
    ("retrieve_future", {}, 422, "request_id"),
    ("retrieve_future", {"request_id": 5}, 422, "request_id"),
    ("unload_model", {"model_id": "nobody"}, 404, "model_id"),
    ("get_info", {"model_id": "nobody"}, 404, "model_id"),
]


@pytest.mark.parametrize(("call", "body", "status", "param"), CALLS)
def test_calls(client: Client, call: str, body: dict[str, Any], status: int, param: str) -> None:
    whole = {"model_id": client.fixed, "session_id": client.session, **body}
    answer = client.http.post(f"/api/v1/{call}", content=_json(whole))
    _assert_refused(answer, status, param)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_not_json(client: Client, content: bytes) -> None:
    answer = client.http.post("/v1/completions", content=content)
    assert answer.status_code == 400 and "not JSON" in answer.json()["error"]["message"]


def test_a_body_that_is_not_an_object(client: Client) -> None:
    assert client.post("/v1/completions", [1]).status_code == 422


def test_unknown_paths_and_methods(client: Client) -> None:
    assert client.post("/v1/chat/completions", {}).status_code == 404
    assert client.http.get("/v1/completions").status_code == 405
    assert client.http.get("/x/models/nobody/state").status_code == 404


def test_nothing_of_all_this_changed_the_model(client: Client) -> None:
    state = client.http.get(f"/x/models/{client.fixed}/state").json()
    assert (state["applied_seq"], state["pending_grads"]) == (0, 0)
    client.train(client.fixed, datums(1, [5]))


def _json(body: object) -> bytes:
    import json

    return json.dumps(body).encode()  # with NaN and Infinity as Python writes and reads them


def _assert_refused(answer: Any, status: int, param: str) -> None:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["param"] == param
    assert error["message"].startswith(param) and len(error["message"]) > len(param) + 5
