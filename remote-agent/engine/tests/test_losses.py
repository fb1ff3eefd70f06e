"""Values and gradients of the four losses against formulas written out token by token on unpadded single sequences."""

import math

import numpy as np
import pytest
import torch

from rzero_engine.adamw import AdamParams
from rzero_engine.base import Base, load_base
from rzero_engine.errors import ServerJobError
from rzero_engine.lora import LoraChoice
from rzero_engine.policy import Policy
from rzero_engine.rows import micro_batches
from rzero_engine.train_request import TrainRequest, read_train_request
from rzero_engine.training import TrainResult, run_batch
from tests.conftest import DEVICE

FULL = LoraChoice(0, True, True, False)
CONFIGS: dict[str, dict[str, float]] = {
    "cross_entropy": {},
    "importance_sampling": {"temperature": 0.7},
    "ppo": {"clip_low_threshold": 0.9, "clip_high_threshold": 1.05},
    "grpo_kl": {"clip_low": 0.8, "clip_high": 1.3, "dual_clip": 1.5, "kl_coef": 0.2, "temperature": 1.3},
}


def datums(seed: int, lengths: list[int]) -> list[dict[str, object]]:
    """Ragged datums whose ratios fall below, inside and above every clip range, with advantages of both signs."""
    generator = np.random.default_rng(seed)
    data = []
    for length in lengths:
        tokens = generator.integers(0, 95, length + 1).tolist()
        prompt = max(1, length // 3)
        completion = np.arange(length) >= prompt
        inputs = {
            "target_tokens": tokens[1:],
            "weights": (completion * generator.uniform(0.1, 1, length)).tolist(),
            "logprobs": (completion * generator.uniform(-7, -2, length)).tolist(),
            "advantages": (completion * generator.normal(size=length)).tolist(),
            "ref_logprobs": (completion * generator.uniform(-7, -2, length)).tolist(),
        }
        data.append(
            {"model_input": {"chunks": [{"type": "encoded_text", "tokens": tokens[:-1]}]}, "loss_fn_inputs": inputs}
        )
    return data


def read(loss_fn: str, data: list[dict[str, object]], config: dict[str, float]) -> TrainRequest:
    return read_train_request({"data": data, "loss_fn": loss_fn, "loss_fn_config": config}, "input", 99, 256)


def run(base: Base, policy: Policy, request: TrainRequest, budget: int = 120, backward: bool = True) -> TrainResult:
    trainable = policy.trainable() if backward else None
    return run_batch(base.decoder, policy.effective, trainable, request, budget, base.device)


def token_loss(name: str, lp: torch.Tensor, i: dict[str, list[float]], t: int, c: dict[str, float]) -> torch.Tensor:
    """docs/engine-api.md, the table of losses, for one token."""
    w, q, a = i["weights"][t], i["logprobs"][t], i["advantages"][t]
    r = torch.exp(lp - q)
    if name == "cross_entropy":
        return -w * lp
    if name == "importance_sampling":
        return -r * a if w != 0 else 0 * lp
    if name == "ppo":
        clipped = torch.clamp(r, c["clip_low_threshold"], c["clip_high_threshold"])
        return -torch.min(r * a, clipped * a) if w != 0 else 0 * lp
    loss = torch.max(-a * r, -a * torch.clamp(r, c["clip_low"], c["clip_high"]))
    if a < 0:
        loss = torch.clamp(loss, max=-c["dual_clip"] * a)
    d = i["ref_logprobs"][t] - lp
    return w * (loss + c["kl_coef"] * torch.clamp(torch.exp(d) - d - 1, -10, 10))


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("rank", [0, 4])
def test_loss_and_gradient_equal_plain_autograd(base: Base, name: str, rank: int) -> None:
    data, config = datums(3, [2, 31, 7, 19, 19, 5]), CONFIGS[name]
    policy = Policy(base, LoraChoice(rank, True, True, False), 7)
    if rank:  # B starts at zero, which would hide every gradient of A
        noise = torch.Generator().manual_seed(2)
        policy.replace(
            {
                n: t.detach() + 0.05 * torch.randn(t.shape, generator=noise).to(DEVICE)
                for n, t in policy.tensors.items()
            },
            None,
        )
    result = run(base, policy, read(name, data, config))

    losses, logprobs = [], []
    for datum in data:
        ids = torch.tensor(datum["model_input"]["chunks"][0]["tokens"], device=DEVICE)
        inputs = datum["loss_fn_inputs"]
        params = policy.effective()
        logits = base.decoder.logits(params, base.decoder.states(params, ids[None])[0]) / config.get("temperature", 1.0)
        lps = torch.log_softmax(logits, -1)[torch.arange(len(ids)), torch.tensor(inputs["target_tokens"])]
        losses += [token_loss(name, lps[t], inputs, t, config) for t in range(len(ids))]
        logprobs.append(lps.detach().cpu().numpy())
    total = torch.stack(losses).sum()
    expected = torch.autograd.grad(total, policy.trainable())

    assert result.metrics["loss:sum"] == pytest.approx(total.item(), rel=1e-4)
    for row, reference in zip(result.outputs["logprobs"], logprobs, strict=True):
        np.testing.assert_allclose(row, reference, atol=2e-5)
    scale = max(float(g.abs().max()) for g in expected)
    for (parameter, gradient), reference in zip(
        zip(policy.tensors, result.gradients, strict=True), expected, strict=True
    ):
        assert float((gradient - reference).abs().max()) < 1e-4 * scale, parameter
    assert any(float(g.abs().max()) > 0 for g in expected)


def test_micro_batches_change_rounding_only(base: Base) -> None:
    request = read("grpo_kl", datums(5, [9, 33, 12, 4, 21, 33, 2]), CONFIGS["grpo_kl"])
    results = [run(base, Policy(base, FULL, 0), request, budget) for budget in (1, 40, 10_000)]
    for other in results[1:]:
        for mine, theirs in zip(results[0].gradients, other.gradients, strict=True):
            torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-3)
        for name, value in results[0].metrics.items():
            assert other.metrics[name] == pytest.approx(value, rel=1e-4)


def test_micro_batches_hold_every_row_once_within_the_budget() -> None:
    lengths = np.array([5, 1, 40, 7, 7, 7, 90, 2])
    batches = micro_batches(lengths, 42)
    assert sorted(np.concatenate(batches).tolist()) == list(range(8))
    assert all(len(rows) == 1 or len(rows) * lengths[rows].max() <= 42 for rows in batches)


def test_running_out_of_memory_halves_the_micro_batch_and_nothing_else(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = read("ppo", datums(6, [9, 8, 12, 4]), CONFIGS["ppo"])
    expected = run(base, Policy(base, FULL, 0), request, 10_000)
    whole = base.decoder.states

    def small_memory(params: dict[str, torch.Tensor], ids: torch.Tensor) -> torch.Tensor:
        if len(ids) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(params, ids)

    monkeypatch.setattr(base.decoder, "states", small_memory)
    result = run(base, Policy(base, FULL, 0), request, 10_000)
    assert result.metrics["loss:sum"] == pytest.approx(expected.metrics["loss:sum"], rel=1e-5)
    for mine, theirs in zip(result.gradients, expected.gradients, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-3)

    monkeypatch.setattr(base.decoder, "states", lambda *_: (_ for _ in ()).throw(torch.OutOfMemoryError("full")))
    with pytest.raises(ServerJobError, match="single sequence"):
        run(base, Policy(base, FULL, 0), request, 10_000)


def test_gradient_checkpointing_changes_nothing(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    request = read("grpo_kl", datums(11, [20, 14]), CONFIGS["grpo_kl"])
    plain = run(base, Policy(base, FULL, 0), request)
    monkeypatch.setattr(base.decoder, "checkpointing", True)
    recomputed = run(base, Policy(base, FULL, 0), request)
    for mine, theirs in zip(recomputed.gradients, plain.gradients, strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize("rank", [0, 4])
def test_a_bfloat16_base_trains_float32_policies(base: Base, rank: int) -> None:
    half = load_base(base.directory, base.device, torch.bfloat16)
    request = read("cross_entropy", datums(12, [20, 14]), {})
    losses = []
    for each in (base, half):
        policy = Policy(each, LoraChoice(rank, True, True, False), 0)
        result = run(each, policy, request)
        assert all(g.dtype == torch.float32 for g in result.gradients)
        policy.accumulate(result.gradients)
        policy.optim_step(AdamParams(1e-3, 0.9, 0.99, 1e-8, 0.0, 1.0))
        losses.append([result.metrics["loss:sum"], run(each, policy, request).metrics["loss:sum"]])
    assert losses[1][0] == pytest.approx(losses[0][0], rel=0.03)
    assert losses[1][1] < losses[1][0]


def test_chunked_log_softmax_equals_whole(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    request = read("cross_entropy", datums(8, [20, 14]), {})
    whole = run(base, Policy(base, FULL, 0), request)
    monkeypatch.setattr("rzero_engine.token_logprobs.CHUNK_ELEMENTS", 99 * 5)
    chunked = run(base, Policy(base, FULL, 0), request)
    for mine, theirs in zip(chunked.gradients, whole.gradients, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=1e-4)


def test_forward_takes_no_gradient_and_gives_token_statistics(base: Base) -> None:
    data = datums(9, [6, 11])
    result = run(base, Policy(base, FULL, 0), read("cross_entropy", data, {"token_stats": 1}), backward=False)
    assert result.gradients is None
    ids = torch.tensor([data[1]["model_input"]["chunks"][0]["tokens"]], device=DEVICE)
    p = base.decoder.logits(base.params, base.decoder.states(base.params, ids)[0]).double().softmax(-1)
    top = p.topk(2).values
    expected = {
        "entropy": -(p * p.log()).sum(-1),
        "self_certainty": (1 / 99 * ((1 / 99) / p).log()).sum(-1),
        "top_gap": top[:, 0] - top[:, 1],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(result.outputs[name][1], values.cpu().numpy(), atol=1e-4)


def test_grpo_metrics_count_completion_tokens_only(base: Base) -> None:
    data = datums(10, [12, 8])
    result = run(base, Policy(base, FULL, 0), read("grpo_kl", data, CONFIGS["grpo_kl"]))
    config, clipped, ratios, kls = CONFIGS["grpo_kl"], [], [], []
    for datum, row in zip(data, result.outputs["logprobs"], strict=True):
        i = datum["loss_fn_inputs"]
        for t, lp in enumerate(row.tolist()):
            if i["weights"][t]:
                ratios.append(math.exp(lp - i["logprobs"][t]))
                low = ratios[-1] < config["clip_low"] and i["advantages"][t] < 0
                clipped.append(low or (ratios[-1] > config["clip_high"] and i["advantages"][t] > 0))
                d = i["ref_logprobs"][t] - lp
                kls.append(min(10, math.exp(d) - d - 1))
    assert result.metrics["clip_fraction:mean"] == pytest.approx(np.mean(clipped))
    assert result.metrics["ratio:max"] == pytest.approx(max(ratios), rel=1e-3)
    assert result.metrics["kl:mean"] == pytest.approx(np.mean(kls), rel=1e-3)
    assert 0 < result.metrics["entropy:mean"] < math.log(99)


def test_damaged_weights_fail_the_job(base: Base) -> None:
    policy = Policy(base, FULL, 0)
    policy.tensors["model.norm.weight"] = torch.full((64,), math.nan, requires_grad=True, device=DEVICE)
    with pytest.raises(ServerJobError, match="not finite"):
        run(base, policy, read("cross_entropy", datums(1, [5]), {}))
