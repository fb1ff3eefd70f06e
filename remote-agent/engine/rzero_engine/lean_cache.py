"""Keys and values while decoding: those of a prompt once for all its rows, and each row's own beside them.

Decoding a small model is bound by reading the cache, and most of R-Zero's rows share their prompt with others.
"""

import numpy as np
import torch
import torch.nn.functional as F

# Own slots are added as they are needed: storage with few unused slots stays in the processor's caches (with 64 spare
# slots instead of 8, decoding took a fifth longer).
FEWEST_SLOTS = 8


def _slots_after(steps: int) -> int:
    """Room to grow by a quarter, so that copying stays a small part of a long text's work."""
    return steps + FEWEST_SLOTS + steps // 4


class LeanCache:
    """`prompts`: keys and values (layers, P, kv heads, longest, head dim). Rows R, each of one prompt `of_row[r]`.

    All rows have appended the same number of tokens, `steps`; slot s of a row's own part holds its s-th.
    """

    def __init__(
        self,
        prompts: tuple[torch.Tensor, torch.Tensor],
        lengths: torch.Tensor,
        of_row: np.ndarray,
        own: tuple[torch.Tensor, torch.Tensor],
        steps: int,
    ) -> None:
        self._prompts = prompts
        self._lengths = lengths
        self._of_row = of_row
        self._own = own
        self.steps = steps
        # Rows as a padded table (P, most rows of one prompt); `place` is a row's cell in it.
        prompt_count, counts = len(lengths), np.bincount(of_row, minlength=len(lengths))
        self._most = int(counts.max())
        order = np.argsort(of_row, kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
        place = of_row * self._most + rank
        cells = prompt_count * self._most
        device = lengths.device
        in_order = len(place) == cells and bool((place == np.arange(cells)).all())
        self._place = None if in_order else torch.from_numpy(place).to(device)
        self._cells = cells
        rows = torch.from_numpy(of_row).to(device)
        self.row_lengths = lengths[rows]
        slots = torch.arange(prompts[0].shape[3], device=device)
        behind = slots >= self.row_lengths[:, None]
        self._hidden = torch.where(behind, float("-inf"), 0.0).to(prompts[0].dtype)[:, None]

    @staticmethod
    def after_prefill(keys: torch.Tensor, values: torch.Tensor, lengths: torch.Tensor) -> "LeanCache":
        """One row per prompt, nothing appended."""
        layers, count, heads, _, dim = keys.shape
        own = tuple(keys.new_empty(layers, count, heads, _slots_after(0), dim) for _ in range(2))
        return LeanCache((keys, values), lengths, np.arange(count), (own[0], own[1]), 0)

    def select(self, rows: torch.Tensor) -> "LeanCache":
        of_row = self._of_row[rows.cpu().numpy()]
        own = tuple(_some_rows(kept, rows, self.steps) for kept in self._own)
        prompts, lengths = self._prompts, self._lengths
        left, renumbered = np.unique(of_row, return_inverse=True)
        if len(left) < len(lengths):
            keep = torch.from_numpy(left).to(lengths.device)
            prompts = (prompts[0].index_select(1, keep), prompts[1].index_select(1, keep))
            lengths, of_row = lengths[keep], renumbered
        return LeanCache(prompts, lengths, of_row, (own[0], own[1]), self.steps)

    @property
    def longest(self) -> int:
        """An upper bound of the tokens in any row."""
        return self._prompts[0].shape[3] + self.steps

    def open_slot(self) -> torch.Tensor:
        """Makes room for one more token in every row; returns the position (R,) it has in its text."""
        if self.steps == self._own[0].shape[3]:
            pad = (0, 0, 0, _slots_after(self.steps) - self.steps)
            self._own = (F.pad(self._own[0], pad), F.pad(self._own[1], pad))
        positions = self.row_lengths + self.steps
        self.steps += 1
        return positions

    def attend(self, layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """Puts keys and values (R, kv heads, D) into the open slot and attends with queries (R, heads, D) to all."""
        keys, values = self._own[0][layer], self._own[1][layer]
        keys[:, :, self.steps - 1] = k
        values[:, :, self.steps - 1] = v
        rows, heads, dim = q.shape
        batch = rows * k.shape[1]
        keys = keys.view(batch, -1, dim)[:, : self.steps]
        values = values.view(batch, -1, dim)[:, : self.steps]
        q = q * dim**-0.5
        # Query heads that share keys become rows of one small product per key head.
        own = torch.bmm(q.view(batch, -1, dim), keys.transpose(1, 2)).view(rows, heads, self.steps)
        shared = self._per_prompt(q, self._prompts[0][layer].transpose(2, 3)) + self._hidden
        weights = torch.cat((shared, own), -1).softmax(-1, dtype=torch.float32).to(q.dtype)
        split = shared.shape[-1]
        attended = torch.bmm(weights[..., split:].reshape(batch, -1, self.steps), values).view(rows, heads, dim)
        return attended + self._per_prompt(weights[..., :split], self._prompts[1][layer])

    def _per_prompt(self, x: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
        """x (R, heads, i) times its prompt's matrix (P, kv heads, i, j): (R, heads, j), one product per prompt."""
        prompts, kv_heads, _, columns = matrices.shape
        heads, width = x.shape[1:]
        if self._place is not None:
            x = x.new_zeros(self._cells, heads, width).index_copy_(0, self._place, x)
        group = heads // kv_heads
        table = x.reshape(prompts, self._most, kv_heads, group, width).transpose(1, 2)
        product = torch.matmul(table.reshape(prompts, kv_heads, self._most * group, width), matrices)
        product = product.view(prompts, kv_heads, self._most, group, columns).transpose(1, 2)
        product = product.reshape(self._cells, heads, columns)
        return product if self._place is None else product.index_select(0, self._place)


def _some_rows(kept: torch.Tensor, rows: torch.Tensor, used: int) -> torch.Tensor:
    """Some rows in new storage of as many slots; those not in use are left uninitialised."""
    layers, _, heads, slots, dim = kept.shape
    out = kept.new_empty(layers, rows.numel(), heads, slots, dim)
    if used:
        for layer in range(layers):
            torch.index_select(kept[layer, :, :, :used], 0, rows, out=out[layer, :, :, :used])
    return out
