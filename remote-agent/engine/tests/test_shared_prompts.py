"""Computing a prompt's states once for all its rollouts changes rounding and nothing else."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rzero_engine import training
from rzero_engine.base import load_base
from rzero_engine.lora import LoraChoice
from rzero_engine.policy import Policy
from rzero_engine.shared_prompts import find_sharing, shared_micro_batches, shared_rows
from tests import tiny
from tests.conftest import DEVICE
from tests.test_losses import CONFIGS, FULL, read, run


def group_datums(seed: int, groups: list[tuple[int, list[int]]]) -> list[dict[str, object]]:
    """(prompt length, own lengths): rollouts in random order; an own length of 0 is a completion of one token."""
    generator = np.random.default_rng(seed)
    data = []
    for prompt_length, own in groups:
        prompt = generator.integers(0, 95, prompt_length).tolist()
        for length in own:
            tokens = prompt + generator.integers(0, 95, length + 1).tolist()
            completion = np.arange(len(tokens) - 1) >= prompt_length - 1
            chunk = {"type": "encoded_text", "tokens": tokens[:-1]}
            inputs = {
                "target_tokens": tokens[1:],
                "weights": (completion * generator.uniform(0.1, 1)).tolist(),
                "logprobs": (completion * generator.uniform(-7, -2, len(completion))).tolist(),
                "advantages": (completion * generator.normal()).tolist(),
                "ref_logprobs": (completion * generator.uniform(-7, -2, len(completion))).tolist(),
            }
            data.append({"model_input": {"chunks": [chunk]}, "loss_fn_inputs": inputs})
    return [data[i] for i in generator.permutation(len(data))]


GROUPS = [(9, [3, 0, 12, 5]), (1, [4, 4]), (17, [0, 0, 0]), (6, [30]), (12, [1, 2, 3, 4, 5, 6])]


@pytest.mark.parametrize("rank", [0, 4])
@pytest.mark.parametrize("kv_heads", [4, 2])
@pytest.mark.parametrize("budget", [1, 60, 10_000])
def test_outputs_and_gradients_equal_those_without_sharing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rank: int, kv_heads: int, budget: int
) -> None:
    base = load_base(tiny.write_model(tmp_path / "m", num_key_value_heads=kv_heads), DEVICE, torch.float32)
    request = read("grpo_kl", group_datums(1, GROUPS), CONFIGS["grpo_kl"])
    policy = Policy(base, LoraChoice(rank, True, True, False), 3)
    assert find_sharing(request.batch) is not None
    shared = run(base, policy, request, budget)
    monkeypatch.setattr(training, "find_sharing", lambda batch: None)
    plain = run(base, policy, request, budget)
    for mine, theirs in zip(shared.outputs["logprobs"], plain.outputs["logprobs"], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-5)
    for name, value in plain.metrics.items():
        assert shared.metrics[name] == pytest.approx(value, rel=1e-3)
    scale = max(float(g.abs().max()) for g in plain.gradients)
    for mine, theirs in zip(shared.gradients, plain.gradients, strict=True):
        assert float((mine - theirs).abs().max()) < 1e-4 * scale


def test_micro_batches_hold_every_row_once_within_the_budget() -> None:
    batch = read("cross_entropy", group_datums(2, GROUPS), {}).batch
    sharing = find_sharing(batch)
    batches = shared_micro_batches(batch.lengths, sharing, 60)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(batch.tokens)))
    for rows in batches:
        shared = shared_rows([batch.tokens[r] for r in rows], sharing.prompt_length[rows], sharing.group[rows], DEVICE)
        assert len(rows) == 1 or shared.prompts.numel() + shared.own.numel() <= 60


def test_packed_points_at_each_token_of_each_row() -> None:
    batch = read("cross_entropy", group_datums(3, GROUPS), {}).batch
    sharing = find_sharing(batch)
    shared = shared_rows(batch.tokens, sharing.prompt_length, sharing.group, DEVICE)
    assert len(shared.prompts) == len(GROUPS)
    flat = torch.cat((shared.prompts.flatten(), shared.own.flatten()))
    assert flat[shared.packed].tolist() == np.concatenate(batch.tokens).tolist()


def test_batches_that_share_little_are_left_alone() -> None:
    different = group_datums(4, [(5, [9]), (6, [9]), (7, [9])])
    assert find_sharing(read("cross_entropy", different, {}).batch) is None
    without_weights = group_datums(5, GROUPS)
    for datum in without_weights:
        del datum["loss_fn_inputs"]["weights"]
    assert find_sharing(read("ppo", without_weights, {}).batch) is None


def test_datums_without_any_weight_are_whole_prompts(tmp_path: Path) -> None:
    base = load_base(tiny.write_model(tmp_path / "m"), DEVICE, torch.float32)
    data = group_datums(6, [(4, [6] * 3)])[:1] * 4
    for datum in data:
        datum["loss_fn_inputs"]["weights"] = [0.0] * len(datum["loss_fn_inputs"]["weights"])
    result = run(base, Policy(base, FULL, 0), read("cross_entropy", data, {}))
    ids = torch.tensor([data[0]["model_input"]["chunks"][0]["tokens"]], device=DEVICE)
    logits = base.decoder.logits(base.params, base.decoder.states(base.params, ids)[0])
    targets = torch.tensor(data[0]["loss_fn_inputs"]["target_tokens"], device=DEVICE)
    expected = logits.log_softmax(-1).gather(-1, targets[:, None])[:, 0]
    for row in result.outputs["logprobs"]:
        np.testing.assert_allclose(row, expected.detach().cpu().numpy(), atol=2e-5)
    assert all(float(g.abs().max()) == 0 for g in result.gradients)
