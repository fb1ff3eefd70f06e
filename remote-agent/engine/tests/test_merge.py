"""An adapter merged into its base: W + (α / r) · B A in the base's precision, shard by shard."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from rzero_engine.manifest import CheckpointError
from rzero_engine.merge import merge_adapter


@pytest.fixture
def folders(tmp_path):
    base, adapter, out = (tmp_path / name for name in ("base", "adapter", "out"))
    for folder in (base, adapter, out):
        folder.mkdir()
    generator = torch.Generator().manual_seed(0)
    weights = {f"model.layers.{i}.q_proj.weight": torch.randn(6, 4, generator=generator) for i in range(2)}
    shards = [f"model-0000{i + 1}-of-00002.safetensors" for i in range(2)]
    for name, shard in zip(weights, shards, strict=True):
        save_file({name: weights[name].bfloat16(), f"{name}.other": torch.ones(2)}, base / shard)
    index = {"weight_map": {name: shard for name, shard in zip(weights, shards, strict=True)}}
    (base / "model.safetensors.index.json").write_text(json.dumps(index))
    for name in ("config.json", "tokenizer.json", "generation_config.json"):
        (base / name).write_text("{}")
    return base, adapter, out


def write_adapter(folder, layer: str) -> tuple[torch.Tensor, torch.Tensor]:
    down, up = torch.randn(2, 4), torch.randn(6, 2)
    save_file(
        {
            f"base_model.model.{layer}.lora_A.weight": down,
            f"base_model.model.{layer}.lora_B.weight": up,
        },
        folder / "adapter_model.safetensors",
    )
    (folder / "adapter_config.json").write_text(json.dumps({"r": 2, "lora_alpha": 32}))
    return down, up


def test_the_adapted_layer_changes_and_everything_else_stays(folders):
    base, adapter, out = folders
    down, up = write_adapter(adapter, "model.layers.1.q_proj")
    merge_adapter(base, adapter, out)
    for shard in sorted(base.glob("*.safetensors")):
        before, after = load_file(shard), load_file(out / shard.name)
        assert after.keys() == before.keys()
        for name, tensor in before.items():
            assert after[name].dtype == tensor.dtype
            expected = tensor
            if name == "model.layers.1.q_proj.weight":
                expected = (tensor.float() + 16.0 * (up @ down)).bfloat16()
                assert not torch.equal(expected, tensor)
            assert torch.equal(after[name], expected)
    copied = {path.name for path in out.iterdir()}
    assert {"config.json", "tokenizer.json", "generation_config.json", "model.safetensors.index.json"} <= copied


def test_an_adapter_of_another_model_is_refused(folders):
    base, adapter, out = folders
    write_adapter(adapter, "model.layers.7.q_proj")
    with pytest.raises(CheckpointError, match=r"model\.layers\.7\.q_proj.*cannot be merged"):
        merge_adapter(base, adapter, out)
