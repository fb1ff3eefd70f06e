"""A LoRA adapter merged into its base model: a Hugging Face folder with all parameters, W + (α / r) · B A."""

import json
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

from rzero_engine.manifest import CheckpointError
from rzero_engine.weights import ADAPTER, COMPANIONS, FULL, PEFT_PREFIX


def merge_adapter(model: Path, adapter: Path, out: Path) -> None:
    """Writes `out` (a folder that exists). Sums are taken in float32, weights keep the base's precision.

    Only the base's shards are held in memory, one after the other, and the adapter.

    @raises CheckpointError when the adapter names a layer that the base does not have.
    """
    settings = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    scale = float(settings["lora_alpha"]) / int(settings["r"])
    factors = {name.removeprefix(PEFT_PREFIX): tensor for name, tensor in load_file(adapter / ADAPTER).items()}
    layers = {name.removesuffix(".lora_A.weight") for name in factors if name.endswith(".lora_A.weight")}
    shards = _shards(model)
    merged: set[str] = set()
    for shard in shards:
        tensors = load_file(model / shard)
        for name in [name for name in tensors if name.removesuffix(".weight") in layers]:
            layer = name.removesuffix(".weight")
            down, up = factors[f"{layer}.lora_A.weight"].float(), factors[f"{layer}.lora_B.weight"].float()
            tensors[name] = (tensors[name].float() + scale * (up @ down)).to(tensors[name].dtype)
            merged.add(layer)
        save_file(tensors, out / shard, {"format": "pt"})
    if missing := sorted(layers - merged):
        raise CheckpointError(f"{adapter} changes {missing[:3]}, which {model} does not store: it cannot be merged")
    names = ("config.json", *COMPANIONS, *(("model.safetensors.index.json",) if shards != [FULL] else ()))
    for name in names:
        if (model / name).is_file():
            shutil.copyfile(model / name, out / name)


def _shards(model: Path) -> list[str]:
    index = model / "model.safetensors.index.json"
    if index.is_file():
        return sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
    if not (model / FULL).is_file():
        raise CheckpointError(f"{model} has no {FULL}: weights must be in safetensors format")
    return [FULL]
