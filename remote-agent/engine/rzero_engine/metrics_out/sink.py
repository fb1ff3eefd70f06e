"""What a sink does."""

from typing import Protocol


class SinkError(Exception):
    """The sink cannot be used; the message says why and what to do."""


class Sink(Protocol):
    def add(self, point: dict) -> None:
        """One point (`lines.py`). Each ordinal comes once, in ascending order, from 1 after every start."""

    def sync(self) -> None:
        """Everything that was added is stored when this returns."""

    def close(self, ok: bool) -> None:
        """Ends orderly. `ok`: the run has completed."""
