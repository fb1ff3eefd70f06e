"""A batch as whole arrays is the same batch as a list of Datum objects; what is wrong with it is named."""

import base64

import numpy as np
import pytest

from rzero_engine.datums import read_batch
from rzero_engine.errors import ApiError

ROWS = [[3, 4, 5], [6, 7, 8, 9, 10]]
REQUIRED = ("target_tokens", "weights", "logprobs", "advantages")


def b64(values: object, dtype: str) -> str:
    return base64.b64encode(np.asarray(values, dtype).tobytes()).decode()


def floats(row: list[int], scale: float) -> list[float]:
    return [scale * token if token % 3 else -0.0 for token in row]


def as_lists() -> list[dict[str, object]]:
    return [
        {
            "model_input": {"chunks": [{"type": "encoded_text", "tokens": row}]},
            "loss_fn_inputs": {
                "target_tokens": [token + 1 for token in row],
                "weights": floats(row, 0.1),
                "logprobs": floats(row, -0.3),
                "advantages": floats(row, 1.7),
            },
        }
        for row in ROWS
    ]


def as_arrays(**changes: object) -> dict[str, object]:
    flat = [token for row in ROWS for token in row]
    arrays: dict[str, object] = {
        "lengths": b64([len(row) for row in ROWS], "<i4"),
        "tokens": b64(flat, "<i4"),
        "target_tokens": b64([token + 1 for token in flat], "<i4"),
        "weights": b64(floats(flat, 0.1), "<f4"),
        "logprobs": b64(floats(flat, -0.3), "<f4"),
        "advantages": b64(floats(flat, 1.7), "<f4"),
    }
    return {**arrays, **changes}


def test_the_same_batch_with_the_same_fingerprint() -> None:
    lists = read_batch(as_lists(), "data", REQUIRED, 99, 256)
    arrays = read_batch(as_arrays(), "data", REQUIRED, 99, 256)
    assert arrays.fingerprint() == lists.fingerprint()
    for row, other in zip(arrays.tokens, lists.tokens, strict=True):
        assert np.array_equal(row, other)
    for name, rows in lists.inputs.items():
        for row, other in zip(arrays.inputs[name], rows, strict=True):
            assert row.dtype == other.dtype
            assert np.array_equal(row, other)


@pytest.mark.parametrize(
    ("changes", "param", "says"),
    [
        ({"tokens": None}, "data.tokens", "required"),
        ({"weights": None}, "data.weights", "required"),
        ({"weights": "not base64!"}, "data.weights", "not base64"),
        ({"weights": [1, 2]}, "data.weights", "base64 string"),
        ({"weights": base64.b64encode(b"12345").decode()}, "data.weights", "whole number"),
        ({"weights": b64([1], "<f4")}, "data.weights", "1 entries where the rows have 8"),
        ({"advantages": b64([0, 0, np.nan, 0, 0, 0, 0, 0], "<f4")}, "data.advantages[2]", "finite"),
        ({"tokens": b64([1, 2, 3, 4, 99, 6, 7, 8], "<i4")}, "data.tokens[4]", "outside the vocabulary"),
        ({"lengths": b64([], "<i4")}, "data.lengths", "at least one row"),
        ({"lengths": b64([8, 0], "<i4")}, "data.lengths", "none of them empty"),
        ({"speed": "AAAA"}, "data.speed", "unknown"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, object], param: str, says: str) -> None:
    with pytest.raises(ApiError) as caught:
        read_batch(as_arrays(**changes), "data", REQUIRED, 99, 256)
    assert caught.value.status in (400, 422)
    assert caught.value.param == param
    assert says in str(caught.value)


def test_a_row_beyond_the_context_is_refused() -> None:
    with pytest.raises(ApiError, match="more than the context of 4"):
        read_batch(as_arrays(), "data", REQUIRED, 99, 4)
