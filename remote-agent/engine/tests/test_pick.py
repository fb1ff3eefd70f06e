"""The sampler's distribution: exact filtering rules, and frequencies by chi-square."""

import numpy as np
import pytest
import torch

from rzero_engine.pick import Shape, pick
from rzero_engine.uniform import derived_seeds, uniforms
from tests.conftest import DEVICE

LOGITS = torch.tensor([2.0, 0.5, -1.0, 1.7, 0.5, -30.0, 0.0, 1.2])
# 99.99 % quantiles of χ² by degrees of freedom (scipy.stats.chi2.ppf(0.9999, df)).
CHI2 = {1: 15.14, 2: 18.42, 3: 21.11, 4: 23.51, 5: 25.74, 6: 27.86}


def picked(logits: torch.Tensor, u: torch.Tensor, shape: Shape) -> tuple[torch.Tensor, torch.Tensor]:
    tokens, logprobs = pick(logits.to(DEVICE), u.to(DEVICE), shape)
    return tokens.cpu(), logprobs.cpu()


def reference(temperature: float, top_k: int, top_p: float, banned: int | None) -> np.ndarray:
    """Temperature, then top-k, then the smallest set of mass ≥ top-p; ties at a border stay."""
    z = LOGITS.numpy().astype(np.float64) / temperature
    if banned is not None:
        z[banned] = -np.inf
    if top_k:
        z[z < np.sort(z)[-top_k]] = -np.inf
    p = np.exp(z - z.max())
    p /= p.sum()
    order = np.argsort(-p, kind="stable")
    before = np.cumsum(p[order]) - p[order]
    border = p[order][before < top_p].min()
    p[p < border] = 0
    return p / p.sum()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
@pytest.mark.parametrize(
    ("top_k", "top_p", "banned"), [(0, 1.0, None), (3, 1.0, None), (0, 0.8, 3), (4, 0.6, None), (0, 1.0, 0)]
)
def test_frequencies_and_logprobs(temperature: float, top_k: int, top_p: float, banned: int | None) -> None:
    draws = 40_000
    p = reference(temperature, top_k, top_p, banned)
    u = torch.from_numpy(uniforms(np.arange(draws, dtype=np.uint64), 3))
    tokens, logprobs = picked(LOGITS.repeat(draws, 1), u, Shape(temperature, top_k, top_p, banned))
    counts = np.bincount(tokens.numpy(), minlength=8)
    assert counts[p == 0].sum() == 0
    possible = p * draws > 5
    chi2 = float(((counts - p * draws)[possible] ** 2 / (p * draws)[possible]).sum())
    assert chi2 < CHI2[max(1, int(possible.sum()) - 1)]
    np.testing.assert_allclose(logprobs.numpy(), np.log(p[tokens.numpy()]), atol=1e-9)


def test_greedy_takes_the_most_likely_token_scored_at_temperature_one() -> None:
    tokens, logprobs = picked(LOGITS[None], torch.zeros(1, dtype=torch.float64), Shape(0.0, 0, 1.0, None))
    assert tokens.tolist() == [0]
    assert float(logprobs) == pytest.approx(float(torch.log_softmax(LOGITS.double(), -1)[0]))


def test_the_largest_uniform_never_falls_off_the_end_or_on_an_impossible_token() -> None:
    u = torch.full((64,), 1 - 2.0**-53, dtype=torch.float64)
    for seed in range(20):
        logits = torch.randn(64, 99, generator=torch.Generator().manual_seed(seed))
        tokens, logprobs = picked(logits, u, Shape(1.0, 0, 1.0, 98))
        assert int(tokens.max()) <= 97
        assert bool(torch.isfinite(logprobs).all())


@pytest.mark.parametrize("top_p", [0.1, 0.5, 0.95, 0.99, 0.9999])
def test_a_large_vocabulary_is_not_sorted_where_it_need_not_be(top_p: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Peaked rows, flat rows whose nucleus is most of the vocabulary, and rows with ties."""
    generator = torch.Generator().manual_seed(5)
    logits = torch.randn(12, 9000, generator=generator) * torch.linspace(0, 12, 12)[:, None]
    logits[6:] = logits[6:].round()
    u = torch.from_numpy(uniforms(np.arange(12, dtype=np.uint64), 0))
    tokens, logprobs = picked(logits, u, Shape(1.0, 0, top_p, 17))
    monkeypatch.setattr("rzero_engine.pick.NUCLEUS", 9000)
    sorted_tokens, sorted_logprobs = picked(logits, u, Shape(1.0, 0, top_p, 17))
    assert torch.equal(tokens, sorted_tokens) and torch.equal(logprobs, sorted_logprobs)
    alone = [pick(logits[i : i + 1], u[i : i + 1], Shape(1.0, 0, top_p, 17)) for i in range(12)]
    assert torch.equal(tokens, torch.cat([t for t, _ in alone]))


def test_a_filter_never_leaves_nothing() -> None:
    tokens, logprobs = picked(LOGITS[None], torch.tensor([0.5], dtype=torch.float64), Shape(1.0, 1, 1e-9, None))
    assert tokens.tolist() == [0] and float(logprobs) == 0


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    logits = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    u = torch.from_numpy(uniforms(np.arange(50, dtype=np.uint64), 0))
    whole = picked(logits, u, Shape(1.0, 3, 0.9, None))
    monkeypatch.setattr("rzero_engine.pick.CHUNK_ELEMENTS", 8 * 7)
    chunked = picked(logits, u, Shape(1.0, 3, 0.9, None))
    assert all(torch.equal(a, b) for a, b in zip(whole, chunked, strict=True))


def test_uniforms_are_uniform_and_independent_over_seeds_and_steps() -> None:
    table = np.stack([uniforms(np.arange(2000, dtype=np.uint64), step) for step in range(40)])
    assert table.min() >= 0 and table.max() < 1
    counts, _ = np.histogram(table, 20, (0, 1))
    assert ((counts - 4000) ** 2 / 4000).sum() < 60  # χ² with 19 degrees of freedom, 1 − 4e-6
    assert abs(np.corrcoef(table[:-1].ravel(), table[1:].ravel())[0, 1]) < 0.015
    assert abs(np.corrcoef(table[:, :-1].ravel(), table[:, 1:].ravel())[0, 1]) < 0.015
    assert len(np.unique(derived_seeds(7, 10_000))) == 10_000
