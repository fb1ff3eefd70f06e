"""LoRA factors (arXiv 2106.09685) as named tensors: `X.lora_A.weight` (rank, in), `X.lora_B.weight` (out, rank)."""

import math
from dataclasses import dataclass

import torch

from rzero_engine.base import Base

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj", "qkv_proj")


@dataclass(frozen=True)
class LoraChoice:
    rank: int
    attention: bool
    mlp: bool
    unembed: bool


def lora_targets(base: Base, choice: LoraChoice) -> list[str]:
    chosen = []
    for name in base.linears:
        in_attention = name.rsplit(".", 1)[-1] in ATTENTION or ".self_attn." in name or ".attn." in name
        if choice.attention if in_attention else choice.mlp:
            chosen.append(name)
    return chosen + (["lm_head"] if choice.unembed else [])


def initial_factors(base: Base, choice: LoraChoice, seed: int) -> dict[str, torch.Tensor]:
    """A as PEFT draws it (Kaiming uniform, a = √5), B zero, float32: the policy starts equal to the base."""
    generator = torch.Generator().manual_seed(seed)
    factors: dict[str, torch.Tensor] = {}
    for name in lora_targets(base, choice):
        weight = base.params.get(f"{name}.weight")
        if weight is None:  # a tied output layer
            weight = base.params["model.embed_tokens.weight"]
        outputs, inputs = weight.shape
        down = torch.empty(choice.rank, inputs)
        torch.nn.init.kaiming_uniform_(down, a=math.sqrt(5), generator=generator)
        factors[f"{name}.lora_A.weight"] = down.to(base.device)
        factors[f"{name}.lora_B.weight"] = torch.zeros(outputs, choice.rank, device=base.device)
    return factors
