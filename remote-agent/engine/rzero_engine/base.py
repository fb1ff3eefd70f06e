"""The frozen base model: its parameters, its forward, and what the wire must know about its tokens."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from rzero_engine.decoder import Decoder, Params
from rzero_engine.lean import LeanDecoder
from rzero_engine.lean_config import lean_config


class BaseModelError(Exception):
    """The folder does not hold a usable model; the message says what is missing."""


@dataclass(frozen=True)
class Base:
    directory: Path
    name: str
    config: dict[str, Any]
    params: Params  # in the working precision; never changed
    decoder: Decoder
    linears: list[str]  # names of the linear layers that LoRA may adapt
    device: torch.device
    dtype: torch.dtype
    pad_token_id: int | None
    eos_token_ids: list[int]

    @property
    def banned_token(self) -> int | None:
        """Padding is never sampled, unless the model ends its texts with it."""
        return None if self.pad_token_id in self.eos_token_ids else self.pad_token_id


def load_base(directory: Path, device: torch.device, dtype: torch.dtype, lean: bool = True) -> Base:
    """Reads a Hugging Face folder. `lean` = False takes transformers' forward for every architecture (tests)."""
    config = _read_json(directory / "config.json")
    if config is None:
        raise BaseModelError(f"{directory} has no config.json: name a folder with a Hugging Face model")
    shape = lean_config(config) if lean else None
    if shape is not None:
        params = {name: tensor.to(device, dtype) for name, tensor in _read_weights(directory).items()}
        if shape.tied:
            params.pop("lm_head.weight", None)
        linears = _projections(params)
        decoder: Decoder = LeanDecoder(shape, device, dtype, checkpointing=device.type == "cuda")
    else:
        # Importing transformers costs seconds, so only models that need it pay.
        from rzero_engine.generic import load_generic

        decoder, params, linears = load_generic(directory, device, dtype)
    pad, eos = _special_tokens(directory, config)
    name = directory.resolve().name
    return Base(directory, name, config, params, decoder, linears, device, dtype, pad, eos)


def _projections(params: Params) -> list[str]:
    return sorted(name.removesuffix(".weight") for name in params if name.endswith("_proj.weight"))


def _read_weights(directory: Path) -> Params:
    index = _read_json(directory / "model.safetensors.index.json")
    files = sorted(set(index["weight_map"].values())) if index else ["model.safetensors"]
    params: Params = {}
    for name in files:
        path = directory / name
        if not path.is_file():
            raise BaseModelError(f"{directory} has no {name}: weights must be in safetensors format")
        params.update(load_file(path))
    return params


def _special_tokens(directory: Path, config: dict[str, Any]) -> tuple[int | None, list[int]]:
    generation = _read_json(directory / "generation_config.json") or {}
    eos = generation.get("eos_token_id", config.get("eos_token_id"))
    pad = config.get("pad_token_id", generation.get("pad_token_id"))
    if pad is None:
        pad = _pad_of_tokenizer(directory)
    return pad, [] if eos is None else eos if isinstance(eos, list) else [eos]


def _pad_of_tokenizer(directory: Path) -> int | None:
    named = (_read_json(directory / "tokenizer_config.json") or {}).get("pad_token")
    text = named.get("content") if isinstance(named, dict) else named
    added = (_read_json(directory / "tokenizer.json") or {}).get("added_tokens", [])
    return next((token["id"] for token in added if token.get("content") == text), None)


def _read_json(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text("utf-8")) if path.is_file() else None
