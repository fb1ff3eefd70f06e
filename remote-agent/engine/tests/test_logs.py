"""The log survives rotation whole, and takes what is printed with it."""

import os
import re
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import logging, os, sys, warnings
from pathlib import Path
from rzero_engine import logs
class Small(logs.RotatingLog):
    def __init__(self, file):
        super().__init__(file, 2000, 50)
logs.RotatingLog = Small
logs.start(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    logging.getLogger("test").info("message %d", number)
    if number % 10 == 0:
        print(f"printed {number}", flush=True)
        os.write(2, f"raw {number}\\n".encode())
warnings.warn("something odd")
if sys.argv[4] == "die":
    raise ValueError("the end")
"""


def run(log: Path, first: int, last: int, how: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(log), str(first), str(last), how], env=env, timeout=60, check=False
    )


def oldest_first(log: Path) -> list[Path]:
    rotated = sorted(log.parent.glob("engine.log.*"), key=lambda file: -int(file.suffix[1:]))
    return [*rotated, log]


def test_no_line_is_lost_over_rotations_and_restarts(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    run(log, 0, 150, "end")
    run(log, 150, 300, "die")
    files = oldest_first(log)
    assert len(files) > 5
    assert all(file.stat().st_size < 2400 for file in files[:-1])
    text = "".join(file.read_text() for file in files)
    assert re.findall(r"INFO engine message (\d+)", text) == [str(number) for number in range(300)]
    for what in ("printed", "raw"):
        assert re.findall(rf"^{what} (\d+)$", text, re.M) == [str(number) for number in range(0, 300, 10)]


def test_warnings_and_the_exception_that_ends_the_process_are_messages(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    run(log, 0, 1, "die")
    lines = log.read_text().splitlines()
    head = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(rf"{head} INFO engine message 0", lines[0])
    assert any(re.match(rf"{head} WARNING engine .*something odd", line) for line in lines)
    assert any(re.match(rf"{head} CRITICAL engine uncaught exception", line) for line in lines)
    assert lines[-1] == "ValueError: the end"
