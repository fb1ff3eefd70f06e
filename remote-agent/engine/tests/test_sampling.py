"""Rows depend on their own seed; logprobs are the forward's; stopping, fan-out, waves, damage, cancelling."""

import dataclasses

import numpy as np
import pytest
import torch

from rzero_engine.base import Base
from rzero_engine.decoder import Cache, Params
from rzero_engine.errors import Cancelled, ServerJobError
from rzero_engine.lean_cache import LeanCache
from rzero_engine.pick import Shape
from rzero_engine.sampling import Completion, SampleJob, sample

EOS, PAD = 95, 96
STOPS = np.array([EOS, 3, 17, 40])


def job(prompts: list[list[int]], n: int = 1, seeds: list[int] | None = None, **changes: object) -> SampleJob:
    rows = len(prompts) * n
    given = np.array(range(rows) if seeds is None else seeds, np.uint64)
    start = SampleJob([np.array(p) for p in prompts], n, 24, Shape(1.0, 0, 1.0, PAD), given, STOPS)
    return dataclasses.replace(start, **changes)


def draw(base: Base, job: SampleJob) -> list[Completion]:
    return sample(base.decoder, base.params, job, base.device, lambda: False, "base")


def texts(rows: list[Completion]) -> list[list[int]]:
    return [row.tokens.tolist() for row in rows]


PROMPTS = [[1, 2, 3], [50], [1, 2, 3], [9, 8, 7, 6, 5, 4, 3, 2], [50, 51]]


def test_the_same_request_gives_the_same_bits(base: Base) -> None:
    first, second = draw(base, job(PROMPTS, 6)), draw(base, job(PROMPTS, 6))
    assert texts(first) == texts(second)
    assert all(np.array_equal(a.logprobs, b.logprobs) for a, b in zip(first, second, strict=True))


def test_identical_prompts_with_distinct_seeds_give_distinct_completions(base: Base) -> None:
    rows = texts(draw(base, job([[1, 2, 3]], 200)))
    assert len({tuple(row) for row in rows}) > 150


def test_a_row_depends_on_its_own_seed_whatever_else_is_in_the_request(base: Base) -> None:
    # Another batch shape moves logits by 1e-6, which flips a sampled token about once in 10⁵.
    together = texts(draw(base, job(PROMPTS, 4, seeds=list(range(100, 120)))))
    for prompt in range(5):
        for k in range(4):
            alone = texts(draw(base, job([PROMPTS[prompt]], 1, seeds=[100 + 4 * prompt + k])))
            assert alone == [together[4 * prompt + k]]


def test_equal_prompt_and_seed_give_equal_rows_in_one_request(base: Base) -> None:
    rows = texts(draw(base, job([[4, 5], [4, 5], [6]], 1, seeds=[11, 11, 11])))
    assert rows[0] == rows[1] != rows[2]


def test_fan_out_equals_repeated_prompts(base: Base) -> None:
    prompts = [[1, 2, 3], [50, 60]]
    fanned = draw(base, job(prompts, 3))
    repeated = draw(base, job([p for p in prompts for _ in range(3)], 1))
    assert texts(fanned) == texts(repeated)


def test_logprobs_are_those_of_the_forward(base: Base) -> None:
    rows = draw(base, job(PROMPTS, 8))
    for index, row in enumerate(rows):
        prompt = PROMPTS[index // 8]
        ids = torch.tensor([prompt + row.tokens.tolist()], device=base.device)
        logits = base.decoder.logits(base.params, base.decoder.states(base.params, ids)[0]).detach()
        logits[:, PAD] = -torch.inf  # padding is never sampled
        lp = torch.log_softmax(logits, -1)[len(prompt) - 1 : -1].gather(-1, ids[0, len(prompt) :, None])[:, 0]
        np.testing.assert_allclose(row.logprobs, lp.cpu().numpy(), atol=2e-5)


def test_rows_end_at_a_stop_token_which_is_included_or_at_the_limit(base: Base) -> None:
    rows = draw(base, job(PROMPTS, 20))
    assert {row.stopped for row in rows} == {True, False}
    for row in rows:
        inside = np.isin(row.tokens, STOPS)
        assert inside[-1] == row.stopped and not inside[:-1].any()
        assert len(row.tokens) == len(row.logprobs) and (row.stopped or len(row.tokens) == 24)


def test_padding_is_never_sampled(base: Base) -> None:
    loud = {**base.params, "model.embed_tokens.weight": base.params["model.embed_tokens.weight"].clone()}
    loud["model.embed_tokens.weight"][PAD] *= 20
    rows = sample(base.decoder, loud, job(PROMPTS, 20), base.device, lambda: False, "loud")
    assert not any((row.tokens == PAD).any() for row in rows)


def test_an_answer_of_only_the_stop_token_and_one_of_a_single_token(base: Base) -> None:
    at_once = draw(base, job([[1, 2]], 3, stop_ids=np.arange(99)))
    assert [(len(row.tokens), row.stopped) for row in at_once] == [(1, True)] * 3
    single = draw(base, job([[1, 2]], 3, max_tokens=1, stop_ids=np.array([], np.int64)))
    assert [(len(row.tokens), row.stopped) for row in single] == [(1, False)] * 3


def test_greedy_follows_the_argmax_and_ignores_seeds(base: Base) -> None:
    rows = draw(base, job([[1, 2, 3]], 4, shape=Shape(0.0, 0, 1.0, PAD)))
    assert len({tuple(row) for row in texts(rows)}) == 1
    ids = [1, 2, 3]
    for token in rows[0].tokens.tolist():
        logits = base.decoder.logits(
            base.params, base.decoder.states(base.params, torch.tensor([ids], device=base.device))[0, -1:]
        )
        logits[:, PAD] = -torch.inf
        assert token == int(logits.argmax())
        ids.append(token)


def test_waves_give_what_one_batch_gives(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = texts(draw(base, job(PROMPTS, 7)))
    monkeypatch.setattr("rzero_engine.memory.CPU_WAVE_TOKENS", 100)
    assert texts(draw(base, job(PROMPTS, 7))) == whole


def test_a_wave_that_does_not_fit_into_memory_is_halved_and_gives_the_same_rows(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = texts(draw(base, job(PROMPTS, 7)))
    sizes = []
    prefill = base.decoder.prefill

    def fits_three_prompts(params: Params, prompts: list[np.ndarray]) -> tuple[torch.Tensor, Cache]:
        sizes.append(len(prompts))
        if len(prompts) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return prefill(params, prompts)

    monkeypatch.setattr(base.decoder, "prefill", fits_three_prompts)
    assert texts(draw(base, job(PROMPTS, 7))) == whole
    assert sizes[0] > 3 and max(sizes[1:]) <= 3


def test_a_single_completion_that_does_not_fit_is_an_error_that_says_so(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(params: Params, prompts: list[np.ndarray]) -> tuple[torch.Tensor, Cache]:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(base.decoder, "prefill", never)
    with pytest.raises(ServerJobError, match="single completion of up to 27 tokens"):
        draw(base, job([[1, 2, 3]], 4))


def test_the_cache_holds_what_the_decoder_says_a_token_takes(base: Base) -> None:
    _, cache = base.decoder.prefill(base.params, [np.arange(1, 9)])
    assert isinstance(cache, LeanCache)
    keys, values = cache._prompts
    assert (keys.nbytes + values.nbytes) // 8 == base.decoder.cache_token_bytes


def test_a_stop_text_ends_a_row(base: Base) -> None:
    rows = draw(base, job(PROMPTS, 6, stop_text=lambda tokens: len(tokens) == 5 or 10 in tokens))
    assert all(row.stopped and len(row.tokens) <= 5 for row in rows)


def test_logits_that_are_not_finite_name_the_snapshot(base: Base) -> None:
    damaged = {**base.params, "model.norm.weight": torch.full((64,), torch.nan, device=base.device)}
    with pytest.raises(ServerJobError, match="solver-7"):
        sample(base.decoder, damaged, job([[1]]), base.device, lambda: False, "solver-7")


def test_cancelling_is_noticed_between_decode_steps(base: Base) -> None:
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        sample(base.decoder, base.params, job([[1]]), base.device, lambda: next(asked), "base")


def test_sampling_that_needs_a_longer_rope_table_leaves_training_possible(base: Base) -> None:
    stops = np.array([], np.int64)
    draw(base, job([[1] * 150], max_tokens=100, stop_ids=stops))
    weight = base.params["model.norm.weight"].clone().requires_grad_()
    params = {**base.params, "model.norm.weight": weight}
    base.decoder.states(params, torch.ones(1, 250, dtype=torch.int64, device=base.device)).sum().backward()
    assert weight.grad is not None
