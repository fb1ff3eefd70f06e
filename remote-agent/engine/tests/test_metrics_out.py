"""Metrics out: what is no line of the contract is refused with a reason, and files are whole or not there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = {
    "kind": "begin",
    "run": "run-1",
    "name": "demo",
    "settings": {"seed": 0, "domain": "sort", "engine.deterministic": True},
    "project": None,
    "entity": None,
    "mode": "offline",
}
POINT = {"kind": "scalars", "ordinal": 1, "axis": "solver", "step": 1, "t": 1e12, "values": {"reward": 0.5}}
HISTOGRAM = {
    "kind": "histogram",
    "ordinal": 1,
    "axis": "curriculum",
    "step": 1,
    "t": 1e12,
    "name": "shares",
    "centers": [0, 0.5, 1],
    "counts": [0, 2, 3],
}


def write(
    directory: Path, lines: list[object], sink: str = "tensorboard", environment: dict[str, str] | None = None
) -> tuple[int, list[dict]]:
    """Exit code and answers; a line that is bytes goes in as it is."""
    raw = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), **(environment or {})}
    done = subprocess.run(
        [sys.executable, "-m", "rzero_engine.metrics_out", sink, str(directory)],
        input=raw,
        capture_output=True,
        env=env,
        timeout=100,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def events(directory: Path) -> list[tuple[str, int]]:
    from tensorboardX.proto import event_pb2

    (file,) = directory.iterdir()
    data, at, found = file.read_bytes(), 0, []
    while at < len(data):
        length = int.from_bytes(data[at : at + 8], "little")
        event = event_pb2.Event.FromString(data[at + 12 : at + 12 + length])
        found += [(value.tag, event.step) for value in event.summary.value]
        at += 16 + length
    return found


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{\n", "not JSON"),
        (b"[]\n", "kind None"),
        ({"kind": "other"}, "kind 'other'"),
        ({"kind": ["scalars"]}, "kind"),
        ({**POINT, "values": {"reward": "high"}}, "scalars: values"),
        (b'{"kind":"scalars","ordinal":1,"axis":"a","step":1,"t":1,"values":{"x":NaN}}\n', "scalars: values"),
        ({**POINT, "step": -1}, "scalars: step"),
        ({**POINT, "step": True}, "scalars: step"),
        ({key: value for key, value in POINT.items() if key != "axis"}, "axis is missing"),
        ({**HISTOGRAM, "counts": ["a"]}, "histogram: counts"),
        ({**HISTOGRAM, "kind": "table", "columns": [], "rows": []}, "table: columns"),
        (b'"' + b"x" * 2**20 + b'"\n', "longer than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # a line of a megabyte is no name
)
def test_a_line_that_is_not_of_the_contract_is_refused(tmp_path: Path, line: object, why: str) -> None:
    code, answers = write(tmp_path, [BEGIN, line])
    assert code == 1
    assert why in answers[-1]["failed"]


def test_the_first_line_says_whose_metrics_they_are(tmp_path: Path) -> None:
    code, answers = write(tmp_path, [POINT])
    assert (code, answers) == (1, [{"failed": "the first line must be of kind begin"}])


def test_points_come_in_order(tmp_path: Path) -> None:
    code, answers = write(tmp_path, [BEGIN, POINT, POINT])
    assert code == 1
    assert "point 1 came after point 1" in answers[-1]["failed"]


def test_weights_and_biases_starts_no_git_which_would_have_its_key(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    called = tmp_path / "called"
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\necho "$@" >> {called}\nexit 1\n')
    git.chmod(0o755)
    path = os.pathsep.join([str(git.parent), os.environ["PATH"]])
    begin = {**BEGIN, "project": "test"}
    lines = [begin, POINT, {"kind": "end", "ok": True}]
    code, answers = write(tmp_path / "out", lines, "wandb", {"PATH": path, "WANDB_API_KEY": "k" * 40})
    assert (code, answers) == (0, [])
    assert not called.exists()


def test_a_file_takes_the_place_of_the_one_before_when_it_is_complete(tmp_path: Path) -> None:
    other = tmp_path / "events.out.tfevents.1.somebody-else"
    assert write(tmp_path, [BEGIN, POINT, {"kind": "sync", "id": 1}, {"kind": "end", "ok": True}]) == (
        0,
        [{"synced": 1}],
    )
    (first,) = tmp_path.iterdir()
    other.write_bytes(b"not ours")
    # It fails before its first sync: the old file stays.
    assert write(tmp_path, [BEGIN, POINT, b"{\n"])[0] == 1
    assert first.exists()
    second = {**POINT, "ordinal": 2, "step": 2}
    assert write(tmp_path, [BEGIN, POINT, second, {"kind": "end", "ok": True}])[0] == 0
    assert other.read_bytes() == b"not ours"
    other.unlink()
    found = [event for event in events(tmp_path) if event[0].startswith("solver/")]
    assert found == [("solver/reward", 1), ("solver/reward", 2)]


def test_what_was_said_is_kept_when_the_agent_dies(tmp_path: Path) -> None:
    assert write(tmp_path, [BEGIN, POINT, HISTOGRAM | {"ordinal": 2}]) == (0, [])
    tags = [tag for tag, _ in events(tmp_path)]
    assert tags == ["_hparams_/experiment", "_hparams_/session_start_info", "solver/reward", "curriculum/shares"]


def test_text_of_a_model_is_data(tmp_path: Path) -> None:
    from rzero_engine.metrics_out.tensorboard import _markdown

    table = _markdown(["question"], [["<script>x</script> | [a](b)\n# h"]])
    assert table.splitlines() == [
        "| question |",
        "| --- |",
        "| &lt;script&gt;x&lt;/script&gt; \\| \\[a\\]\\(b\\) \\# h |",
    ]
    assert write(tmp_path, [BEGIN, HISTOGRAM | {"kind": "table", "columns": ["q"], "rows": [["½"]]}])[0] == 0


def test_an_unknown_sink_is_refused(tmp_path: Path) -> None:
    code, answers = write(tmp_path, [BEGIN], "elsewhere")
    assert code == 1
    assert "tensorboard or wandb" in answers[-1]["failed"]
