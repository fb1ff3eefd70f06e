"""Token losses: pure functions of log-probabilities. Sums over tokens are taken by the caller, nothing is normalised.

lp = log p(target), q = `logprobs` of the behaviour policy, r = exp(lp − q), A = `advantages`, w = `weights`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

Inputs = dict[str, torch.Tensor]
Config = dict[str, float]
TokenLoss = Callable[[torch.Tensor, Inputs, Config], torch.Tensor]


@dataclass(frozen=True)
class Loss:
    """`required` are the loss_fn_inputs it cannot do without, `defaults` its loss_fn_config."""

    token_loss: TokenLoss
    required: tuple[str, ...]
    defaults: Config


def _ratio(lp: torch.Tensor, inputs: Inputs) -> torch.Tensor:
    return torch.exp(lp - inputs["logprobs"])


def _masked(loss: torch.Tensor, inputs: Inputs) -> torch.Tensor:
    """Positions of weight 0 are left out; the size of a weight is ignored."""
    weights = inputs.get("weights")
    return loss if weights is None else torch.where(weights != 0, loss, torch.zeros_like(loss))


def cross_entropy(lp: torch.Tensor, inputs: Inputs, config: Config) -> torch.Tensor:
    return -inputs["weights"] * lp


def importance_sampling(lp: torch.Tensor, inputs: Inputs, config: Config) -> torch.Tensor:
    return _masked(-_ratio(lp, inputs) * inputs["advantages"], inputs)


def ppo(lp: torch.Tensor, inputs: Inputs, config: Config) -> torch.Tensor:
    ratio, advantages = _ratio(lp, inputs), inputs["advantages"]
    clipped = ratio.clamp(config["clip_low_threshold"], config["clip_high_threshold"])
    return _masked(-torch.minimum(ratio * advantages, clipped * advantages), inputs)


def grpo_kl(lp: torch.Tensor, inputs: Inputs, config: Config) -> torch.Tensor:
    """w·(ℓ + β·k3): clipped surrogate, dual clip for A < 0 (arXiv 1912.09729), k3 estimate of KL(π‖π_ref)."""
    ratio, advantages = _ratio(lp, inputs), inputs["advantages"]
    clipped = ratio.clamp(config["clip_low"], config["clip_high"])
    loss = torch.maximum(-advantages * ratio, -advantages * clipped)
    capped = torch.minimum(loss, -config["dual_clip"] * advantages)
    loss = torch.where(advantages < 0, capped, loss)
    if config["kl_coef"] > 0:
        loss = loss + config["kl_coef"] * k3(lp, inputs["ref_logprobs"])
    # Not w·ℓ where w = 0: an overflowed ratio there would turn 0·∞ into NaN.
    weights = inputs["weights"]
    return torch.where(weights != 0, weights * loss, torch.zeros_like(loss))


def k3(lp: torch.Tensor, ref_logprobs: torch.Tensor) -> torch.Tensor:
    """exp(d) − d − 1 with d = log π_ref − log π, clamped to [−10, 10]."""
    d = ref_logprobs - lp
    return (torch.exp(d) - d - 1).clamp(-10, 10)


LOSSES: dict[str, Loss] = {
    "cross_entropy": Loss(cross_entropy, ("target_tokens", "weights"), {}),
    "importance_sampling": Loss(importance_sampling, ("target_tokens", "logprobs", "advantages"), {}),
    "ppo": Loss(
        ppo,
        ("target_tokens", "logprobs", "advantages"),
        {"clip_low_threshold": 0.8, "clip_high_threshold": 1.2},
    ),
    "grpo_kl": Loss(
        grpo_kl,
        ("target_tokens", "weights", "logprobs", "advantages"),
        {"clip_low": 0.8, "clip_high": 1.3, "dual_clip": 3.0, "kl_coef": 0.0},
    ),
}
