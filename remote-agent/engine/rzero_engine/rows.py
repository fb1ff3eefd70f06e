"""Ragged token lists as padded matrices, and batches of them under a token budget."""

import numpy as np
import torch


def pad_right(rows: list[np.ndarray], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """ids (R, longest) padded with 0, lengths (R,), both int64."""
    lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
    ids = np.zeros((len(rows), max(1, int(lengths.max()))), np.int64)
    ids[np.arange(ids.shape[1])[None] < lengths[:, None]] = np.concatenate(rows)
    return torch.from_numpy(ids).to(device), torch.from_numpy(lengths).to(device)


def micro_batches(lengths: np.ndarray, budget: int) -> list[np.ndarray]:
    """Row numbers, longest first, cut so that rows × longest ≤ budget; a row longer than the budget stands alone.

    Depends on nothing but the request, so that the same request has the same numerics.
    """
    order = np.argsort(-lengths, kind="stable")
    batches, start = [], 0
    while start < len(order):
        count = max(1, budget // max(1, int(lengths[order[start]])))
        batches.append(order[start : start + count])
        start += count
    return batches
