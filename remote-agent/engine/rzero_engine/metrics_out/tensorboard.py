"""TensorBoard event files, written by tensorboardX.

A file is derived from the journal and made anew at every start: under a hidden name until everything that is in the
journal is in it, then it takes the place of the one before. So every point is there exactly once, however often the
writer died.
"""

import sys
import time
from itertools import pairwise
from pathlib import Path

from rzero_engine.metrics_out.sink import SinkError

# tensorboardX imports torch where there is one, for tensors that it is never given here: 15 seconds and 300 MB.
sys.modules.setdefault("torch", None)  # type: ignore[arg-type]

from tensorboardX import summary  # noqa: E402
from tensorboardX.proto import event_pb2  # noqa: E402
from tensorboardX.record_writer import RecordWriter  # noqa: E402

MARK = "rzero"
# What the hparams page compares runs by.
RESULTS = ("audit/mean_at_k", "audit/majority_at_k", "audit/greedy")


class TensorBoard:
    def __init__(self, directory: Path, begin: dict) -> None:
        self._directory = directory
        self._settings: dict[str, object] = begin["settings"]
        directory.mkdir(parents=True, exist_ok=True)
        for left in directory.glob(f".{MARK}-*.building"):
            left.unlink(missing_ok=True)
        self._name = f"events.out.tfevents.{int(time.time())}.{begin['run']}.{MARK}"
        self._building: Path | None = directory / f".{MARK}-{self._name}.building"
        self._writer = RecordWriter(str(self._building))
        self._wrote = 0
        self._write(event_pb2.Event(wall_time=time.time(), file_version="brain.Event:2"))
        experiment, session, self._session_end = summary.hparams(self._settings, dict.fromkeys(RESULTS, 0))
        for part in (experiment, session):
            self._write(event_pb2.Event(wall_time=time.time(), summary=part))

    def add(self, point: dict) -> None:
        if point["ordinal"] <= self._wrote:
            raise SinkError(f"point {point['ordinal']} came after point {self._wrote}")
        self._wrote = point["ordinal"]
        for part in _summaries(point):
            self._write(event_pb2.Event(wall_time=point["t"] / 1000, step=point["step"], summary=part))

    def sync(self) -> None:
        self._writer.flush()  # to the disk, too
        if self._building is None:
            return
        # First away with the old ones: a crash in between leaves no file for a while, and never a point twice.
        for old in self._directory.glob(f"events.out.tfevents.*.{MARK}"):
            old.unlink(missing_ok=True)
        self._building.rename(self._directory / self._name)
        self._building = None

    def close(self, ok: bool) -> None:
        if ok:
            self._write(event_pb2.Event(wall_time=time.time(), summary=self._session_end))
        self.sync()
        self._writer.close()

    def _write(self, event: event_pb2.Event) -> None:
        self._writer.write(event.SerializeToString())


def _summaries(point: dict) -> list:
    axis = point["axis"]
    if point["kind"] == "scalars":
        return [summary.scalar(f"{axis}/{name}", value) for name, value in point["values"].items()]
    if point["kind"] == "histogram":
        return [_histogram(f"{axis}/{point['name']}", point["centers"], point["counts"])]
    return [summary.text(f"{axis}/{point['name']}", _markdown(point["columns"], point["rows"]))]


def _histogram(tag: str, centers: list[float], counts: list[float]) -> object:
    """Counts of values at some centers; a bucket ends half-way to the next center."""
    limits = [(a + b) / 2 for a, b in pairwise(centers)] + centers[-1:]
    pairs = list(zip(centers, counts, strict=True))
    seen = [center for center, count in pairs if count > 0] or [0.0]
    return summary.histogram_raw(
        tag,
        min=min(seen),
        max=max(seen),
        num=sum(counts),
        sum=sum(center * count for center, count in pairs),
        sum_squares=sum(center * center * count for center, count in pairs),
        bucket_limits=limits,
        bucket_counts=counts,
    )


def _markdown(columns: list[str], rows: list[list[str]]) -> str:
    table = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in table)


def _cell(text: str) -> str:
    """A model's text as data: nothing in it is markup."""
    if text == "---":
        return text
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-!|~" else " " if c in "\r\n" else c for c in escaped)
