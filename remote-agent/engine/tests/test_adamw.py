"""AdamW against torch.optim.AdamW; clipping, skipping, and snapshots that later steps do not touch."""

import math

import pytest
import torch

from rzero_engine.adamw import AdamParams, Moments, adamw_step, global_norm
from rzero_engine.base import Base
from rzero_engine.errors import UserJobError
from rzero_engine.lora import LoraChoice
from rzero_engine.policy import Policy

SETTINGS = AdamParams(3e-3, 0.9, 0.99, 1e-8, 0.02, 0.0)


def test_steps_equal_torch() -> None:
    generator = torch.Generator().manual_seed(0)
    mine = [torch.randn(5, 3, generator=generator), torch.randn(7, generator=generator)]
    theirs = [p.clone().requires_grad_() for p in mine]
    reference = torch.optim.AdamW(theirs, lr=3e-3, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.02)
    moments = Moments.zeros(mine)
    for _ in range(20):
        gradients = [torch.randn(p.shape, generator=generator) for p in mine]
        for p, g in zip(theirs, gradients, strict=True):
            p.grad = g.clone()
        reference.step()
        mine = adamw_step(mine, gradients, global_norm(gradients), moments, SETTINGS)
        for a, b in zip(mine, theirs, strict=True):
            torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-6)


def test_clipping_equals_torch() -> None:
    gradients = [torch.tensor([3.0, 4.0]), torch.tensor([12.0])]
    assert global_norm(gradients) == pytest.approx(13)
    settings = AdamParams(0.1, 0.0, 0.0, 1.0, 0.0, 1.3)
    (first, second) = adamw_step([torch.zeros(2), torch.zeros(1)], gradients, 13.0, Moments.zeros(gradients), settings)
    clipped = torch.tensor([0.3, 0.4, 1.2])
    torch.testing.assert_close(torch.cat((first, second)).detach(), -0.1 * clipped / (clipped.abs() + 1))


def test_a_norm_that_is_not_finite_changes_nothing(base: Base) -> None:
    policy = Policy(base, LoraChoice(2, True, False, False), 0)
    policy.accumulate([torch.ones_like(p) for p in policy.trainable()])
    policy.optim_step(SETTINGS)
    before, moments = policy.snapshot(), [m.clone() for m in policy.moments.mean]
    policy.accumulate([torch.full_like(p, math.inf) for p in policy.trainable()])
    norm, skipped = policy.optim_step(SETTINGS)
    assert skipped and math.isinf(norm) and policy.pending == 0 and policy.moments.step == 1
    assert all(torch.equal(before[name], tensor) for name, tensor in policy.tensors.items())
    assert all(torch.equal(a, b) for a, b in zip(moments, policy.moments.mean, strict=True))


def test_gradients_add_up_until_the_step(base: Base) -> None:
    one, two = (Policy(base, LoraChoice(2, True, True, True), 3) for _ in range(2))
    half = [torch.full_like(p, 0.25) for p in one.trainable()]
    one.accumulate([g.clone() for g in half])
    one.accumulate([g.clone() for g in half])
    two.accumulate([2 * g for g in half])
    assert one.optim_step(SETTINGS) == two.optim_step(SETTINGS)
    assert all(torch.equal(one.tensors[name], tensor) for name, tensor in two.tensors.items())


def test_a_step_without_gradients_is_refused(base: Base) -> None:
    with pytest.raises(UserJobError, match="no gradients"):
        Policy(base, LoraChoice(2, True, True, False), 0).optim_step(SETTINGS)


def test_training_one_policy_touches_no_snapshot_no_other_policy_and_not_the_base(base: Base) -> None:
    frozen = {name: tensor.clone() for name, tensor in base.params.items()}
    first, second = (Policy(base, LoraChoice(0, True, True, False), 0) for _ in range(2))
    snapshot = first.snapshot()
    copies = {name: tensor.clone() for name, tensor in snapshot.items()}
    first.accumulate([torch.ones_like(p) for p in first.trainable()])
    first.optim_step(SETTINGS)
    assert not any(torch.equal(first.tensors[name], frozen[name]) for name in frozen)
    for name, tensor in frozen.items():
        assert torch.equal(base.params[name], tensor)
        assert torch.equal(second.tensors[name], tensor)
        assert torch.equal(snapshot[name], copies[name])
