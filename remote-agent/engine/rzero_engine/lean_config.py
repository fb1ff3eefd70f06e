"""Which models the lean forward covers, read from a Hugging Face `config.json`."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LeanConfig:
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    eps: float
    rope_theta: float
    tied: bool
    qk_norm: bool
    vocab_size: int
    context_length: int


def lean_config(config: dict[str, Any]) -> LeanConfig | None:
    """None when the model has anything the lean forward does not compute: another family, scaled rope, windows."""
    if config.get("model_type") not in ("llama", "qwen2", "qwen3") or config.get("hidden_act", "silu") != "silu":
        return None
    if config.get("use_sliding_window") or config.get("quantization_config"):
        return None
    if any(kind != "full_attention" for kind in config.get("layer_types") or []):
        return None
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if rope.get("rope_type", rope.get("type", "default")) != "default":
        return None
    heads = config["num_attention_heads"]
    return LeanConfig(
        hidden=config["hidden_size"],
        layers=config["num_hidden_layers"],
        heads=heads,
        kv_heads=config.get("num_key_value_heads") or heads,
        head_dim=config.get("head_dim") or config["hidden_size"] // heads,
        eps=config.get("rms_norm_eps", 1e-6),
        rope_theta=float(rope.get("rope_theta") or config.get("rope_theta") or 10000.0),
        tied=bool(config.get("tie_word_embeddings", False)),
        qk_norm=config["model_type"] == "qwen3",
        vocab_size=config["vocab_size"],
        context_length=config["max_position_embeddings"],
    )
