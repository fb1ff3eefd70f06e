"""Results that are fetched later: bounded in number and in bytes, so a re-sent call finds the answer of the first."""

import asyncio
import json
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from rzero_engine.errors import DiskFullError, UserJobError
from rzero_engine.worker import Job

KEPT = 4096
KEPT_BYTES = 256 << 20


@dataclass
class Entry:
    model_id: str | None
    job: Job
    payload: bytes | None = None


class FutureTable:
    """Used on the event loop only."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._bytes = 0

    def add(self, job: Job, model_id: str | None) -> str:
        request_id = uuid.uuid4().hex
        entry = Entry(model_id, job)
        self._entries[request_id] = entry
        job.future.add_done_callback(lambda future: self._finish(entry, future))
        return request_id

    def known(self, request_id: str) -> bool:
        return request_id in self._entries

    async def wait(self, request_id: str, seconds: float) -> bytes | None:
        """The JSON of the result or failure; None when it is not ready. KeyError when the id is not `known`."""
        entry = self._entries[request_id]
        if entry.payload is None:
            await asyncio.wait([entry.job.future], timeout=seconds)
            await asyncio.sleep(0)  # lets the callback above run first
        return entry.payload

    def _finish(self, entry: Entry, future: asyncio.Future[bytes]) -> None:
        error = future.exception()
        if error is None:
            entry.payload = future.result()
        else:
            category = "user" if isinstance(error, UserJobError) else "server"
            code = {"code": "disk_full"} if isinstance(error, DiskFullError) else {}
            entry.payload = encode({"error": str(error) or type(error).__name__, "category": category, **code})
        self._bytes += len(entry.payload)
        self._shrink()

    def _shrink(self) -> None:
        """Oldest first; what is not finished stays."""
        while len(self._entries) > KEPT or self._bytes > KEPT_BYTES:
            request_id, entry = next(iter(self._entries.items()))
            if entry.payload is None or len(self._entries) == 1:
                return
            self._bytes -= len(entry.payload)
            del self._entries[request_id]


def encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
