"""The Llama/Qwen2/Qwen3 forward as plain functions over a parameter dict with Hugging Face names.

The same arithmetic as transformers' models (a test compares them), without module calls, masks in training or
cache objects: on a model of 167k parameters that overhead is most of a decode step.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

from rzero_engine.decoder import Params
from rzero_engine.lean_config import LeanConfig
from rzero_engine.linear import linear
from rzero_engine.rows import pad_right
from rzero_engine.shared_prompts import SharedRows

# Slots are added in blocks, so that a long allowance that nobody uses costs no memory.
CACHE_BLOCK = 64


class LeanCache:
    """Keys and values (layers, R, kv heads, slots, head dim); row r holds `length[r]` tokens from slot 0."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor, length: torch.Tensor, longest: int) -> None:
        self.keys = keys
        self.values = values
        self.length = length
        self.longest = longest  # the largest entry of `length`, kept so that no step waits for the device

    def select(self, rows: torch.Tensor) -> "LeanCache":
        length = self.length[rows]
        longest = int(length.max())
        slots = self.keys.shape[3]
        keys, values = (_taken(kept[..., :longest, :], rows, slots) for kept in (self.keys, self.values))
        return LeanCache(keys, values, length, longest)

    def open_slot(self) -> torch.Tensor:
        """Makes room for one more token in every row; returns the slots (R,) they go to."""
        if self.longest == self.keys.shape[3]:
            pad = (0, 0, 0, CACHE_BLOCK)
            self.keys, self.values = F.pad(self.keys, pad), F.pad(self.values, pad)
        # Rows that are shorter will read this slot with weight 0, and 0·NaN is NaN.
        self.keys[..., self.longest, :] = 0
        self.values[..., self.longest, :] = 0
        at = self.length
        self.length, self.longest = at + 1, self.longest + 1
        return at


def _taken(used: torch.Tensor, rows: torch.Tensor, slots: int) -> torch.Tensor:
    """Some rows in new storage of `slots` slots; those not in use are left uninitialised."""
    layers, _, heads, length, dim = used.shape
    out = used.new_empty(layers, rows.numel(), heads, slots, dim)
    for layer in range(layers):
        torch.index_select(used[layer], 0, rows, out=out[layer, :, :, :length])
    return out


class LeanDecoder:
    def __init__(self, config: LeanConfig, device: torch.device, dtype: torch.dtype, checkpointing: bool) -> None:
        self.config = config
        self.device = device
        self.dtype = dtype
        self.checkpointing = checkpointing
        self.vocab_size = config.vocab_size
        self.context_length = config.context_length
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

    def prefill(self, params: Params, prompts: list[np.ndarray], room: int) -> tuple[torch.Tensor, LeanCache]:
        ids, lengths = pad_right(prompts, self.device)
        rows, longest = ids.shape
        cfg = self.config
        slots = longest + min(room, CACHE_BLOCK)
        keys = torch.empty(cfg.layers, rows, cfg.kv_heads, slots, cfg.head_dim, device=self.device, dtype=self.dtype)
        values = torch.empty_like(keys)
        kept: list[torch.Tensor] = []
        cos, sin = (table[:longest, None] for table in self._rope(longest))
        x = F.embedding(ids, params["model.embed_tokens.weight"])
        for layer in range(cfg.layers):
            x = self._layer(params, layer, x, cos, sin, keep=kept.extend)
            values[layer, :, :, :longest] = kept.pop()
            keys[layer, :, :, :longest] = kept.pop()
        last = x[torch.arange(rows, device=self.device), lengths - 1]
        logits = self.logits(params, self._norm(params, "model.norm", last))
        return logits, LeanCache(keys, values, lengths, longest)

    def step(self, params: Params, cache: LeanCache, tokens: torch.Tensor) -> torch.Tensor:
        at = cache.open_slot()
        cos, sin = (table[at][:, None] for table in self._rope(cache.longest))
        slots = torch.arange(cache.longest, device=self.device)
        hidden = torch.where(slots[None] > at[:, None], float("-inf"), 0.0).to(self.dtype)[:, None]
        rows = torch.arange(tokens.numel(), device=self.device)
        x = F.embedding(tokens, params["model.embed_tokens.weight"])
        for layer in range(self.config.layers):
            x = self._decode_layer(params, layer, x, cos, sin, cache, rows, at, hidden)
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

    def _decode_layer(
        self,
        params: Params,
        layer: int,
        x: torch.Tensor,
        cos: torch.Tensor,
        sin: torch.Tensor,
        cache: LeanCache,
        rows: torch.Tensor,
        at: torch.Tensor,
        hidden: torch.Tensor,
    ) -> torch.Tensor:
        cfg, prefix, count, used = self.config, f"model.layers.{layer}", x.shape[0], cache.longest
        q, k, v = self._qkv(params, prefix, x, cos, sin)
        cache.keys[layer][rows, :, at] = k
        cache.values[layer][rows, :, at] = v
        batch = count * cfg.kv_heads
        keys = cache.keys[layer].view(batch, -1, cfg.head_dim)[:, :used]
        values = cache.values[layer].view(batch, -1, cfg.head_dim)[:, :used]
        # Query heads that share keys become rows of one small product per key head.
        scores = torch.bmm(q.reshape(batch, -1, cfg.head_dim) * cfg.head_dim**-0.5, keys.transpose(1, 2))
        scores = scores.view(count, cfg.heads, used) + hidden
        weights = scores.softmax(-1, dtype=torch.float32).to(self.dtype).view(batch, -1, used)
        attended = torch.bmm(weights, values).view(count, -1)
        x = x + linear(params, f"{prefix}.self_attn.o_proj", attended)
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
        if length > self._cos.shape[0]:
            self._cos, self._sin = self._rope_tables(min(self.config.context_length, 2 * length))
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
