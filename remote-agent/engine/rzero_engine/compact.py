"""Training input as whole arrays in base64: what a batch costs to read then no longer grows with its numbers' digits.

`data: {lengths, tokens, target_tokens, weights, …}` instead of a list of Datum objects; each array holds the rows one
after the other, little-endian, int32 for ids and lengths, float32 elsewhere.
"""

import base64
import binascii
from typing import Any

import numpy as np

from rzero_engine import checks
from rzero_engine.errors import invalid


def read_compact(
    value: dict[str, Any], param: str, required: tuple[str, ...], float_inputs: tuple[str, ...], vocab_size: int
) -> tuple[list[np.ndarray], dict[str, list[np.ndarray]]]:
    """Token rows and input rows, as `read_batch` gives them. Row lengths are not compared with the context here."""
    known = ("lengths", "tokens", "target_tokens", *float_inputs)
    for name in value:
        if name not in known:
            raise invalid(f"{param}.{name}", f"is unknown; there are {', '.join(known)}")
    lengths = _array(value, "lengths", param, "<i4").astype(np.int64)
    if not lengths.size or lengths.min() < 1:
        raise invalid(f"{param}.lengths", "must hold at least one row, none of them empty")
    ends = np.cumsum(lengths)
    total, cuts = int(ends[-1]), ends[:-1]
    rows: dict[str, list[np.ndarray]] = {}
    for name in known[1:]:
        if value.get(name) is None:
            if name == "tokens" or name in required:
                raise invalid(f"{param}.{name}", "is required by this loss")
            continue
        where = f"{param}.{name}"
        array = _array(value, name, param, "<f4" if name in float_inputs else "<i4")
        if len(array) != total:
            raise invalid(where, f"has {len(array)} entries where the rows have {total} tokens")
        rows[name] = np.split(_checked(array, where, vocab_size), cuts)
    return rows.pop("tokens"), rows


def _checked(array: np.ndarray, where: str, vocab_size: int) -> np.ndarray:
    if array.dtype.kind == "i":
        ids = array.astype(np.int64)
        if ids.min() < 0 or ids.max() >= vocab_size:
            index = int(np.argmax((ids < 0) | (ids >= vocab_size)))
            raise invalid(f"{where}[{index}]", f"is {ids[index]}, outside the vocabulary 0…{vocab_size - 1}")
        return ids
    finite = np.isfinite(array)
    if not finite.all():
        raise invalid(f"{where}[{int(np.argmin(finite))}]", "must be a finite float32 number")
    return array + np.float32(0)  # −0 becomes 0, as in lists


def _array(value: dict[str, Any], name: str, param: str, dtype: str) -> np.ndarray:
    where = f"{param}.{name}"
    text = checks.get(value, name, where)
    if not isinstance(text, str):
        raise invalid(where, f"must be a base64 string, not {checks.describe(text)}")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(where, "is not base64") from None
    if len(data) % 4:
        raise invalid(where, f"has {len(data)} bytes, no whole number of 4-byte elements")
    return np.frombuffer(data, dtype)
