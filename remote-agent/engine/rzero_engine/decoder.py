"""What training and sampling ask of a model: a pure function over a dict of named tensors.

Two implementations: `lean` (Llama, Qwen2, Qwen3; no per-call overhead) and `generic` (anything transformers can load).
"""

from typing import Protocol

import numpy as np
import torch

Params = dict[str, torch.Tensor]


class Cache(Protocol):
    """Keys and values of a batch of rows that are being decoded."""

    def select(self, rows: torch.Tensor) -> "Cache":
        """A cache whose row i is row `rows[i]` of this one: fan-out (repeats) and compaction (a subset)."""
        ...


class Decoder(Protocol):
    vocab_size: int
    context_length: int
    cache_token_bytes: int  # keys and values of one token, all layers

    def states(self, params: Params, ids: torch.Tensor) -> torch.Tensor:
        """Causal states (B, T, d) of right-padded ids (B, T); what stands after a row's end is never looked at."""
        ...

    def logits(self, params: Params, states: torch.Tensor) -> torch.Tensor:
        """float32 logits (n, vocabulary) of states (n, d)."""
        ...

    def prefill(self, params: Params, prompts: list[np.ndarray]) -> tuple[torch.Tensor, Cache]:
        """Logits (P, vocabulary) after each prompt, and a cache with one row per prompt."""
        ...

    def step(self, params: Params, cache: Cache, tokens: torch.Tensor) -> torch.Tensor:
        """Appends one token (R,) to every row; logits (R, vocabulary) of the next."""
        ...
