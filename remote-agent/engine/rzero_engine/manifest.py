"""Checkpoint folders: written aside, synced, renamed; a folder counts only when its MANIFEST.json is complete."""

import errno
import glob
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

MANIFEST = "MANIFEST.json"


class CheckpointError(Exception):
    """The folder is not a complete checkpoint; the message says what is wrong."""


def write_checkpoint(target: Path, fill: Callable[[Path], None], about: dict[str, Any], tag: str) -> None:
    """`fill` writes the files into a hidden sibling of `target`, which then takes its place.

    `about` joins the manifest. `tag` keeps this writer's unfinished files apart from those of another.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f".{glob.escape(target.name)}.*-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    aside = target.with_name(f".{target.name}.new-{tag}")
    try:
        aside.mkdir()
        fill(aside)
        files = [_describe(path) for path in sorted(aside.iterdir())]
        (aside / MANIFEST).write_text(json.dumps({"version": 1, "files": files, **about}, indent=1), "utf-8")
        for path in (*aside.iterdir(), aside):
            _sync(path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)  # on a full disk its room is needed for other things
        raise
    if target.exists():
        old = target.with_name(f".{target.name}.old-{tag}")
        target.rename(old)
        aside.rename(target)
        shutil.rmtree(old)
    else:
        aside.rename(target)
    _sync(target.parent)


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest, after checking that every file is there with its size. Hashes: `verify_hashes`."""
    if not directory.is_dir():
        raise CheckpointError(f"{directory} is not a folder")
    path = directory / MANIFEST
    if not path.is_file():
        raise CheckpointError(f"{directory} has no {MANIFEST}: it was not written to the end")
    try:
        manifest = json.loads(path.read_text("utf-8"))
        listed = [(str(entry["name"]), int(entry["size"]), str(entry["sha256"])) for entry in manifest["files"]]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged ({type(error).__name__}: {error})") from None
    for name, size, _ in listed:
        file = directory / name
        if "/" in name or not file.is_file():
            raise CheckpointError(f"{directory} lacks {name}, which its manifest lists")
        if file.stat().st_size != size:
            raise CheckpointError(f"{file} has {file.stat().st_size} bytes where its manifest says {size}")
    return manifest


def verify_hashes(directory: Path, manifest: dict[str, Any]) -> None:
    for entry in manifest["files"]:
        if _sha256(directory / entry["name"]) != entry["sha256"]:
            raise CheckpointError(f"{directory / entry['name']} has other content than its manifest says")


def is_complete(directory: Path) -> bool:
    try:
        read_manifest(directory)
    except CheckpointError:
        return False
    return True


def no_room(error: Exception) -> bool:
    """Whether a write failed because the disk or the quota is full. safetensors tells it only in words."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return any(f"os error {number}" in str(error) for number in (errno.ENOSPC, errno.EDQUOT))


def _describe(path: Path) -> dict[str, Any]:
    return {"name": path.name, "size": path.stat().st_size, "sha256": _sha256(path)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
