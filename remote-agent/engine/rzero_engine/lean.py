"""The Llama/Qwen2/Qwen3 forward as plain functions over a parameter dict with Hugging Face names.

The same arithmetic as transformers' models (a test compares them) without their per-call overhead, which on a model of
167k parameters is most of a decode step, and without their import, which costs seconds.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

from rzero_engine.decoder import Params
from rzero_engine.lean_cache import LeanCache
from rzero_engine.lean_config import LeanConfig
from rzero_engine.linear import linear
from rzero_engine.rows import pad_right
from rzero_engine.shared_prompts import SharedRows


class LeanDecoder:
    def __init__(self, config: LeanConfig, device: torch.device, dtype: torch.dtype, checkpointing: bool) -> None:
        self.config = config
        self.device = device
        self.dtype = dtype
        self.checkpointing = checkpointing
        self.vocab_size = config.vocab_size
        self.context_length = config.context_length
        self.cache_token_bytes = 2 * config.layers * config.kv_heads * config.head_dim * dtype.itemsize
        inverse = config.rope_theta ** -(torch.arange(0, config.head_dim, 2, dtype=torch.float32) / config.head_dim)
        self._inverse_frequencies = inverse.to(device)
        self._cos, self._sin = self._rope_tables(min(config.context_length, 512))

    def states(self, params: Params, ids: torch.Tensor) -> torch.Tensor:
        length = ids.shape[1]
        cos, sin = (table[:length, None] for table in self._rope(length))
        x = F.embedding(ids, params["model.embed_tokens.weight"])
        for layer in range(self.config.layers):
            if self.checkpointing and torch.is_grad_enabled():
                x = checkpoint(self._layer, params, layer, x, cos, sin, use_reentrant=False)
            else:
                x = self._layer(params, layer, x, cos, sin)
        return self._norm(params, "model.norm", x)

    def shared_states(self, params: Params, rows: SharedRows) -> torch.Tensor:
        """States (tokens, d) of a micro-batch whose rows share prompts, packed row after row."""
        count, own_length = rows.own.shape
        prompt_length = rows.prompts.shape[1]
        starts = rows.prompt_lengths[rows.group]
        steps = torch.arange(own_length, device=self.device)
        # Padding may point behind the context; where to does not matter.
        positions = (starts[:, None] + steps).clamp(max=self.context_length - 1)
        tables = self._rope(min(self.context_length, prompt_length + own_length))
        at_prompt = [table[:prompt_length, None] for table in tables]
        at_own = [table[positions][:, :, None] for table in tables]
        slots = torch.arange(prompt_length, device=self.device)
        behind = (slots >= starts[:, None])[:, None, None].expand(count, 1, own_length, prompt_length)
        later = (steps > steps[:, None]).expand(count, 1, own_length, own_length)
        mask = torch.where(torch.cat((behind, later), -1), float("-inf"), 0.0).to(self.dtype)
        x, y = (F.embedding(ids, params["model.embed_tokens.weight"]) for ids in (rows.prompts, rows.own))
        for layer in range(self.config.layers):
            kept: list[torch.Tensor] = []
            x = self._layer(params, layer, x, *at_prompt, keep=kept.extend)
            before = [t.index_select(0, rows.group) for t in kept]
            y = self._layer(params, layer, y, *at_own, before=before, mask=mask)
        return self._norm(params, "model.norm", torch.cat((x.flatten(0, 1), y.flatten(0, 1)))[rows.packed])

    def logits(self, params: Params, states: torch.Tensor) -> torch.Tensor:
        if self.config.tied:
            # LoRA factors on a tied output layer leave the embedding alone, as in PEFT.
            return linear({**params, "lm_head.weight": params["model.embed_tokens.weight"]}, "lm_head", states).float()
        return linear(params, "lm_head", states).float()

    def prefill(self, params: Params, prompts: list[np.ndarray]) -> tuple[torch.Tensor, LeanCache]:
        ids, lengths = pad_right(prompts, self.device)
        rows, longest = ids.shape
        cos, sin = (table[:longest, None] for table in self._rope(longest))
        x = F.embedding(ids, params["model.embed_tokens.weight"])
        kept: list[torch.Tensor] = []
        for layer in range(self.config.layers):
            x = self._layer(params, layer, x, cos, sin, keep=kept.extend)
        last = x[torch.arange(rows, device=self.device), lengths - 1]
        logits = self.logits(params, self._norm(params, "model.norm", last))
        return logits, LeanCache.after_prefill(torch.stack(kept[::2]), torch.stack(kept[1::2]), lengths)

    def step(self, params: Params, cache: LeanCache, tokens: torch.Tensor) -> torch.Tensor:
        positions = cache.open_slot()
        cos, sin = (table[positions][:, None] for table in self._rope(cache.longest))
        x = F.embedding(tokens, params["model.embed_tokens.weight"])
        for layer in range(self.config.layers):
            q, k, v = self._qkv(params, f"model.layers.{layer}", x, cos, sin)
            x = x + linear(params, f"model.layers.{layer}.self_attn.o_proj", cache.attend(layer, q, k, v).flatten(1))
            x = self._mlp(params, f"model.layers.{layer}", x)
        return self.logits(params, self._norm(params, "model.norm", x))

    def _layer(
        self,
        params: Params,
        layer: int,
        x: torch.Tensor,
        cos: torch.Tensor,
        sin: torch.Tensor,
        keep: Callable[[tuple[torch.Tensor, torch.Tensor]], None] | None = None,
        before: list[torch.Tensor] | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """One layer over (B, T, d). `keep` gets keys and values (B, kv heads, T, head dim).

        `before` are keys and values that come before x's own; then `mask` (B, 1, T, all slots) says what is seen.
        """
        prefix = f"model.layers.{layer}"
        q, k, v = (t.transpose(1, 2) for t in self._qkv(params, prefix, x, cos, sin))
        if keep:
            keep((k, v))
        if before:
            k, v = torch.cat((before[0], k), 2), torch.cat((before[1], v), 2)
        grouped = self.config.heads != self.config.kv_heads
        attended = F.scaled_dot_product_attention(q, k, v, mask, is_causal=mask is None, enable_gqa=grouped)
        x = x + linear(params, f"{prefix}.self_attn.o_proj", attended.transpose(1, 2).flatten(2))
        return self._mlp(params, prefix, x)

    def _qkv(
        self, params: Params, prefix: str, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries, keys, values as (…, heads, head dim), queries and keys rotated."""
        dim = self.config.head_dim
        h = self._norm(params, f"{prefix}.input_layernorm", x)
        q, k, v = (linear(params, f"{prefix}.self_attn.{p}_proj", h).unflatten(-1, (-1, dim)) for p in "qkv")
        if self.config.qk_norm:
            q = self._norm(params, f"{prefix}.self_attn.q_norm", q)
            k = self._norm(params, f"{prefix}.self_attn.k_norm", k)
        return _rotate(q, cos, sin), _rotate(k, cos, sin), v

    def _mlp(self, params: Params, prefix: str, x: torch.Tensor) -> torch.Tensor:
        h = self._norm(params, f"{prefix}.post_attention_layernorm", x)
        gate = F.silu(linear(params, f"{prefix}.mlp.gate_proj", h))
        return x + linear(params, f"{prefix}.mlp.down_proj", gate * linear(params, f"{prefix}.mlp.up_proj", h))

    def _norm(self, params: Params, name: str, x: torch.Tensor) -> torch.Tensor:
        return F.rms_norm(x, (x.shape[-1],), params[f"{name}.weight"], self.config.eps)

    def _rope(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        if min(length, self.context_length) > self._cos.shape[0]:
            self._cos, self._sin = self._rope_tables(min(self.context_length, 2 * length))
        return self._cos, self._sin

    def _rope_tables(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """cos and sin (length, head dim), both halves alike, in the working precision."""
        # Tables that grow while sampling are later used in training, where inference tensors are refused.
        with torch.inference_mode(False), torch.no_grad():
            angles = torch.arange(length, device=self.device, dtype=torch.float32)[:, None] * self._inverse_frequencies
            twice = torch.cat((angles, angles), -1)
            return twice.cos().to(self.dtype), twice.sin().to(self.dtype)


def _rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    low, high = x.chunk(2, -1)
    return x * cos + torch.cat((-high, low), -1) * sin
