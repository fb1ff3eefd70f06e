"""Protobuf bodies as the JSON bodies they stand for, and JSON answers as protobuf, for the official Tinker SDK."""

import json
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from rzero_engine.errors import ApiError, invalid
from rzero_engine.tinker_proto import message_class

MEDIA_TYPE = "application/x-protobuf"
FLOAT32, INT64 = 1, 2  # the wire's DType
DTYPES = {FLOAT32: ("float32", np.dtype("<f4")), INT64: ("int64", np.dtype("<i8"))}
STOP_REASONS = {"stop": 0, "length": 1}


def read_forward_backward(data: bytes) -> tuple[bool, dict[str, Any]]:
    """(forward only, the body of `forward` or `forward_backward`).

    @raises ApiError 400 when the bytes are no such message, or hold what this engine does not take.
    """
    message = message_class("ForwardBackwardRequest")()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise ApiError(400, f"the body is no ForwardBackwardRequest: {error}", "invalid_request_error") from None
    name = "forward_input" if message.forward_only else "forward_backward_input"
    batch = {
        "data": [_datum(datum, f"{name}.data[{index}]") for index, datum in enumerate(message.data)],
        "loss_fn": message.loss_fn,
        "loss_fn_config": dict(message.loss_fn_config.items()),
    }
    return message.forward_only, {"model_id": message.model_id, "seq_id": message.seq_id, name: batch}


def as_protobuf(payload: bytes) -> bytes | None:
    """The protobuf of a future's JSON payload; None when it is one that stays JSON (failures, other answers)."""
    answer = json.loads(payload)
    if "loss_fn_outputs" in answer:
        return _forward_backward_output(answer)
    if answer.get("type") == "sample":
        return _sample_response(answer)
    return None


def _datum(datum: Any, where: str) -> dict[str, Any]:
    return {
        "model_input": {
            "chunks": [_chunk(chunk, f"{where}.model_input.chunks[{i}]") for i, chunk in enumerate(datum.model_input)]
        },
        "loss_fn_inputs": {
            name: _tensor(tensor, f"{where}.loss_fn_inputs.{name}") for name, tensor in datum.loss_fn_inputs.items()
        },
    }


def _chunk(chunk: Any, where: str) -> dict[str, Any]:
    if not chunk.HasField("encoded_text"):
        raise invalid(where, "must be encoded text: this engine takes no other input")
    return {"type": "encoded_text", "tokens": _numbers(chunk.encoded_text.tokens, np.dtype("<i4"), where)}


def _tensor(tensor: Any, where: str) -> dict[str, Any]:
    if tensor.HasField("sparse_csr"):
        raise invalid(where, "is sparse, which is not supported: send the dense tensor")
    if tensor.dtype not in DTYPES:
        raise invalid(f"{where}.dtype", "must be float32 or int64")
    name, dtype = DTYPES[tensor.dtype]
    given = {"data": _numbers(tensor.dense, dtype, where), "dtype": name}
    return {**given, "shape": list(tensor.shape)} if tensor.shape else given


def _numbers(data: bytes, dtype: np.dtype[Any], where: str) -> list[Any]:
    if len(data) % dtype.itemsize:
        raise invalid(where, f"has {len(data)} bytes, no whole number of {dtype.name}")
    return np.frombuffer(data, dtype).tolist()


def _forward_backward_output(answer: dict[str, Any]) -> bytes:
    message = message_class("ForwardBackwardOutput")()
    outputs = answer["loss_fn_outputs"]
    message.loss_fn_output_type = answer["loss_fn_output_type"]
    for name, value in answer["metrics"].items():
        message.metrics[name] = value
    record = message.loss_fn_outputs.add(type_tag=answer["loss_fn_output_type"], num_datums=len(outputs))
    for name in outputs[0]:
        rows = [output[name]["data"] for output in outputs]
        ends = np.cumsum([0, *(4 * len(row) for row in rows)], dtype="<i8")
        field = record.fields[name]
        field.data = np.concatenate([np.asarray(row, "<f4") for row in rows]).tobytes()
        field.offsets = ends.tobytes()
        field.dtype = FLOAT32
    return message.SerializeToString()


def _sample_response(answer: dict[str, Any]) -> bytes:
    message = message_class("SampleResponse")()
    for sequence in answer["sequences"]:
        message.sequences.add(
            stop_reason=STOP_REASONS[sequence["stop_reason"]],
            tokens=np.asarray(sequence["tokens"], "<i4").tobytes(),
            logprobs=np.asarray(sequence["logprobs"], "<f4").tobytes(),
        )
    if "prompt_logprobs" in answer:
        values = [np.nan if value is None else value for value in answer["prompt_logprobs"]]
        message.prompt_logprobs = np.asarray(values, "<f4").tobytes()
    return message.SerializeToString()
