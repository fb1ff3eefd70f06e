"""The lean forward equals transformers' models; decoding with a cache equals the full forward."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from rzero_engine.base import BaseModelError, load_base
from rzero_engine.generic import GenericDecoder
from rzero_engine.lean import LeanDecoder
from tests import tiny
from tests.conftest import DEVICE

FAMILIES = {
    "qwen3": {},
    "qwen3-grouped": {"num_key_value_heads": 2, "head_dim": 24},
    "qwen3-untied": {"tie_word_embeddings": False},
    "qwen2": {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "num_key_value_heads": 2},
    "llama": {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "num_key_value_heads": 1},
}
PROMPTS = [np.array([5, 9, 14]), np.array([80]), np.arange(30), np.array([1, 2, 3, 4, 5, 6, 7])]


@pytest.fixture(scope="module", params=FAMILIES)
def family_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_model(tmp_path_factory.mktemp("family") / request.param, **FAMILIES[request.param])


@torch.no_grad()
def test_lean_forward_equals_transformers(family_dir: Path) -> None:
    base = load_base(family_dir, DEVICE, torch.float32)
    assert isinstance(base.decoder, LeanDecoder)
    ids = torch.randint(0, 99, (3, 41), generator=torch.Generator().manual_seed(1)).to(DEVICE)
    expected = AutoModelForCausalLM.from_pretrained(family_dir, dtype=torch.float32).to(DEVICE)(ids).logits
    states = base.decoder.states(base.params, ids)
    torch.testing.assert_close(base.decoder.logits(base.params, states), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("lean", [True, False])
@torch.no_grad()
def test_cached_decoding_equals_the_full_forward(family_dir: Path, lean: bool) -> None:
    base = load_base(family_dir, DEVICE, torch.float32, lean=lean)
    assert isinstance(base.decoder, LeanDecoder if lean else GenericDecoder)
    decoder, rows = base.decoder, [0, 1, 1, 3, 2, 0]
    logits, cache = decoder.prefill(base.params, PROMPTS)
    logits, cache = logits[rows], cache.select(torch.tensor(rows, device=DEVICE))
    texts = [PROMPTS[row].tolist() for row in rows]
    generator = np.random.default_rng(0)
    for step in range(70):  # past several growths of the cache
        for row, text in enumerate(texts):
            if step % 23 == 0 or step == 69:
                states = decoder.states(base.params, torch.tensor([text], device=DEVICE))[0, -1:]
                torch.testing.assert_close(logits[row], decoder.logits(base.params, states)[0], atol=1e-4, rtol=1e-4)
        if step == 20:  # compaction
            keep = [1, 4, 5]
            cache, texts = cache.select(torch.tensor(keep, device=DEVICE)), [texts[row] for row in keep]
        tokens = generator.integers(0, 95, len(texts))
        for text, token in zip(texts, tokens.tolist(), strict=True):
            text.append(token)
        logits = decoder.step(base.params, cache, torch.from_numpy(tokens).to(DEVICE))


def test_what_the_lean_forward_does_not_compute_goes_to_transformers(tmp_path: Path) -> None:
    scaled = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}
    folder = tiny.write_model(tmp_path / "scaled", rope_parameters=scaled)
    assert isinstance(load_base(folder, DEVICE, torch.float32).decoder, GenericDecoder)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match=r"config\.json"):
        load_base(tmp_path, DEVICE, torch.float32)


def test_special_tokens_come_from_the_folder(model_dir: Path) -> None:
    base = load_base(model_dir, DEVICE, torch.float32)
    assert (base.pad_token_id, base.eos_token_ids, base.banned_token) == (96, [95], 96)


@torch.no_grad()
def test_uneven_rows_of_shared_prompts_decode_like_rows_of_their_own(model_dir: Path) -> None:
    base = load_base(model_dir, DEVICE, torch.float32)
    decoder, generator = base.decoder, np.random.default_rng(1)
    rows = np.array([2, 0, 0, 3, 1, 1, 1, 0, 2, 3, 0])
    logits, shared = decoder.prefill(base.params, PROMPTS)
    logits, shared = logits[rows], shared.select(torch.from_numpy(rows).to(DEVICE))
    alone, apart = decoder.prefill(base.params, [PROMPTS[row] for row in rows])
    for step in range(24):
        torch.testing.assert_close(logits, alone, atol=1e-4, rtol=1e-4)
        if step in (3, 9, 14, 20):  # prompts lose rows unevenly, and some prompts all of them
            left = np.sort(generator.permutation(len(rows))[: len(rows) - 2])
            keep = torch.from_numpy(left).to(DEVICE)
            rows, shared, apart = rows[left], shared.select(keep), apart.select(keep)
        tokens = torch.from_numpy(generator.integers(0, 95, len(rows))).to(DEVICE)
        logits, alone = decoder.step(base.params, shared, tokens), decoder.step(base.params, apart, tokens)
