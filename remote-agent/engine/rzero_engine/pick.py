"""From logits to tokens: temperature, top-k, top-p, then the inverse of the cumulative distribution at a uniform."""

from dataclasses import dataclass

import torch

# float64 elements worked on at once: 64 MB, whatever the vocabulary.
CHUNK_ELEMENTS = 1 << 23
# So many likeliest tokens are looked at before a whole vocabulary is sorted, if that is so many times as large.
NUCLEUS, WORTH_SELECTING = 1 << 11, 4


@dataclass(frozen=True)
class Shape:
    """How logits become the sampled distribution. `temperature` 0 is greedy; `top_k` 0 and `top_p` 1 are off."""

    temperature: float
    top_k: int
    top_p: float
    banned: int | None  # a token that is never sampled (padding)


def pick(logits: torch.Tensor, u: torch.Tensor, shape: Shape) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens (R,) int64 and their log-probabilities (R,) float64 under the distribution that was sampled.

    `logits` (R, vocabulary); `u` (R,) float64 in [0, 1). Greedy choices are scored at temperature 1.
    """
    size = max(1, CHUNK_ELEMENTS // logits.shape[1])
    pieces = [_pick(*part, shape) for part in zip(logits.split(size), u.split(size), strict=True)]
    if len(pieces) == 1:
        return pieces[0]
    tokens, logprobs = zip(*pieces, strict=True)
    return torch.cat(tokens), torch.cat(logprobs)


def _pick(logits: torch.Tensor, u: torch.Tensor, shape: Shape) -> tuple[torch.Tensor, torch.Tensor]:
    z = logits.double()
    if shape.banned is not None:
        z[:, shape.banned] = -torch.inf
    if shape.temperature == 0:
        top, tokens = z.max(-1)
        return tokens, top - torch.logsumexp(z, -1)
    z = z.sub_(z.amax(-1, keepdim=True)).div_(shape.temperature)
    if 0 < shape.top_k < z.shape[1]:
        _keep_from(z, z.topk(shape.top_k, -1).values[:, -1:])
    if shape.top_p < 1:
        _keep_from(z, _nucleus_border(z, shape.top_p))
    cumulative = z.exp().cumsum(-1)
    total = cumulative[:, -1]
    tokens = torch.searchsorted(cumulative, (u * total)[:, None], right=True)[:, 0]
    # Rounding can push u·total up to total itself: then the last token that has any mass.
    over = tokens >= z.shape[1]
    if over.any():
        tokens[over] = torch.searchsorted(cumulative[over], total[over][:, None])[:, 0]
    return tokens, z.gather(-1, tokens[:, None])[:, 0] - total.log()


def _nucleus_border(z: torch.Tensor, top_p: float) -> torch.Tensor:
    """The smallest logit (R, 1) of the smallest set of tokens whose probabilities sum to `top_p`.

    Sorting a vocabulary of 49,000 costs half a forward of a model of 135 million parameters, so the likeliest tokens
    are tried first; only rows whose set is larger are sorted whole. What a row gets depends on that row alone.
    """
    few = NUCLEUS if z.shape[1] >= WORTH_SELECTING * NUCLEUS else z.shape[1]
    total = z.logsumexp(-1, keepdim=True)
    border, covered = _border_within(z, few, total, top_p)
    if not bool(covered.all()):
        rest = ~covered
        border[rest], _ = _border_within(z[rest], z.shape[1], total[rest], top_p)
    return border


def _border_within(z: torch.Tensor, few: int, total: torch.Tensor, top_p: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The border if it lies among the `few` likeliest tokens, and whether it does (R,)."""
    whole = few == z.shape[1]
    ordered = z.sort(-1, descending=True).values if whole else z.topk(few, -1).values
    mass = (ordered - total).exp()
    before = mass.cumsum(-1) - mass
    inside = (before < top_p).sum(-1, keepdim=True)
    border = ordered.gather(-1, inside.clamp(min=1, max=few) - 1)
    return border, (inside[:, 0] < few) | whole


def _keep_from(z: torch.Tensor, threshold: torch.Tensor) -> None:
    """Ties with the threshold are kept: which of two equal tokens survives must not depend on a sort."""
    z.masked_fill_(z < threshold, -torch.inf)
