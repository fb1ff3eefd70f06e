"""One thread that runs jobs in the order they came: everything that touches tensors happens here."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from rzero_engine.errors import Cancelled, ServerJobError, UserJobError
from rzero_engine.manifest import CheckpointError

log = logging.getLogger("rzero_engine")

# Jobs of one kind that wait side by side are run together, up to this many.
MOST_FUSED = 1024


@dataclass(frozen=True)
class Kind:
    """Jobs of equal `key` may be fused: `run_all` takes their payloads and gives one outcome each."""

    key: Hashable
    run_all: Callable[[list[Any], Callable[[], bool]], list[Any]]


@dataclass
class Job:
    """`future` ends with what `run` returned, or with UserJobError, ServerJobError or Cancelled."""

    run: Callable[["Job"], Any]
    future: asyncio.Future[Any]
    kind: Kind | None = None
    payload: Any = None
    name: str = "job"
    dropped: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Nobody waits any more: not started is never run, started stops at its next check."""
        self.dropped.set()


class Worker:
    def __init__(
        self, loop: asyncio.AbstractEventLoop, fuse: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._loop = loop
        self._fuse = fuse
        self._clock = clock
        self._queue: deque[Job] = deque()
        self._changed = threading.Condition()
        self._busy_s = 0.0
        self._first: float | None = None
        self._began: float | None = None
        self._ended = 0.0
        self._idle_before: dict[str, float] = {}
        threading.Thread(target=self._work, name="worker", daemon=True).start()

    def submit(self, run: Callable[[Job], Any], name: str, kind: Kind | None = None, payload: Any = None) -> Job:
        """Queues `run`; with a `kind`, several may be run as `kind.run_all` of their payloads instead.

        `name` says in `status` what the queue was empty for.
        """
        job = Job(run, self._loop.create_future(), kind, payload, name)
        with self._changed:
            if self._first is None:
                self._first = self._ended = self._clock()
            self._queue.append(job)
            self._changed.notify()
        return job

    def status(self) -> dict[str, Any]:
        """`idle_s` is the time since the first job in which none was running or waiting.

        `idle_before` divides it among the jobs that ended each such gap.
        """
        now = self._clock()
        with self._changed:
            busy = self._busy_s + (now - self._began if self._began is not None else 0.0)
            total = now - self._first if self._first is not None else 0.0
            return {
                "queue_length": len(self._queue),
                "busy": self._began is not None,
                "busy_s": round(busy, 3),
                "idle_s": round(max(0.0, total - busy), 3),
                "idle_before": {name: round(seconds, 3) for name, seconds in self._idle_before.items()},
            }

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue:
                    self._changed.wait()
                jobs = self._take()
                self._began = self._clock()
                name = jobs[0].name
                self._idle_before[name] = self._idle_before.get(name, 0.0) + self._began - self._ended
            outcomes = self._run(jobs)
            with self._changed:
                self._ended = self._clock()
                self._busy_s += self._ended - self._began
                self._began = None
            for job, (result, error) in zip(jobs, outcomes, strict=True):
                self._loop.call_soon_threadsafe(_settle, job.future, result, error)

    def _take(self) -> list[Job]:
        jobs = [self._queue.popleft()]
        kind = jobs[0].kind
        while self._fuse and kind and self._queue and len(jobs) < MOST_FUSED:
            following = self._queue[0].kind
            if following is None or following.key != kind.key:
                break
            jobs.append(self._queue.popleft())
        return jobs

    def _run(self, jobs: list[Job]) -> list[tuple[Any, Exception | None]]:
        try:
            if all(job.dropped.is_set() for job in jobs):
                raise Cancelled
            if len(jobs) == 1:
                return [(jobs[0].run(jobs[0]), None)]
            kind = jobs[0].kind
            assert kind is not None
            results = kind.run_all([job.payload for job in jobs], lambda: all(job.dropped.is_set() for job in jobs))
            return [(result, None) for result in results]
        except Exception as error:
            return [(None, _told(error))] * len(jobs)


def _told(error: Exception) -> Exception:
    """The error as the one who waits is told it."""
    if isinstance(error, (Cancelled, UserJobError, ServerJobError)):
        return error
    if isinstance(error, CheckpointError):
        return UserJobError(str(error))
    log.error("a job failed", exc_info=error)
    return ServerJobError(f"{type(error).__name__}: {error}")


def _settle(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
        future.exception()  # someone may never ask: that is not worth a warning
