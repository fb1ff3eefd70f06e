"""The demo's Qwen3 in plain torch: a dictionary of weights and the functions that apply it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

Weights = dict[str, torch.Tensor]
# (layer, queries, keys, values), each (batch, heads, time, head size) → mixed values of the queries' shape
Attention = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Shape:
    """Sizes of the architecture; `cosines` and `sines` are its rotary table, (context length, head size)."""

    layers: int
    heads: int
    head_size: int
    epsilon: float
    cosines: torch.Tensor
    sines: torch.Tensor


def load_model(folder: Path) -> tuple[Shape, Weights]:
    """A Qwen3 in the Hugging Face layout, without grouped heads and with tied embeddings.

    Raises:
        ValueError: the folder holds another architecture.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    heads, head_size = config["num_attention_heads"], config["head_dim"]
    if config["model_type"] != "qwen3" or config["num_key_value_heads"] != heads or not config["tie_word_embeddings"]:
        raise ValueError(f"{folder} is not a model of the demo: give a folder that `rzero demo` has pre-trained.")
    inverse = config["rope_parameters"]["rope_theta"] ** -(torch.arange(0, head_size, 2) / head_size)
    angles = torch.outer(torch.arange(config["max_position_embeddings"]).float(), inverse)
    angles = torch.cat([angles, angles], -1)
    shape = Shape(config["num_hidden_layers"], heads, head_size, config["rms_norm_eps"], angles.cos(), angles.sin())
    return shape, load_file(folder / "model.safetensors")


def decode(
    shape: Shape, weights: Weights, ids: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor, attention: Attention
) -> torch.Tensor:
    """Final states (batch, time, width) of tokens (batch, time); the rotary tables broadcast over heads."""
    x = F.embedding(ids, weights["model.embed_tokens.weight"])
    batch, time, _ = x.shape

    def heads(projected: torch.Tensor) -> torch.Tensor:
        return projected.view(batch, time, shape.heads, shape.head_size)

    for layer in range(shape.layers):
        own = f"model.layers.{layer}."
        h = _norm(shape, x, weights[own + "input_layernorm.weight"])
        q = heads(F.linear(h, weights[own + "self_attn.q_proj.weight"]))
        k = heads(F.linear(h, weights[own + "self_attn.k_proj.weight"]))
        v = heads(F.linear(h, weights[own + "self_attn.v_proj.weight"])).transpose(1, 2)
        q = _rotated(_norm(shape, q, weights[own + "self_attn.q_norm.weight"]).transpose(1, 2), cosines, sines)
        k = _rotated(_norm(shape, k, weights[own + "self_attn.k_norm.weight"]).transpose(1, 2), cosines, sines)
        mixed = attention(layer, q, k, v).transpose(1, 2).reshape(batch, time, -1)
        x = x + F.linear(mixed, weights[own + "self_attn.o_proj.weight"])
        h = _norm(shape, x, weights[own + "post_attention_layernorm.weight"])
        gate = F.silu(F.linear(h, weights[own + "mlp.gate_proj.weight"]))
        x = x + F.linear(gate * F.linear(h, weights[own + "mlp.up_proj.weight"]), weights[own + "mlp.down_proj.weight"])
    return _norm(shape, x, weights["model.norm.weight"])


def causal_states(
    shape: Shape, weights: Weights, ids: torch.Tensor, attention: Attention | None = None
) -> torch.Tensor:
    """Final states of whole rows (batch, time), padded on the right: what follows a token cannot reach it."""
    time = ids.shape[1]
    return decode(shape, weights, ids, shape.cosines[:time], shape.sines[:time], attention or causal_attention)


def causal_attention(layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


def logits(weights: Weights, states: torch.Tensor) -> torch.Tensor:
    """Scores of every token, (…, vocabulary)."""
    return F.linear(states, weights["model.embed_tokens.weight"])


def _norm(shape: Shape, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return F.rms_norm(x, (x.shape[-1],), weight, shape.epsilon)


def _rotated(x: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> torch.Tensor:
    first, second = x.chunk(2, -1)
    return x * cosines + torch.cat((-second, first), -1) * sines
