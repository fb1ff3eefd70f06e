"""The process's log: one line a message with time, level and source, in a file that rotates, or on stderr.

The engine may outlive the agent that started it, so it rotates its log itself.
"""

import logging
import os
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

FILE_BYTES = 8 * 2**20
FILES = 8


def start(file: Path | None) -> None:
    """Sends all logging, warnings and uncaught exceptions to `file` or stderr; with a file also what is printed."""
    handler = RotatingLog(file) if file is not None else logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter())
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    logging.captureWarnings(True)
    if file is not None:
        sys.excepthook = _log_exception


class RotatingLog(RotatingFileHandler):
    """Grows to `file_bytes`, then is renamed to `.1`, `.1` to `.2` and so on.

    Descriptors 1 and 2 follow it: what C code prints (CUDA, a crash of the interpreter) lands in the current file.
    """

    def __init__(self, file: Path, file_bytes: int = FILE_BYTES, files: int = FILES) -> None:
        super().__init__(file, maxBytes=file_bytes, backupCount=files - 1, encoding="utf-8", errors="backslashreplace")
        self._take_stdio()

    def doRollover(self) -> None:
        super().doRollover()
        self._take_stdio()

    def _take_stdio(self) -> None:
        if self.stream is None:
            return
        for printed in (sys.stdout, sys.stderr):
            printed.flush()
        for descriptor in (1, 2):
            os.dup2(self.stream.fileno(), descriptor)


def _formatter() -> logging.Formatter:
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ %(levelname)s engine %(message)s", datefmt="%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    return formatter


def _log_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("rzero_engine").critical("uncaught exception", exc_info=(kind, error, trace))
