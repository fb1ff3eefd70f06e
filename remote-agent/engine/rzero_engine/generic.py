"""Any causal language model that transformers can load, as a function over a parameter dict."""

import inspect
from pathlib import Path

import numpy as np
import torch
from torch.func import functional_call
from transformers import AutoModelForCausalLM, DynamicCache

from rzero_engine.decoder import Params
from rzero_engine.linear import LORA_ALPHA


class _Factor(torch.nn.Module):
    """A place for a LoRA factor, empty unless a call lays one over it."""

    def __init__(self) -> None:
        super().__init__()
        self.register_parameter("weight", None)


class _LoraLinear(torch.nn.Linear):
    lora_A: _Factor
    lora_B: _Factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = super().forward(x)
        down, up = self.lora_A.weight, self.lora_B.weight
        if down is None or up is None:
            return y
        product = torch.nn.functional.linear(torch.nn.functional.linear(x, down), up)
        return y + product * (LORA_ALPHA / down.shape[0])


class GenericCache:
    """Left-padded: all rows end in the same slot. `mask` (R, slots) is 1 where a slot holds a token."""

    def __init__(self, inner: DynamicCache, mask: torch.Tensor) -> None:
        self.inner = inner
        self.mask = mask

    def select(self, rows: torch.Tensor) -> "GenericCache":
        """Reuses this cache's storage, so this one must not be used any more."""
        self.inner.batch_select_indices(rows)
        return GenericCache(self.inner, self.mask[rows])


class GenericDecoder:
    def __init__(self, model: torch.nn.Module, device: torch.device) -> None:
        self._model = model
        self._device = device
        config = model.config.get_text_config()
        self.vocab_size = int(config.vocab_size)
        self.context_length = int(getattr(config, "max_position_embeddings", 2048))
        # A guess on the high side: most architectures share keys and values between heads.
        self.cache_token_bytes = 2 * int(config.num_hidden_layers) * int(config.hidden_size) * model.dtype.itemsize
        last_only = "logits_to_keep" in inspect.signature(model.forward).parameters
        self._last_only = {"logits_to_keep": 1} if last_only else {}

    def states(self, params: Params, ids: torch.Tensor) -> torch.Tensor:
        """The logits themselves: what stands between states and logits differs between architectures."""
        return self._call(params, {"input_ids": ids, "use_cache": False}).logits

    def logits(self, params: Params, states: torch.Tensor) -> torch.Tensor:
        return states.float()

    def prefill(self, params: Params, prompts: list[np.ndarray]) -> tuple[torch.Tensor, GenericCache]:
        longest = max(len(prompt) for prompt in prompts)
        ids, mask = np.zeros((len(prompts), longest), np.int64), np.zeros((len(prompts), longest), np.int64)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt) :] = prompt
            mask[row, longest - len(prompt) :] = 1
        cache = GenericCache(DynamicCache(), torch.from_numpy(mask).to(self._device))
        return self._extend(params, cache, torch.from_numpy(ids).to(self._device)), cache

    def step(self, params: Params, cache: GenericCache, tokens: torch.Tensor) -> torch.Tensor:
        cache.mask = torch.cat((cache.mask, cache.mask.new_ones(len(tokens), 1)), -1)
        return self._extend(params, cache, tokens[:, None])

    def _extend(self, params: Params, cache: GenericCache, ids: torch.Tensor) -> torch.Tensor:
        positions = (cache.mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        given = {
            "input_ids": ids,
            "attention_mask": cache.mask,
            "position_ids": positions,
            "past_key_values": cache.inner,
            "use_cache": True,
            **self._last_only,
        }
        return self._call(params, given).logits[:, -1].float()

    def _call(self, params: Params, given: dict[str, object]):  # type: ignore[no-untyped-def]
        return functional_call(self._model, params, (), given, strict=False)


def load_generic(directory: Path, device: torch.device, dtype: torch.dtype) -> tuple[GenericDecoder, Params, list[str]]:
    """The decoder, its frozen parameters, and the names of the linear layers that LoRA may adapt."""
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=dtype, attn_implementation="sdpa").to(device).eval()
    model.requires_grad_(False)
    params = {name: parameter.detach() for name, parameter in model.named_parameters()}
    linears = []
    for name, module in list(model.named_modules()):
        if type(module) is torch.nn.Linear:
            module.__class__ = _LoraLinear
            module.lora_A, module.lora_B = _Factor(), _Factor()
            if name != "lm_head":
                linears.append(name)
    return GenericDecoder(model, device), params, sorted(linears)
