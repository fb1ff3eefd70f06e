"""One thread that runs jobs in the order they came: everything that touches tensors happens here."""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rzero_engine.errors import Cancelled, ServerJobError, UserJobError
from rzero_engine.manifest import CheckpointError

log = logging.getLogger("rzero_engine")


@dataclass
class Job:
    """`future` ends with what `run` returned, or with UserJobError, ServerJobError or Cancelled."""

    run: Callable[["Job"], Any]
    future: asyncio.Future[Any]
    dropped: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Nobody waits any more: not started is never run, started stops at its next check."""
        self.dropped.set()


class Worker:
    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = time.monotonic) -> None:
        self._loop = loop
        self._clock = clock
        self._queue: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0  # jobs submitted and not finished
        self._busy_s = 0.0
        self._first: float | None = None
        self._began: float | None = None
        threading.Thread(target=self._work, name="worker", daemon=True).start()

    def submit(self, run: Callable[[Job], Any]) -> Job:
        job = Job(run, self._loop.create_future())
        with self._lock:
            self._waiting += 1
            if self._first is None:
                self._first = self._clock()
        self._queue.put(job)
        return job

    def status(self) -> dict[str, Any]:
        """`idle_s` is the time since the first job in which none was running or waiting."""
        now = self._clock()
        with self._lock:
            busy = self._busy_s + (now - self._began if self._began is not None else 0.0)
            total = now - self._first if self._first is not None else 0.0
            running = self._began is not None
            return {
                "queue_length": self._waiting - running,
                "busy": running,
                "busy_s": round(busy, 3),
                "idle_s": round(max(0.0, total - busy), 3),
            }

    def _work(self) -> None:
        while True:
            job = self._queue.get()
            with self._lock:
                self._began = self._clock()
            try:
                outcome, error = self._run(job), None
            except Exception as raised:
                outcome, error = None, raised
            with self._lock:
                self._busy_s += self._clock() - self._began
                self._began = None
                self._waiting -= 1
            self._loop.call_soon_threadsafe(_settle, job.future, outcome, error)

    def _run(self, job: Job) -> Any:
        try:
            if job.dropped.is_set():
                raise Cancelled
            return job.run(job)
        except (Cancelled, UserJobError, ServerJobError):
            raise
        except CheckpointError as error:
            raise UserJobError(str(error)) from error
        except Exception as error:
            log.exception("a job failed")
            raise ServerJobError(f"{type(error).__name__}: {error}") from error


def _settle(future: asyncio.Future[Any], outcome: Any, error: Exception | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(outcome)
    else:
        future.set_exception(error)
        future.exception()  # someone may never ask: that is not worth a warning
