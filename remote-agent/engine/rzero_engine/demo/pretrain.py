"""Pre-train the demo's base model, from a seed, into a Hugging Face folder.

    python -m rzero_engine.demo.pretrain --out DIR --seed N [--threads 1] [--progress json]

About fifty CPU-seconds. The same seed and the same number of threads give the same bytes on the same machine.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional
from transformers import Qwen3Config, Qwen3ForCausalLM

from .corpus import document
from .muon import Muon
from .tokenizer import ANSWER_CUE_ID, END_ID, PAD_ID, VOCABULARY, build_tokenizer, save_tokenizer

CONTEXT_LENGTH = 256  # tokens; the longest document has 55
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Settings:
    """How the model is pre-trained; the defaults are the demo's."""

    steps: int = 500
    documents_per_step: int = 128
    pool_steps: int = 20  # steps whose documents are drawn together and sorted by length, so that little is padding
    warmup_steps: int = 50
    decay_share: float = 0.3  # of the steps, at the end, bring the learning rates linearly to nothing
    muon_lr: float = 1e-2
    muon_weight_decay: float = 0.05
    adamw_lr: float = 3e-3
    report_every: int = 10  # steps


@dataclass(frozen=True)
class Progress:
    step: int
    steps: int
    loss: float  # nats per token, mean since the last report
    seconds: float


def build_model(seed: int) -> Qwen3ForCausalLM:
    """167 k parameters in fp32, initialised from ``seed``."""
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=len(VOCABULARY),
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        head_dim=16,
        max_position_embeddings=CONTEXT_LENGTH,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        tie_word_embeddings=True,
        pad_token_id=PAD_ID,
        bos_token_id=None,
        eos_token_id=END_ID,
        use_cache=True,
        dtype="float32",
    )
    return Qwen3ForCausalLM(config)


def batches(seed: int, settings: Settings) -> Iterator[Tensor]:
    """``settings.steps`` batches of token ids, (documents, longest document), padded on the right with ``PAD_ID``.

    Documents are drawn in pools and sorted by length; the order of a pool's batches is shuffled.
    """
    random = Random(seed)
    tokenizer = build_tokenizer()
    size = settings.documents_per_step
    remaining = settings.steps
    while remaining > 0:
        steps = min(settings.pool_steps, remaining)
        remaining -= steps
        texts = [document(random) for _ in range(steps * size)]
        pool = sorted((encoding.ids for encoding in tokenizer.encode_batch_fast(texts)), key=len)
        starts = [step * size for step in range(steps)]
        random.shuffle(starts)
        for start in starts:
            rows = [torch.tensor(ids) for ids in pool[start : start + size]]
            yield torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD_ID)


def completion_targets(ids: Tensor) -> Tensor:
    """(documents, length) → (documents, length - 1): the next tokens, ``PAD_ID`` where there is nothing to learn.

    Prompts are left out: the digits of a question are random, and predicting them would only blur the line between
    asking and answering (one question in twenty-five came out with an answer cue in it).
    """
    prompt = (ids == ANSWER_CUE_ID).cumsum(dim=1) == 0
    prompt_or_cue = prompt[:, :-1]
    return ids[:, 1:].masked_fill(prompt_or_cue, PAD_ID)


def learning_rate_factor(step: int, settings: Settings) -> float:
    """Warm-up, plateau, linear decay: a factor in (0, 1] for ``step`` counted from 0."""
    warmup = (step + 1) / max(1, settings.warmup_steps)
    decay = (settings.steps - step) / max(1.0, settings.steps * settings.decay_share)
    return min(1.0, warmup, decay)


def train(model: Qwen3ForCausalLM, seed: int, settings: Settings, report: Callable[[Progress], None]) -> None:
    """Next-token prediction of what follows the answer cue; updates ``model`` in place."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    optimisers = (
        (Muon(matrices, lr=settings.muon_lr, weight_decay=settings.muon_weight_decay), settings.muon_lr),
        (torch.optim.AdamW(others, lr=settings.adamw_lr, betas=(0.9, 0.95), weight_decay=0.0), settings.adamw_lr),
    )
    started = time.monotonic()
    losses: list[float] = []
    model.train()
    for step, ids in enumerate(batches(seed, settings)):
        for optimiser, base in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = base * learning_rate_factor(step, settings)
        # Padding is on the right and attention is causal, so no document sees it and no mask is needed.
        logits = model(input_ids=ids[:, :-1], use_cache=False).logits
        targets = completion_targets(ids)
        loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD_ID)
        loss.backward()
        for optimiser, _ in optimisers:
            optimiser.step()
            optimiser.zero_grad()
        losses.append(loss.item())
        if (step + 1) % settings.report_every == 0 or step + 1 == settings.steps:
            mean = sum(losses) / len(losses)
            report(Progress(step + 1, settings.steps, round(mean, 4), round(time.monotonic() - started, 2)))
            losses.clear()
    model.eval()


def save(model: Qwen3ForCausalLM, folder: Path) -> None:
    """Write the Hugging Face files into an existing, empty folder, and last the ``MANIFEST.json`` that lists them."""
    model.config.architectures = ["Qwen3ForCausalLM"]
    model.config.save_pretrained(folder)
    model.generation_config.update(pad_token_id=PAD_ID, eos_token_id=END_ID, do_sample=True, temperature=1.0)
    model.generation_config.save_pretrained(folder)
    save_tokenizer(folder, CONTEXT_LENGTH)
    tensors = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    del tensors["lm_head.weight"]  # tied to the embedding
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    files = sorted(folder.iterdir())
    manifest = {
        "version": FORMAT_VERSION,
        "files": [
            {"name": f.name, "size": f.stat().st_size, "sha256": hashlib.sha256(f.read_bytes()).hexdigest()}
            for f in files
        ],
    }
    (folder / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def publish(model: Qwen3ForCausalLM, out: Path) -> None:
    """Make ``out`` appear complete or not at all; an older folder of that name is replaced."""
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        save(model, temporary)
        temporary.chmod(0o755)
        for path in (*temporary.iterdir(), temporary):
            flush_to_disk(path)
        if out.exists():
            shutil.rmtree(out)
        os.rename(temporary, out)
        flush_to_disk(out.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def pretrain(out: Path, seed: int, settings: Settings, report: Callable[[Progress], None]) -> None:
    model = build_model(seed)
    train(model, seed, settings, report)
    publish(model, out)


def print_json(progress: Progress) -> None:
    print(json.dumps(vars(progress)), flush=True)


def print_line(progress: Progress) -> None:
    print(
        f"pre-training  step {progress.step:>4}/{progress.steps}  loss {progress.loss:.3f}  {progress.seconds:.0f} s",
        flush=True,
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="rzero_engine.demo.pretrain", description="Pre-train the demo's base model.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write; replaced if it exists")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="torch threads (more are slower on a busy machine)")
    parser.add_argument("--steps", type=int, default=Settings.steps)
    parser.add_argument("--progress", choices=("human", "json"), default="human")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    report = print_json if options.progress == "json" else print_line
    pretrain(options.out, options.seed, Settings(steps=options.steps), report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
