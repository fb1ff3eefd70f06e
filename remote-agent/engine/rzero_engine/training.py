"""Log-probabilities, losses and gradients of a batch, micro-batched under a token budget.

Losses are sums, so how a batch is cut never changes the mathematics; running out of memory halves a micro-batch.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from rzero_engine.decoder import Decoder, Params
from rzero_engine.errors import ServerJobError
from rzero_engine.lean import LeanDecoder
from rzero_engine.losses import LOSSES, k3
from rzero_engine.memory import in_pieces
from rzero_engine.rows import micro_batches, pad_right
from rzero_engine.shared_prompts import Sharing, find_sharing, shared_micro_batches, shared_rows
from rzero_engine.token_logprobs import token_logprobs
from rzero_engine.train_request import TrainRequest


@dataclass
class TrainResult:
    """`outputs[name][i]` is a float32 row as long as datum i; `gradients` is None after a plain forward."""

    outputs: dict[str, list[np.ndarray]]
    metrics: dict[str, float]
    gradients: list[torch.Tensor] | None


@dataclass
class _Sums:
    loss: float = 0.0
    tokens: int = 0
    clipped: float = 0.0
    kl: float = 0.0
    entropy: float = 0.0
    largest_ratio: float = 0.0
    gradients: list[torch.Tensor] | None = field(default=None)


def run_batch(
    decoder: Decoder,
    effective: Callable[[], Params],
    trainable: list[torch.Tensor] | None,
    request: TrainRequest,
    token_budget: int,
    device: torch.device,
) -> TrainResult:
    """`effective` lays the policy over the base; gradients (of the summed loss) are taken iff `trainable` is given."""
    batch = request.batch
    outputs: dict[str, list[np.ndarray]] = {}
    sums = _Sums()
    sharing = find_sharing(batch) if isinstance(decoder, LeanDecoder) and device.type == "cpu" else None
    if sharing is None:
        pieces = micro_batches(batch.lengths, token_budget)
    else:
        pieces = shared_micro_batches(batch.lengths, sharing, token_budget)

    def run(rows: np.ndarray) -> tuple[_Sums, dict[str, np.ndarray]]:
        states = _states(decoder, [batch.tokens[row] for row in rows], rows, sharing, device)
        return _micro_batch(decoder, states, effective, trainable, request, rows, device)

    def single(rows: np.ndarray) -> str:
        return f"a single sequence of {batch.lengths[rows[0]]} tokens"

    for rows, (piece, columns) in in_pieces(pieces, run, device, single):
        _add(sums, piece)
        ends = np.cumsum(batch.lengths[rows])[:-1]
        for name, column in columns.items():
            target = outputs.setdefault(name, [np.zeros(0, np.float32)] * len(batch.tokens))
            for row, values in zip(rows, np.split(column, ends), strict=True):
                target[row] = values
    return TrainResult(outputs, _metrics(request, sums), sums.gradients)


def _states(
    decoder: Decoder, tokens: list[np.ndarray], rows: np.ndarray, sharing: Sharing | None, device: torch.device
) -> Callable[[Params], torch.Tensor]:
    """The states (tokens, d) of some rows, packed one after the other, as a function of the parameters."""
    if sharing is not None and isinstance(decoder, LeanDecoder):
        shared = shared_rows(tokens, sharing.prompt_length[rows], sharing.group[rows], device)
        return lambda params: decoder.shared_states(params, shared)
    ids, lengths = pad_right(tokens, device)
    inside = torch.arange(ids.shape[1], device=device)[None] < lengths[:, None]
    return lambda params: decoder.states(params, ids)[inside]


def _micro_batch(
    decoder: Decoder,
    states_of: Callable[[Params], torch.Tensor],
    effective: Callable[[], Params],
    trainable: list[torch.Tensor] | None,
    request: TrainRequest,
    rows: np.ndarray,
    device: torch.device,
) -> tuple[_Sums, dict[str, np.ndarray]]:
    batch = request.batch
    inputs = {
        name: torch.from_numpy(np.concatenate([values[row] for row in rows])).to(device)
        for name, values in batch.inputs.items()
    }
    with torch.set_grad_enabled(trainable is not None):
        params = effective()
        stats = token_logprobs(
            lambda part: decoder.logits(params, part),
            states_of(params),
            inputs["target_tokens"],
            request.temperature,
            decoder.vocab_size,
            request.token_stats,
            request.loss_fn == "grpo_kl",
        )
        loss = LOSSES[request.loss_fn].token_loss(stats["logprobs"], inputs, request.config).sum()
        gradients = list(torch.autograd.grad(loss, trainable, allow_unused=True)) if trainable is not None else None
    piece = _Sums(loss=float(loss.detach()), gradients=_dense(gradients, trainable))
    if request.loss_fn == "grpo_kl":
        _measure(piece, stats, inputs, request)
    names = ["logprobs", *(("entropy", "self_certainty", "top_gap") if request.token_stats else ())]
    columns = {name: stats[name].detach().float().cpu().numpy() for name in names}
    if not np.isfinite(columns["logprobs"]).all():
        raise ServerJobError(
            "the model gives log-probabilities that are not finite: its weights are damaged, load an earlier checkpoint"
        )
    return piece, columns


def _dense(
    gradients: list[torch.Tensor | None] | None, trainable: list[torch.Tensor] | None
) -> list[torch.Tensor] | None:
    if gradients is None or trainable is None:
        return None
    return [torch.zeros_like(p) if g is None else g for g, p in zip(gradients, trainable, strict=True)]


def _measure(
    piece: _Sums, stats: dict[str, torch.Tensor], inputs: dict[str, torch.Tensor], request: TrainRequest
) -> None:
    """Sums over completion tokens (w ≠ 0) behind the `grpo_kl` metrics."""
    chosen = inputs["weights"] != 0
    piece.tokens = int(chosen.sum())
    if not piece.tokens:
        return
    lp, advantages = stats["logprobs"].detach()[chosen], inputs["advantages"][chosen]
    ratio = torch.exp(lp - inputs["logprobs"][chosen])
    low, high = request.config["clip_low"], request.config["clip_high"]
    piece.clipped = float((((ratio < low) & (advantages < 0)) | ((ratio > high) & (advantages > 0))).sum())
    piece.largest_ratio = float(ratio.max())
    piece.entropy = float(stats["entropy"][chosen].sum())
    if "ref_logprobs" in inputs:
        piece.kl = float(k3(lp, inputs["ref_logprobs"][chosen]).sum())


def _add(total: _Sums, piece: _Sums) -> None:
    total.loss += piece.loss
    total.tokens += piece.tokens
    total.clipped += piece.clipped
    total.kl += piece.kl
    total.entropy += piece.entropy
    total.largest_ratio = max(total.largest_ratio, piece.largest_ratio)
    if piece.gradients is not None:
        if total.gradients is None:
            total.gradients = piece.gradients
        else:
            torch._foreach_add_(total.gradients, piece.gradients)


def _metrics(request: TrainRequest, sums: _Sums) -> dict[str, float]:
    metrics = {"loss:sum": sums.loss}
    if request.loss_fn == "grpo_kl" and sums.tokens:
        metrics["clip_fraction:mean"] = sums.clipped / sums.tokens
        metrics["kl:mean"] = sums.kl / sums.tokens
        metrics["ratio:max"] = sums.largest_ratio
        metrics["entropy:mean"] = sums.entropy / sums.tokens
    # A ratio that overflows makes them infinite, which JSON cannot say; the optimiser step will report `skipped`.
    return {name: value for name, value in metrics.items() if math.isfinite(value)}
