"""Lines from the agent, checked: every field and every size (remote-agent/src/protocol/metricsOut.ts)."""

import json
import math

MAX_LINE_BYTES = 2**20
MAX_NAMES = 2000
MAX_TEXT = 65_536


class BadLine(Exception):
    """A line is not one of the contract; the message says what is wrong with it."""


def parse(line: bytes) -> dict:
    """One line as a message with all its fields. @raises BadLine"""
    if len(line) > MAX_LINE_BYTES:
        raise BadLine(f"a line is longer than {MAX_LINE_BYTES} bytes")
    try:
        message = json.loads(line)
    except ValueError as error:
        raise BadLine(f"a line is not JSON: {error}") from error
    kind = message.get("kind") if isinstance(message, dict) else None
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        raise BadLine(f"kind {kind!r} is not known")
    for name, check in {**fields, **(_POINT if kind in _POINTS else {})}.items():
        if name not in message:
            raise BadLine(f"{kind}: {name} is missing")
        if not check(message[name]):
            raise BadLine(f"{kind}: {name} is not what it should be")
    return message


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _optional_text(value: object) -> bool:
    return value is None or _text(value)


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _numbers(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MAX_NAMES and all(_number(item) for item in value)


def _values(value: object) -> bool:
    return isinstance(value, dict) and len(value) <= MAX_NAMES and all(map(_number, value.values()))


def _settings(value: object) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= MAX_NAMES
        and all(_number(item) or _flag(item) or _text(item) for item in value.values())
    )


def _rows(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= 100
        and all(isinstance(row, list) and len(row) <= 20 and all(map(_text, row)) for row in value)
    )


def _columns(value: object) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 20 and all(map(_text, value))


_POINTS = ("scalars", "histogram", "table")
_POINT = {"ordinal": _whole, "axis": _text, "step": _whole, "t": _number}
_FIELDS = {
    "begin": {
        "run": _text,
        "name": _text,
        "settings": _settings,
        "project": _optional_text,
        "entity": _optional_text,
        "mode": lambda value: value in ("online", "offline"),
    },
    "scalars": {"values": _values},
    "histogram": {"name": _text, "centers": _numbers, "counts": _numbers},
    "table": {"name": _text, "columns": _columns, "rows": _rows},
    "sync": {"id": _whole},
    "end": {"ok": _flag},
}
