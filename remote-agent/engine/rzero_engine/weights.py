"""A policy on disk: a Hugging Face folder (all parameters) or a PEFT adapter, and the optimiser beside it."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from rzero_engine.adamw import Moments
from rzero_engine.decoder import Params
from rzero_engine.linear import LORA_ALPHA
from rzero_engine.lora import ATTENTION
from rzero_engine.manifest import CheckpointError, read_manifest, verify_hashes, write_checkpoint
from rzero_engine.policy import Policy

PEFT_PREFIX = "base_model.model."
FULL, ADAPTER, OPTIMIZER = "model.safetensors", "adapter_model.safetensors", "optimizer.safetensors"
# What makes a weights folder a model that any library can load.
COMPANIONS = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "generation_config.json",
)


def save_policy(policy: Policy, target: Path, about: dict[str, Any], tag: str) -> None:
    kind = "lora" if policy.choice.rank else "full"

    def fill(folder: Path) -> None:
        (_write_adapter if policy.choice.rank else _write_full)(policy, folder)
        if policy.moments is not None:
            _write_optimizer(policy, folder)

    write_checkpoint(target, fill, {"kind": kind, "rank": policy.choice.rank, "base": policy.base.name, **about}, tag)


def describe_weights(source: Path) -> dict[str, Any]:
    """Kind and LoRA choice of a saved policy, as the Tinker dialect's `weights_info` tells them.

    @raises CheckpointError
    """
    manifest = read_manifest(source)
    if manifest.get("kind") != "lora":
        return {"is_lora": False, "lora_rank": 0}
    config = json.loads((source / "adapter_config.json").read_text("utf-8"))
    names = {str(module).rsplit(".", 1)[-1] for module in config["target_modules"]}
    return {
        "is_lora": True,
        "lora_rank": config["r"],
        "train_attn": bool(names & set(ATTENTION)),
        "train_mlp": bool(names - set(ATTENTION) - {"lm_head"}),
        "train_unembed": "lm_head" in names,
    }


def load_policy(policy: Policy, source: Path, optimizer: bool) -> None:
    """Replaces the policy's tensors (and moments, if asked for).

    @raises CheckpointError when the folder is damaged or belongs to another kind, rank or shape of model.
    """
    manifest = read_manifest(source)
    verify_hashes(source, manifest)
    rank = policy.choice.rank
    file = source / (ADAPTER if rank else FULL)
    if not file.is_file():
        wanted = f"a LoRA adapter of rank {rank}" if rank else "full weights"
        raise CheckpointError(f"{source} holds no {file.name}, and this model is {wanted}")
    found = _adapter_tensors(source) if rank else load_file(file)
    _check_shapes(policy, found, source)
    tensors = {name: found[name].to(policy.base.device) for name in policy.tensors}
    policy.replace(tensors, _read_optimizer(policy, source) if optimizer else None)


def _write_full(policy: Policy, folder: Path) -> None:
    base = policy.base
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in policy.tensors.items()}
    save_file(tensors, folder / FULL, {"format": "pt"})
    config = {**base.config, "dtype": "float32"}
    config.pop("torch_dtype", None)
    (folder / "config.json").write_text(json.dumps(config, indent=2), "utf-8")
    for name in COMPANIONS:
        if (base.directory / name).is_file():
            shutil.copyfile(base.directory / name, folder / name)


def _write_adapter(policy: Policy, folder: Path) -> None:
    tensors = {PEFT_PREFIX + name: tensor.detach().cpu().contiguous() for name, tensor in policy.tensors.items()}
    save_file(tensors, folder / ADAPTER, {"format": "pt"})
    targets = sorted(
        {name.removesuffix(".lora_A.weight") for name in policy.tensors if name.endswith(".lora_A.weight")}
    )
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": policy.base.name,
        "r": policy.choice.rank,
        "lora_alpha": int(LORA_ALPHA),
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "target_modules": sorted({name.rsplit(".", 1)[-1] for name in targets}),
    }
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2), "utf-8")


def _adapter_tensors(source: Path) -> Params:
    """Factors under our names, rescaled when the adapter was made with another α."""
    config = json.loads((source / "adapter_config.json").read_text("utf-8"))
    alpha = float(config.get("lora_alpha", LORA_ALPHA))
    tensors = {name.removeprefix(PEFT_PREFIX): tensor for name, tensor in load_file(source / ADAPTER).items()}
    if alpha != LORA_ALPHA:
        for name in tensors:
            if name.endswith(".lora_B.weight"):
                tensors[name] = tensors[name] * (alpha / LORA_ALPHA)
    return tensors


def _check_shapes(policy: Policy, found: Params, source: Path) -> None:
    expected = policy.tensors
    missing, extra = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing or extra:
        raise CheckpointError(f"{source} does not fit this model: missing {missing[:3]}, unknown {extra[:3]}")
    for name, tensor in found.items():
        if tensor.shape != expected[name].shape:
            raise CheckpointError(
                f"{source} does not fit this model: {name} is {list(tensor.shape)}, not {list(expected[name].shape)}"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(f"{source} holds numbers that are not finite in {name}")


def _write_optimizer(policy: Policy, folder: Path) -> None:
    moments = policy.moments
    assert moments is not None
    tensors = {}
    for name, mean, square in zip(policy.tensors, moments.mean, moments.square, strict=True):
        tensors[f"exp_avg.{name}"] = mean.cpu().contiguous()
        tensors[f"exp_avg_sq.{name}"] = square.cpu().contiguous()
    save_file(tensors, folder / OPTIMIZER)
    (folder / "optimizer.json").write_text(json.dumps({"algorithm": "adamw", "step": moments.step}), "utf-8")


def _read_optimizer(policy: Policy, source: Path) -> Moments | None:
    """None, as for a fresh policy, when the checkpoint was saved before any optimiser step."""
    if not (source / OPTIMIZER).is_file():
        return None
    found = load_file(source / OPTIMIZER)
    step = int(json.loads((source / "optimizer.json").read_text("utf-8"))["step"])
    device = policy.base.device
    try:
        mean = [found[f"exp_avg.{name}"].to(device) for name in policy.tensors]
        square = [found[f"exp_avg_sq.{name}"].to(device) for name in policy.tensors]
    except KeyError as error:
        raise CheckpointError(f"{source} has an optimiser state without {error}") from None
    return Moments(step, mean, square)
