"""The decode loop: each different prompt is prefilled once and fanned out, finished rows leave the batch."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

import numpy as np
import torch

from rzero_engine.decoder import Cache, Decoder, Params
from rzero_engine.errors import Cancelled, ServerJobError
from rzero_engine.memory import in_pieces, wave_tokens
from rzero_engine.pick import Shape, pick
from rzero_engine.uniform import uniforms

# A batch is compacted when this share of its rows has finished: copying the cache costs about one step.
COMPACT_SHARE = 0.2

StopText = Callable[[np.ndarray], bool]


@dataclass(frozen=True)
class SampleJob:
    """`seeds` (prompts · n,) uint64; completion j of prompt i is row i·n + j."""

    prompts: list[np.ndarray]
    n: int
    max_tokens: int
    shape: Shape
    seeds: np.ndarray
    stop_ids: np.ndarray
    stop_text: StopText | None = None  # whether the tokens so far contain a stop string

    @property
    def rows(self) -> int:
        return len(self.prompts) * self.n

    @property
    def manner(self) -> Hashable:
        """What must be equal for two jobs to be drawn as one."""
        return self.max_tokens, self.shape, self.stop_ids.tobytes()


def fused(jobs: list[SampleJob]) -> SampleJob:
    """Jobs of one manner as a single one; its rows are theirs, in order."""
    prompts = [prompt for job in jobs for prompt in job.prompts for _ in range(job.n)]
    return replace(jobs[0], prompts=prompts, n=1, seeds=np.concatenate([job.seeds for job in jobs]))


@dataclass(frozen=True)
class Completion:
    tokens: np.ndarray  # int64, with the stop token that ended it
    logprobs: np.ndarray  # float32, as long as `tokens`
    stopped: bool  # False when it ran to max_tokens


def sample(
    decoder: Decoder, params: Params, job: SampleJob, device: torch.device, cancelled: Callable[[], bool], name: str
) -> list[Completion]:
    """One completion per row, in row order. `name` is the snapshot's, for the error when it yields no numbers."""
    longest = max(len(prompt) for prompt in job.prompts) + job.max_tokens
    size = max(1, wave_tokens(device, decoder.cache_token_bytes) // longest)
    rows = np.arange(job.rows)
    waves = [rows[start : start + size] for start in range(0, len(rows), size)]
    draw = _Wave(decoder, params, job, device, cancelled, name).run
    with torch.inference_mode():
        drawn = in_pieces(waves, draw, device, lambda _: f"a single completion of up to {longest} tokens")
        return [completion for _, wave in drawn for completion in wave]


class _Wave:
    def __init__(
        self,
        decoder: Decoder,
        params: Params,
        job: SampleJob,
        device: torch.device,
        cancelled: Callable[[], bool],
        name: str,
    ) -> None:
        self.decoder = decoder
        self.params = params
        self.job = job
        self.device = device
        self.cancelled = cancelled
        self.name = name

    def run(self, rows: np.ndarray) -> list[Completion]:
        job, count = self.job, len(rows)
        tokens = np.zeros((count, job.max_tokens), np.int64)
        logprobs = np.zeros((count, job.max_tokens), np.float32)
        length = np.full(count, job.max_tokens)
        stopped = np.zeros(count, bool)
        logits, cache = self._prefill(rows)
        live = np.arange(count)  # the wave's rows that are in the batch, in batch order
        for step in range(job.max_tokens):
            if self.cancelled():
                raise Cancelled
            chosen, tokens[live, step], logprobs[live, step] = self._choose(logits, job.seeds[rows[live]], step)
            ended = self._ended(tokens[live, : step + 1], live, stopped)
            length[live[ended]] = step + 1
            stopped[live[ended]] = True
            going = ~stopped[live]
            if step + 1 == job.max_tokens or not going.any():
                break
            if going.sum() <= (1 - COMPACT_SHARE) * len(live):
                keep = torch.from_numpy(np.flatnonzero(going)).to(self.device)
                live, chosen, cache = live[going], chosen[keep], cache.select(keep)
            logits = self.decoder.step(self.params, cache, chosen)
        return [
            Completion(tokens[row, : length[row]], logprobs[row, : length[row]], bool(stopped[row]))
            for row in range(count)
        ]

    def _prefill(self, rows: np.ndarray) -> tuple[torch.Tensor, Cache]:
        of_row = rows // self.job.n
        number: dict[bytes, int] = {}
        different: list[np.ndarray] = []
        for prompt in dict.fromkeys(of_row.tolist()):
            if number.setdefault(self.job.prompts[prompt].tobytes(), len(number)) == len(different):
                different.append(self.job.prompts[prompt])
        fan_out = np.fromiter((number[self.job.prompts[p].tobytes()] for p in of_row.tolist()), np.int64, len(rows))
        logits, cache = self.decoder.prefill(self.params, different)
        if np.array_equal(fan_out, np.arange(len(different))):
            return logits, cache
        index = torch.from_numpy(fan_out).to(self.device)
        return logits[index], cache.select(index)

    def _choose(
        self, logits: torch.Tensor, seeds: np.ndarray, step: int
    ) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
        # A sum is finite only if every term is: one pass instead of a mask.
        if not bool(torch.isfinite(logits.sum(dtype=torch.float64))):
            raise ServerJobError(
                f"the model {self.name!r} gave logits that are not finite at completion token {step}: "
                "its weights are damaged, load an earlier checkpoint"
            )
        u = torch.from_numpy(uniforms(seeds, step)).to(self.device)
        chosen, logprobs = pick(logits, u, self.job.shape)
        return chosen, chosen.cpu().numpy(), logprobs.float().cpu().numpy()

    def _ended(self, so_far: np.ndarray, live: np.ndarray, stopped: np.ndarray) -> np.ndarray:
        ended = np.isin(so_far[:, -1], self.job.stop_ids)
        if self.job.stop_text is not None:
            for index in np.flatnonzero(~ended & ~stopped[live]):
                ended[index] = self.job.stop_text(so_far[index])
        return ended & ~stopped[live]
