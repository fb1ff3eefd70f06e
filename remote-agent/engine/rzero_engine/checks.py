"""Reading fields of a JSON body: every refusal names the field and says what is wrong with it.

Long arrays are checked as NumPy arrays, so a batch of 100,000 numbers costs milliseconds.
"""

import math
from typing import Any

import numpy as np

from rzero_engine.errors import invalid

MISSING = object()


def describe(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return f"{value!r}"
    if isinstance(value, str):
        return f"the string {value[:40]!r}"
    return "a list" if isinstance(value, list) else "an object"


def get(body: dict[str, Any], key: str, param: str, default: Any = MISSING) -> Any:
    value = body.get(key)
    if value is None:
        if default is MISSING:
            raise invalid(param, "is required")
        return default
    return value


def as_object(value: Any, param: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(param, f"must be an object, not {describe(value)}")
    return value


def as_list(value: Any, param: str) -> list[Any]:
    if not isinstance(value, list):
        raise invalid(param, f"must be a list, not {describe(value)}")
    return value


def as_str(value: Any, param: str) -> str:
    if not isinstance(value, str) or not value:
        raise invalid(param, f"must be a non-empty string, not {describe(value)}")
    return value


def as_bool(value: Any, param: str) -> bool:
    if not isinstance(value, bool):
        raise invalid(param, f"must be true or false, not {describe(value)}")
    return value


def as_int(value: Any, param: str, low: int | None = None, high: int | None = None) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(param, f"must be an integer, not {describe(value)}")
    if low is not None and value < low:
        raise invalid(param, f"must be at least {low}, not {value}")
    if high is not None and value > high:
        raise invalid(param, f"must be at most {high}, not {value}")
    return value


def as_float(value: Any, param: str, low: float | None = None, high: float | None = None) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid(param, f"must be a number, not {describe(value)}")
    number = float(value)
    if not math.isfinite(number):
        raise invalid(param, f"must be finite, not {number}")
    if low is not None and number < low:
        raise invalid(param, f"must be at least {low:g}, not {number:g}")
    if high is not None and number > high:
        raise invalid(param, f"must be at most {high:g}, not {number:g}")
    return number


def _vector(value: Any, param: str) -> np.ndarray:
    as_list(value, param)
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):
        raise invalid(param, "must be a flat list of numbers") from None
    if array.ndim != 1:
        raise invalid(param, f"must be a flat list of numbers, not {array.ndim}-dimensional")
    return array


def int_vector(value: Any, param: str) -> np.ndarray:
    """Shape (n,), int64."""
    array = _vector(value, param)
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype != np.int64:
        raise invalid(param, "must hold integers that fit 64 bits")
    return array


def float_vector(value: Any, param: str) -> np.ndarray:
    """Shape (n,), float32, finite."""
    array = _vector(value, param)
    if array.size == 0:
        return array.astype(np.float32)
    if array.dtype.kind not in "fi":
        raise invalid(param, "must hold numbers")
    with np.errstate(over="ignore"):
        array = array.astype(np.float32) + np.float32(0)  # −0 becomes 0: some JSON writers keep the sign, some do not
    finite = np.isfinite(array)
    if not finite.all():
        raise invalid(f"{param}[{int(np.argmin(finite))}]", "must be a finite float32 number")
    return array


def tokens(value: Any, param: str, vocab_size: int) -> np.ndarray:
    """Token ids inside the vocabulary; shape (n,), int64."""
    ids = int_vector(value, param)
    if ids.size and (ids.min() < 0 or ids.max() >= vocab_size):
        index = int(np.argmax((ids < 0) | (ids >= vocab_size)))
        raise invalid(f"{param}[{index}]", f"is {ids[index]}, outside the vocabulary 0…{vocab_size - 1}")
    return ids
