"""A policy: named tensors laid over the frozen base — LoRA factors, or every parameter at rank 0."""

import torch

from rzero_engine.adamw import AdamParams, Moments, adamw_step, global_norm
from rzero_engine.base import Base
from rzero_engine.decoder import Params
from rzero_engine.errors import UserJobError
from rzero_engine.lora import LoraChoice, initial_factors


def lay_over(base: Base, tensors: Params) -> Params:
    """The parameters the forward sees: the base's, with the policy's in the working precision on top."""
    return {**base.params, **{name: tensor.to(base.dtype) for name, tensor in tensors.items()}}


class Policy:
    """Owned by the worker thread. Tensors are float32 and replaced, never changed, so a snapshot is a dict copy."""

    def __init__(self, base: Base, choice: LoraChoice, seed: int) -> None:
        self.base = base
        self.choice = choice
        start = initial_factors(base, choice, seed) if choice.rank else base.params
        self.tensors: Params = {name: t.detach().float().requires_grad_() for name, t in start.items()}
        self.moments: Moments | None = None
        self.gradients: list[torch.Tensor] | None = None
        self.pending = 0  # batches whose gradients wait for an optimiser step
        self.version = 0  # optimiser steps and loads so far

    def effective(self) -> Params:
        return lay_over(self.base, self.tensors)

    def trainable(self) -> list[torch.Tensor]:
        return list(self.tensors.values())

    def snapshot(self) -> Params:
        return {name: tensor.detach() for name, tensor in self.tensors.items()}

    def accumulate(self, gradients: list[torch.Tensor]) -> None:
        if self.gradients is None:
            self.gradients = gradients
        else:
            torch._foreach_add_(self.gradients, gradients)
        self.pending += 1

    def optim_step(self, settings: AdamParams) -> tuple[float, bool]:
        """(gradient norm before clipping, skipped). A norm that is not finite only drops the gradients."""
        if self.gradients is None:
            raise UserJobError("optim_step: no gradients have been accumulated since the last step")
        gradients, self.gradients, self.pending = self.gradients, None, 0
        norm = global_norm(gradients)
        if norm - norm != 0:  # infinite or NaN
            return norm, True
        if self.moments is None:
            self.moments = Moments.zeros(self.trainable())
        updated = adamw_step(self.trainable(), gradients, norm, self.moments, settings)
        self.tensors = dict(zip(self.tensors, updated, strict=True))
        self.version += 1
        return norm, False

    def replace(self, tensors: Params, moments: Moments | None) -> None:
        self.tensors = {name: tensors[name].float().requires_grad_() for name in self.tensors}
        self.moments = moments
        self.version += 1
