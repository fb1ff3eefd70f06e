"""Checkpoints: other libraries load them, they continue bit for bit, and half-written or damaged ones never count."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from rzero_engine import manifest
from rzero_engine.adamw import AdamParams
from rzero_engine.base import Base, load_base
from rzero_engine.lora import LoraChoice
from rzero_engine.manifest import CheckpointError, is_complete, read_manifest, write_checkpoint
from rzero_engine.policy import Policy
from rzero_engine.weights import load_policy, save_policy
from tests.conftest import DEVICE
from tests.served import ADAM, Client, serving
from tests.test_losses import datums

FULL = LoraChoice(0, True, True, False)
STEP = AdamParams(**ADAM)
IDS = torch.randint(0, 95, (2, 17), generator=torch.Generator().manual_seed(4)).to(DEVICE)


def trained(base: Base, choice: LoraChoice, steps: int = 3) -> Policy:
    policy = Policy(base, choice, 11)
    advance(policy, steps)
    return policy


def advance(policy: Policy, steps: int) -> None:
    decoder = policy.base.decoder
    for _ in range(steps):
        params = policy.effective()
        loss = -decoder.logits(params, decoder.states(params, IDS).flatten(0, 1)).log_softmax(-1)[:, 5].sum()
        policy.accumulate(list(torch.autograd.grad(loss, policy.trainable())))
        policy.optim_step(STEP)


@torch.no_grad()
def logits_of(policy: Policy) -> torch.Tensor:
    params, decoder = policy.effective(), policy.base.decoder
    return decoder.logits(params, decoder.states(params, IDS).flatten(0, 1)).unflatten(0, IDS.shape)


def test_full_weights_load_with_transformers(base: Base, tmp_path: Path) -> None:
    policy = trained(base, FULL)
    save_policy(policy, tmp_path / "full", {}, "t")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "full").to(DEVICE)
    assert model.dtype == torch.float32
    torch.testing.assert_close(model(IDS).logits.detach(), logits_of(policy), atol=1e-4, rtol=1e-4)
    assert not torch.allclose(logits_of(policy), logits_of(Policy(base, FULL, 0)), atol=1e-2)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "full")
    assert tokenizer.convert_ids_to_tokens([95]) == ["<end>"]
    assert load_base(tmp_path / "full", DEVICE, torch.float32).eos_token_ids == [95]


CHOICES = [LoraChoice(4, True, True, False), LoraChoice(3, True, False, False), LoraChoice(2, False, True, True)]


@pytest.mark.parametrize("choice", CHOICES, ids=str)
@torch.no_grad()
def test_an_adapter_gives_the_same_logits_in_peft_and_merged(base: Base, tmp_path: Path, choice: LoraChoice) -> None:
    with torch.enable_grad():
        policy = trained(base, choice)
    save_policy(policy, tmp_path / "adapter", {}, "t")
    theirs = AutoModelForCausalLM.from_pretrained(base.directory).to(DEVICE)
    model = PeftModel.from_pretrained(theirs, str(tmp_path / "adapter"))
    torch.testing.assert_close(model(IDS).logits, logits_of(policy), atol=1e-4, rtol=1e-4)
    if choice.unembed:
        return  # the output layer shares the embedding, which merging would change too
    merged = dict(base.params)
    for name, up in policy.tensors.items():
        if name.endswith("lora_B.weight"):
            stem = name.removesuffix(".lora_B.weight")
            down = policy.tensors[f"{stem}.lora_A.weight"]
            merged[f"{stem}.weight"] = merged[f"{stem}.weight"] + 32 / choice.rank * up @ down
    whole = base.decoder.logits(merged, base.decoder.states(merged, IDS).flatten(0, 1)).unflatten(0, IDS.shape)
    torch.testing.assert_close(whole, logits_of(policy), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("rank", [0, 3])
@torch.no_grad()
def test_the_generic_forward_trains_and_samples_like_the_lean_one(base: Base, rank: int) -> None:
    choice = LoraChoice(rank, True, True, False)
    generic = load_base(base.directory, DEVICE, torch.float32, lean=False)
    assert generic.linears == base.linears
    with torch.enable_grad():
        policies = [trained(each, choice, 2) for each in (base, generic)]
    torch.testing.assert_close(logits_of(policies[0]), logits_of(policies[1]), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("rank", [0, 4])
def test_training_continues_bit_for_bit_after_loading(base: Base, tmp_path: Path, rank: int) -> None:
    choice = LoraChoice(rank, True, True, False)
    policy = trained(base, choice)
    save_policy(policy, tmp_path / "c", {}, "t")
    loaded = Policy(base, choice, 99)
    load_policy(loaded, tmp_path / "c", optimizer=True)
    fresh = Policy(base, choice, 99)
    load_policy(fresh, tmp_path / "c", optimizer=False)
    for each in (policy, loaded, fresh):
        advance(each, 2)
    assert all(torch.equal(loaded.tensors[name], tensor) for name, tensor in policy.tensors.items())
    assert not all(torch.equal(fresh.tensors[name], tensor) for name, tensor in policy.tensors.items())


def test_an_adapter_made_with_another_alpha_is_rescaled(base: Base, tmp_path: Path) -> None:
    policy = trained(base, LoraChoice(4, True, True, False))
    save_policy(policy, tmp_path / "a", {}, "t")
    config = json.loads((tmp_path / "a/adapter_config.json").read_text())
    (tmp_path / "a/adapter_config.json").write_text(json.dumps({**config, "lora_alpha": 8}))
    _relist(tmp_path / "a")
    other = Policy(base, policy.choice, 0)
    load_policy(other, tmp_path / "a", optimizer=False)
    for name, tensor in policy.tensors.items():
        torch.testing.assert_close(other.tensors[name], tensor / 4 if name.endswith("lora_B.weight") else tensor)


DAMAGES = {
    "no manifest": (lambda d: (d / "MANIFEST.json").unlink(), "has no MANIFEST"),
    "manifest cut short": (lambda d: (d / "MANIFEST.json").write_text('{"files": ['), "damaged"),
    "manifest of another shape": (lambda d: (d / "MANIFEST.json").write_text('{"files": [{"name": 1}]}'), "damaged"),
    "a file is missing": (lambda d: (d / "config.json").unlink(), "lacks config.json"),
    "a file is shorter": (lambda d: os.truncate(d / "model.safetensors", 1000), "bytes where its manifest"),
    "a flipped bit": (lambda d: _flip(d / "model.safetensors"), "other content"),
    "no folder": (shutil.rmtree, "not a folder"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named(base: Base, tmp_path: Path, damage: str) -> None:
    save_policy(Policy(base, FULL, 0), tmp_path / "c", {}, "t")
    change, message = DAMAGES[damage]
    change(tmp_path / "c")
    with pytest.raises(CheckpointError, match=message):
        load_policy(Policy(base, FULL, 0), tmp_path / "c", optimizer=True)


def test_weights_of_another_kind_rank_or_shape_are_refused(base: Base, tmp_path: Path) -> None:
    save_policy(Policy(base, FULL, 0), tmp_path / "full", {}, "t")
    save_policy(Policy(base, LoraChoice(4, True, True, False), 0), tmp_path / "lora", {}, "t")
    for choice, name, message in [
        (LoraChoice(4, True, True, False), "full", "adapter"),
        (FULL, "lora", "full weights"),
        (LoraChoice(8, True, True, False), "lora", r"not \[8"),
        (LoraChoice(4, True, False, False), "lora", "unknown"),
    ]:
        with pytest.raises(CheckpointError, match=message):
            load_policy(Policy(base, choice, 0), tmp_path / name, optimizer=True)


class Killed(BaseException):
    """Stands for SIGKILL: no handler runs."""


@pytest.mark.parametrize("existing", [False, True])
def test_killed_at_any_moment_of_a_save_leaves_the_old_or_the_new_checkpoint_or_none_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: bool
) -> None:
    outcomes = set()
    for moment in range(100):
        folder = tmp_path / str(moment)
        if existing:
            write_checkpoint(folder / "c", lambda d: (d / "weights").write_text("old"), {}, "a")
        with monkeypatch.context() as patch:
            _kill_at(patch, moment)
            try:
                write_checkpoint(folder / "c", _new_files, {}, "a")
                break
            except Killed:
                pass
        counted = (
            [d for d in folder.iterdir() if is_complete(d) and not d.name.startswith(".")] if folder.is_dir() else []
        )
        outcomes.add(tuple((d / "weights").read_text() for d in counted))
        # whoever comes next writes it anew, whatever was left behind
        write_checkpoint(folder / "c", _new_files, {}, "a")
        assert (folder / "c/weights").read_text() == "new"
        assert [d.name for d in folder.iterdir()] == ["c"]
    assert moment > 5
    assert outcomes == ({("old",), (), ("new",)} if existing else {(), ("new",)})


def _new_files(folder: Path) -> None:
    manifest._sync(folder)  # a moment to be killed at, with nothing written
    (folder / "weights").write_text("ne")
    manifest._sync(folder)
    (folder / "weights").write_text("new")


def _kill_at(patch: pytest.MonkeyPatch, moment: int) -> None:
    """Every file-system step of a save first asks whether its moment has come."""
    left = iter(range(moment))

    def counted(real):  # type: ignore[no-untyped-def]
        def step(*args, **kwargs):  # type: ignore[no-untyped-def]
            if next(left, None) is None:
                raise Killed
            return real(*args, **kwargs)

        return step

    patch.setattr(os, "fsync", counted(os.fsync))
    for name in ("rename", "mkdir", "write_text"):
        patch.setattr(Path, name, counted(getattr(Path, name)))
    patch.setattr(shutil, "rmtree", counted(shutil.rmtree))


@pytest.fixture(scope="module")
def client(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving(base, tmp_path_factory.mktemp("state")) as client:
        yield client


def test_saving_and_loading_over_the_wire(client: Client, tmp_path: Path) -> None:
    data = datums(2, [7, 5, 9])
    first = client.model()
    client.train(first, data, steps=2)
    named = client.call("save_weights", {**client.next(first), "path": "two-steps"})["path"]
    folder = client.call("save_weights", {**client.next(first), "path": str(tmp_path / "deep/er/c")})["path"]
    assert named == f"tinker://{first}/weights/two-steps" and folder == str(tmp_path / "deep/er/c")
    about = read_manifest(Path(folder))
    assert (about["kind"], about["seq_id"], about["optimizer"]) == ("full", 6, True)

    second, third = client.model(), client.model()
    loads = [(second, named), (third, folder)]
    for model, path in loads:
        assert client.call("load_weights", {**client.next(model), "path": path, "optimizer": True})["path"] == path
    results = [client.train(model, data)[0] for model in (first, second, third)]
    assert results[0] == results[1] == results[2]
    answers = [client.complete(client.snapshot(model, "s"))["choices"] for model in (first, second, third)]
    assert answers[0] == answers[1] == answers[2]


def test_an_existing_name_is_a_conflict_unless_overwritten(client: Client) -> None:
    model = client.model(rank=2)
    first = {**client.next(model), "path": "same"}
    client.call("save_weights", first)
    client.call("save_weights", first)  # a repeat is no second save
    again = client.send("save_weights", {"model_id": model, "seq_id": 2, "path": "same"})
    assert again.status_code == 409 and "exists" in again.json()["error"]["message"]
    body = {**client.next(model), "path": "same", "overwrite": True}
    assert "path" in client.call("save_weights", body)


def test_load_weights_only_comes_first(client: Client) -> None:
    model = client.model(rank=2)
    path = client.call("save_weights", {**client.next(model), "path": "mine"})["path"]
    late = client.send("load_weights", {"model_id": model, "seq_id": 2, "path": path, "optimizer": True})
    assert late.status_code == 409 and "first call" in late.json()["error"]["message"]


def test_damage_that_only_hashes_show_fails_the_job(client: Client, tmp_path: Path) -> None:
    model = client.model()
    folder = client.call("save_weights", {**client.next(model), "path": str(tmp_path / "c")})["path"]
    _flip(Path(folder) / "model.safetensors")
    target = client.model()
    answer = client.call("load_weights", {**client.next(target), "path": folder, "optimizer": True})
    assert answer["category"] == "user" and "other content" in answer["error"]


def test_a_folder_that_cannot_be_written_fails_the_job(client: Client, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    model = client.model(rank=2)
    answer = client.call("save_weights", {**client.next(model), "path": str(tmp_path / "file" / "c")})
    assert answer["category"] == "user" and "cannot write" in answer["error"]
    assert client.http.get(f"/x/models/{model}/state").json()["durable_seq"] == 0


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)


def _relist(folder: Path) -> None:
    """The manifest of what is there now."""
    (folder / "MANIFEST.json").unlink()
    files = [manifest._describe(path) for path in folder.iterdir()]
    (folder / "MANIFEST.json").write_text(json.dumps({"version": 1, "files": files}))
