"""Sampling in lockstep: each distinct prompt is read once for all its completions, finished rows leave the batch."""

from dataclasses import dataclass

import torch
from rzero_engine.demo.tokenizer import END_ID, PAD_ID
from torch.nn import functional as F

from demo_baseline.model import Shape, Weights, causal_attention, causal_states, decode, logits

CHUNK = 1024  # completions at a time
FINISHED_SHARE = 0.2  # of the rows that must have finished before the caches are copied without them


@dataclass(frozen=True)
class Completion:
    """Tokens with the end token if it was reached, and the log-probability of each when it was sampled."""

    ids: list[int]
    logprobs: list[float]


@torch.no_grad()
def sample(
    shape: Shape,
    weights: Weights,
    prompts: list[list[int]],
    count: int,
    longest: int,
    generator: torch.Generator,
    greedy: bool = False,
) -> list[list[Completion]]:
    """`count` completions of at most `longest` tokens for each prompt, at temperature 1 or greedy."""
    owners = [i for i in range(len(prompts)) for _ in range(count)]
    owners.sort(key=lambda i: len(prompts[i]))  # rows of like length share a chunk
    completions: list[list[Completion]] = [[] for _ in prompts]
    for start in range(0, len(owners), CHUNK):
        chunk = owners[start : start + CHUNK]
        rows = _sample_chunk(shape, weights, [prompts[i] for i in chunk], longest, generator, greedy)
        for owner, completion in zip(chunk, rows, strict=True):
            completions[owner].append(completion)
    return completions


def _sample_chunk(
    shape: Shape, weights: Weights, prompts: list[list[int]], longest: int, generator: torch.Generator, greedy: bool
) -> list[Completion]:
    scores, keys, values, position = _read_prompts(shape, weights, prompts, longest)
    total = len(prompts)
    tokens = torch.zeros(total, longest, dtype=torch.long)
    logprobs = torch.zeros(total, longest)
    lengths = torch.full((total,), longest)
    rows = torch.arange(total)
    finished = torch.zeros(total, dtype=torch.bool)
    columns = torch.arange(keys[0].shape[2])
    for step in range(longest):
        token, logprob = _pick(scores, generator, greedy)
        tokens[rows, step] = token
        logprobs[rows, step] = logprob
        ending = (token == END_ID) & ~finished
        lengths[rows[ending]] = step + 1
        finished |= ending
        if bool(finished.all()) or step == longest - 1:
            break
        if int(finished.sum()) > FINISHED_SHARE * len(rows):
            running = ~finished
            keys = [k[running] for k in keys]
            values = [v[running] for v in values]
            rows, token, position = rows[running], token[running], position[running]
            finished = finished[running]
        scores = _next_scores(shape, weights, token, position, keys, values, columns)
        position = position + 1
    return [
        Completion(ids[:length], own[:length])
        for ids, own, length in zip(tokens.tolist(), logprobs.tolist(), lengths.tolist(), strict=True)
    ]


def _read_prompts(
    shape: Shape, weights: Weights, prompts: list[list[int]], longest: int
) -> tuple[torch.Tensor, list[torch.Tensor], list[torch.Tensor], torch.Tensor]:
    """First scores (rows, vocabulary), each layer's caches (rows, heads, room, head size), prompt lengths (rows,)."""
    places: dict[tuple[int, ...], int] = {}
    for prompt in prompts:
        places.setdefault(tuple(prompt), len(places))
    lengths = torch.tensor([len(prompt) for prompt in places])
    ids = padded([list(prompt) for prompt in places])
    keys: list[torch.Tensor] = []
    values: list[torch.Tensor] = []

    def attention(layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        keys.append(k)
        values.append(v)
        return causal_attention(layer, q, k, v)

    states = causal_states(shape, weights, ids, attention)
    last = states[torch.arange(len(places)), lengths - 1]
    place = torch.tensor([places[tuple(prompt)] for prompt in prompts])
    room = (0, 0, 0, longest)
    return (
        logits(weights, last)[place],
        [F.pad(k[place], room) for k in keys],
        [F.pad(v[place], room) for v in values],
        lengths[place],
    )


def _next_scores(
    shape: Shape,
    weights: Weights,
    token: torch.Tensor,
    position: torch.Tensor,
    keys: list[torch.Tensor],
    values: list[torch.Tensor],
    columns: torch.Tensor,
) -> torch.Tensor:
    """Scores (rows, vocabulary) after one more token a row, which goes into the caches at the row's own position."""
    width = int(position.max()) + 1
    visible = (columns[:width] <= position[:, None])[:, None, None]
    row = torch.arange(len(token))

    def attention(layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        keys[layer][row, :, position] = k[:, :, 0]
        values[layer][row, :, position] = v[:, :, 0]
        return F.scaled_dot_product_attention(
            q, keys[layer][:, :, :width], values[layer][:, :, :width], attn_mask=visible
        )

    cosines, sines = shape.cosines[position][:, None, None], shape.sines[position][:, None, None]
    return logits(weights, decode(shape, weights, token[:, None], cosines, sines, attention)[:, 0])


def _pick(scores: torch.Tensor, generator: torch.Generator, greedy: bool) -> tuple[torch.Tensor, torch.Tensor]:
    scores[:, PAD_ID] = -torch.inf
    logprobs = scores.log_softmax(-1)
    if greedy:
        token = logprobs.argmax(-1)
    else:
        # The inverse of the cumulative distribution; a uniform of exactly 0 would choose the masked padding.
        uniform = torch.rand(len(scores), 1, generator=generator).clamp_min(1e-7)
        token = (logprobs.exp().cumsum(-1) < uniform).sum(-1).clamp_max(scores.shape[1] - 1)
    return token, logprobs.gather(1, token[:, None])[:, 0]


def padded(rows: list[list[int]]) -> torch.Tensor:
    """Token rows side by side, (rows, longest), padded on the right."""
    width = max(len(row) for row in rows)
    return torch.tensor([row + [PAD_ID] * (width - len(row)) for row in rows])
