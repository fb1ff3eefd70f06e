"""Log-probabilities of target tokens, and statistics that need the whole vocabulary, in chunks of tokens."""

import math
from collections.abc import Callable

import torch
from torch.utils.checkpoint import checkpoint

# Logits held at once: 2²⁵ float32 are 128 MB, whatever the size of the vocabulary.
CHUNK_ELEMENTS = 1 << 25


def token_logprobs(
    logits_of: Callable[[torch.Tensor], torch.Tensor],
    states: torch.Tensor,
    targets: torch.Tensor,
    temperature: float,
    vocab_size: int,
    statistics: bool,
    entropy: bool,
) -> dict[str, torch.Tensor]:
    """`logprobs` (n,) of targets (n,) given states (n, d), at `temperature`; differentiable.

    With `statistics` also, without gradient: `entropy`, `self_certainty` = KL(uniform‖p) and `top_gap` = top-1 − top-2
    probability; with `entropy` that one alone.
    """

    def chunk(part: torch.Tensor, wanted: torch.Tensor) -> tuple[torch.Tensor, ...]:
        logits = logits_of(part)
        if temperature != 1:
            logits = logits / temperature
        log_p = torch.log_softmax(logits, -1)
        chosen = log_p.gather(-1, wanted[:, None])[:, 0]
        if not (statistics or entropy):
            return (chosen,)
        with torch.no_grad():
            p = log_p.detach().exp()
            # A probability of exactly 0 adds nothing: 0·log 0 = 0.
            extra = [-torch.nansum(p * log_p, -1)]
            if statistics:
                extra.append(-log_p.mean(-1) - math.log(vocab_size))
                top = p.topk(2, -1).values
                extra.append(top[:, 0] - top[:, 1])
        return (chosen, *extra)

    size = max(1, CHUNK_ELEMENTS // vocab_size)
    pieces = []
    for part, wanted in zip(states.split(size), targets.split(size), strict=True):
        if torch.is_grad_enabled() and len(states) > size:
            pieces.append(checkpoint(chunk, part, wanted, use_reentrant=False))
        else:
            pieces.append(chunk(part, wanted))
    names = ("logprobs", "entropy", "self_certainty", "top_gap")
    return {name: torch.cat(columns) for name, columns in zip(names, zip(*pieces, strict=True), strict=False)}
