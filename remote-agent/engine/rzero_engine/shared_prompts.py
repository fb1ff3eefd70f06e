"""Rollouts of one question begin with the same prompt: its states are computed once per micro-batch, for all of them.

In R-Zero 4 to 128 completions follow one prompt, so where prompts are as long as answers this halves the work.
"""

from dataclasses import dataclass

import numpy as np
import torch

from rzero_engine.datums import Batch
from rzero_engine.rows import pad_right

# Below this share of tokens saved, the mask that shared attention needs costs more than it brings.
WORTHWHILE = 0.2


@dataclass(frozen=True)
class Sharing:
    """Of each datum: the length of its prompt, and the number of the group with that very prompt."""

    prompt_length: np.ndarray
    group: np.ndarray


@dataclass(frozen=True)
class SharedRows:
    """A micro-batch as distinct prompts (P, longest) and own parts (R, longest), both right-padded.

    `packed` (tokens,) finds each datum's states, in order, in the flattened states of prompts and then own parts.
    """

    prompts: torch.Tensor
    prompt_lengths: torch.Tensor
    own: torch.Tensor
    group: torch.Tensor
    packed: torch.Tensor


def find_sharing(batch: Batch) -> Sharing | None:
    """A datum's prompt ends with the token before the first target of weight ≠ 0. None when sharing saves little."""
    if "weights" not in batch.inputs:
        return None
    numbers: dict[bytes, int] = {}
    lengths, groups, saved = [], [], 0
    for tokens, weights in zip(batch.tokens, batch.inputs["weights"], strict=True):
        length = int(np.argmax(weights != 0)) + 1 if weights.any() else len(tokens)
        prompt = tokens[:length].tobytes()
        saved += length if prompt in numbers else 0
        number = numbers.setdefault(prompt, len(numbers))
        lengths.append(length)
        groups.append(number)
    total = sum(len(tokens) for tokens in batch.tokens)
    return Sharing(np.array(lengths), np.array(groups)) if saved > WORTHWHILE * total else None


def shared_micro_batches(lengths: np.ndarray, sharing: Sharing, budget: int) -> list[np.ndarray]:
    """Row numbers, groups together and the longest first, cut so that padded prompts and own parts fit the budget."""
    longest = np.zeros(int(sharing.group.max()) + 1, np.int64)
    np.maximum.at(longest, sharing.group, lengths)
    order = np.lexsort((np.arange(len(lengths)), -lengths, sharing.group, -longest[sharing.group]))
    batches: list[list[int]] = []
    prompts: set[int] = set()
    widest = deepest = 0
    for row in order.tolist():
        prompt, group = int(sharing.prompt_length[row]), int(sharing.group[row])
        own = int(lengths[row]) - prompt
        widest, deepest = max(widest, prompt), max(deepest, own)
        prompts.add(group)
        if batches and len(prompts) * widest + (len(batches[-1]) + 1) * deepest <= budget:
            batches[-1].append(row)
        else:
            batches.append([row])
            prompts, widest, deepest = {group}, prompt, own
    return [np.array(rows) for rows in batches]


def shared_rows(tokens: list[np.ndarray], lengths: np.ndarray, groups: np.ndarray, device: torch.device) -> SharedRows:
    """`lengths` and `groups` are a Sharing's, of these rows."""
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    prompts, prompt_lengths = pad_right([tokens[i][: lengths[i]] for i in first], device)
    own, _ = pad_right([row[length:] for row, length in zip(tokens, lengths, strict=True)], device)
    sizes = np.fromiter((len(row) for row in tokens), np.int64, len(tokens))
    row = np.repeat(np.arange(len(tokens)), sizes)
    position = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    in_prompt = group[row] * prompts.shape[1] + position
    in_own = prompts.numel() + row * own.shape[1] + position - lengths[row]
    packed = np.where(position < lengths[row], in_prompt, in_own)
    return SharedRows(prompts, prompt_lengths, own, *(torch.from_numpy(a).to(device) for a in (group, packed)))
