"""How much of a device's memory the key-value cache may take, and what is done when memory runs out."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import torch

from rzero_engine.errors import ServerJobError

T = TypeVar("T")

# Tokens of key-value cache decoded together on a CPU; more rows than that go in waves of whole rows.
CPU_WAVE_TOKENS = 1 << 16
# Of a GPU's memory: taking some rows out of the cache copies it, so twice as much is in use for a moment.
CUDA_WAVE_SHARE = 0.25


def wave_tokens(device: torch.device, token_bytes: int) -> int:
    """Tokens whose keys and values, `token_bytes` each, are held at once.

    It depends on the device's whole memory, not on what happens to be free: equal calls are cut into equal waves.
    """
    if device.type != "cuda":
        return CPU_WAVE_TOKENS
    total = torch.cuda.get_device_properties(device).total_memory
    return max(1, int(CUDA_WAVE_SHARE * total) // token_bytes)


def in_pieces(
    pieces: list[np.ndarray], run: Callable[[np.ndarray], T], device: torch.device, single: Callable[[np.ndarray], str]
) -> Iterator[tuple[np.ndarray, T]]:
    """Runs pieces of rows in their order; one that does not fit into memory is halved and tried again.

    A single row that does not fit is an error; `single` names it.
    """
    work = pieces[::-1]
    while work:
        rows = work.pop()
        try:
            result = run(rows)
        except RuntimeError as error:
            if not _out_of_memory(error):
                raise
            if len(rows) == 1:
                raise ServerJobError(f"out of memory on {single(rows)}: {error}") from error
        else:
            yield rows, result
            continue
        # Out here the failed attempt's tensors are gone. What PyTorch keeps of them is returned, so that the next
        # attempt finds one piece large enough.
        if device.type == "cuda":
            torch.cuda.empty_cache()
        half = (len(rows) + 1) // 2
        work += [rows[half:], rows[:half]]


def _out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
