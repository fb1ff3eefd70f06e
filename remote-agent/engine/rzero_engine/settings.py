"""What `serve` was asked for."""

from dataclasses import dataclass
from pathlib import Path

import torch

CPU_BATCH_TOKENS = 2048  # activations of a small model stay in the processor's caches
CUDA_BATCH_TOKENS = 32768


@dataclass(frozen=True)
class Settings:
    model: Path
    state_dir: Path
    device: torch.device
    dtype: torch.dtype
    deterministic: bool
    max_batch_tokens: int
    poll_seconds: float = 20.0


def resolve_device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def resolve_dtype(name: str, device: torch.device) -> torch.dtype:
    if name == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]


def default_batch_tokens(device: torch.device) -> int:
    return CUDA_BATCH_TOKENS if device.type == "cuda" else CPU_BATCH_TOKENS
