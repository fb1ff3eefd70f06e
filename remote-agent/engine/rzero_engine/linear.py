"""A linear layer over a parameter dict: the base weight, plus LoRA factors where the dict has them."""

import torch
import torch.nn.functional as F

# As in Tinker: α is fixed, so the learning rate does not depend on the rank; y = Wx + (α/r)·B·A·x.
LORA_ALPHA = 32.0


def linear(params: dict[str, torch.Tensor], name: str, x: torch.Tensor) -> torch.Tensor:
    y = F.linear(x, params[f"{name}.weight"], params.get(f"{name}.bias"))
    return add_lora(params, name, x, y)


def add_lora(params: dict[str, torch.Tensor], name: str, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    down = params.get(f"{name}.lora_A.weight")
    if down is None:
        return y
    return y + F.linear(F.linear(x, down), params[f"{name}.lora_B.weight"]) * (LORA_ALPHA / down.shape[0])
