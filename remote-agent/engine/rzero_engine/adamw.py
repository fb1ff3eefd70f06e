"""AdamW (arXiv 1711.05101) over a list of tensors. New parameters are new tensors, so snapshots keep the old ones."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class AdamParams:
    learning_rate: float
    beta1: float
    beta2: float
    eps: float
    weight_decay: float
    grad_clip_norm: float  # 0 = no clipping


@dataclass
class Moments:
    step: int
    mean: list[torch.Tensor]
    square: list[torch.Tensor]

    @staticmethod
    def zeros(like: list[torch.Tensor]) -> "Moments":
        return Moments(
            0,
            [torch.zeros_like(p, requires_grad=False) for p in like],
            [torch.zeros_like(p, requires_grad=False) for p in like],
        )


def global_norm(gradients: list[torch.Tensor]) -> float:
    """Euclidean norm over all tensors, accumulated in float64."""
    squares = [norm.double() ** 2 for norm in torch._foreach_norm(gradients)]
    return float(torch.stack(squares).sum().sqrt())


@torch.no_grad()
def adamw_step(
    parameters: list[torch.Tensor], gradients: list[torch.Tensor], norm: float, moments: Moments, settings: AdamParams
) -> list[torch.Tensor]:
    """Updates `moments` in place and returns the new parameters; `gradients` are used up."""
    if 0 < settings.grad_clip_norm < norm:
        torch._foreach_mul_(gradients, settings.grad_clip_norm / norm)
    moments.step += 1
    torch._foreach_lerp_(moments.mean, gradients, 1 - settings.beta1)
    torch._foreach_mul_(moments.square, settings.beta2)
    torch._foreach_addcmul_(moments.square, gradients, gradients, 1 - settings.beta2)
    scale = torch._foreach_sqrt(moments.square)
    torch._foreach_div_(scale, (1 - settings.beta2**moments.step) ** 0.5)
    torch._foreach_add_(scale, settings.eps)
    updated = torch._foreach_mul(parameters, 1 - settings.learning_rate * settings.weight_decay)
    torch._foreach_addcdiv_(updated, moments.mean, scale, -settings.learning_rate / (1 - settings.beta1**moments.step))
    return [p.requires_grad_() for p in updated]
