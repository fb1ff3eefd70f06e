"""The demo's base model: its tokenizer, its corpus, and that pre-training repeats itself and writes all or nothing."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rzero_engine.demo import corpus, pretrain
from rzero_engine.demo.held_out import HELD_OUT
from rzero_engine.demo.muon import orthogonalised
from rzero_engine.demo.tokenizer import END_ID, PAD_ID, UNKNOWN, VOCABULARY, save_tokenizer

BRIEF = pretrain.Settings(steps=3, documents_per_step=16, warmup_steps=1)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(folder, pretrain.CONTEXT_LENGTH)
    return AutoTokenizer.from_pretrained(folder)


def test_the_vocabulary_has_99_tokens_each_its_own_id(tokenizer):
    assert len(set(VOCABULARY)) == len(VOCABULARY) == len(tokenizer) == 99
    assert tokenizer.convert_ids_to_tokens(list(range(99))) == list(VOCABULARY)
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id) == (PAD_ID, END_ID)


def test_documents_survive_encoding_and_decoding_and_keep_their_tags_without_special_tokens(tokenizer):
    random = Random(1)
    for _ in range(500):
        text = corpus.document(random)
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids) == text
        assert tokenizer.decode(ids, skip_special_tokens=True) == text.removesuffix("<end>")
        assert ids[-1] == END_ID and ids.count(END_ID) == 1


def test_any_sequence_of_tokens_decodes_to_their_concatenation(tokenizer):
    random = Random(2)
    for _ in range(200):
        ids = random.choices(range(len(VOCABULARY)), k=30)
        assert tokenizer.decode(ids) == "".join(VOCABULARY[token] for token in ids)


def test_an_unknown_character_is_one_visible_token(tokenizer):
    assert tokenizer.decode(tokenizer.encode("é1😀"), skip_special_tokens=True) == f"{UNKNOWN}1{UNKNOWN}"


@pytest.mark.parametrize("system", [[], [{"role": "system", "content": "Reason step by step."}]])
def test_the_chat_template_renders_both_roles_and_leaves_instructions_out(tokenizer, system):
    def render(content, **options):
        messages = [*system, {"role": "user", "content": content}]
        return tokenizer.apply_chat_template(messages, tokenize=False, **options)

    assert render("New question", add_generation_prompt=True) == "Q:New question\nA:"
    assert render("sort 58213", add_generation_prompt=True) == "Q:sort 58213\nA:"
    assert render("sort 58213") == "Q:sort 58213"


def test_slips_grow_with_length_as_documented():
    random = Random(3)
    for length in (5, 20):
        rows = ["".join(random.choices(corpus.DIGITS, k=length)) for _ in range(4000)]
        slips = sum(corpus.written_answer(random, row) != "".join(sorted(row)) for row in rows) / len(rows)
        # Four standard deviations; a doubled digit always changes the answer, so every slip shows.
        expected = corpus.SLIP_PER_DIGIT * length
        assert slips == pytest.approx(expected, abs=4 * (expected * (1 - expected) / len(rows)) ** 0.5)


def test_a_quarter_of_the_documents_pose_questions_and_one_in_twenty_of_those_is_malformed():
    random = Random(4)
    documents = [corpus.document(random) for _ in range(8000)]
    posing = [text for text in documents if text.startswith("Q:New question\nA:")]
    well_formed = re.compile(r"Q:New question\nA:<question>sort \d{1,20}</question>\\boxed\{\d+\}<end>")
    # The answer to a one-digit question may have lost its only digit: an empty box, malformed as well.
    malformed = [text for text in posing if not well_formed.fullmatch(text)]
    assert len(posing) / len(documents) == pytest.approx(corpus.QUESTION_SHARE, abs=0.02)
    assert len(malformed) / len(posing) == pytest.approx(corpus.MALFORMED_SHARE, abs=0.02)
    answering = re.compile(r"Q:sort \d{1,20}\nA:\\boxed\{\d*\}<end>")
    assert all(answering.fullmatch(text) for text in documents if text not in set(posing))


def test_nothing_of_the_audit_is_in_the_corpus():
    assert len(HELD_OUT) == 23 * 10
    # From the agent's audit set: whoever changes one side must change the other.
    assert hashlib.sha256("\n".join(sorted(HELD_OUT)).encode()).hexdigest()[:16] == "2c1168ed8b73a40e"
    random = Random(5)
    assert all(corpus.digit_string(random) not in HELD_OUT for _ in range(20_000))


def test_batches_are_padded_on_the_right_and_mostly_not_at_all():
    settings = replace(pretrain.Settings(), steps=20)
    batches = list(pretrain.batches(0, settings))
    assert [batch.shape[0] for batch in batches] == [128] * 20
    padding = sum((batch == PAD_ID).sum().item() for batch in batches) / sum(batch.numel() for batch in batches)
    assert padding < 0.1
    for batch in batches:
        assert not ((batch[:, :-1] == PAD_ID) & (batch[:, 1:] != PAD_ID)).any()


def test_only_what_follows_the_answer_cue_is_learnt(tokenizer):
    ids = torch.tensor([[*tokenizer.encode("Q:sort 21\nA:\\boxed{12}<end>"), PAD_ID]])
    learnt = [token for token in pretrain.completion_targets(ids)[0].tolist() if token != PAD_ID]
    assert tokenizer.decode(learnt) == "\\boxed{12}<end>"


def test_muon_makes_updates_orthogonal():
    torch.manual_seed(0)
    for shape in ((2, 64, 64), (2, 192, 64), (2, 64, 192)):
        values = torch.linalg.svdvals(orthogonalised(torch.randn(shape), steps=8))
        assert values.min() > 0.5
        assert values.max() < 1.3


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path):
    reports: list[pretrain.Progress] = []
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        pretrain.pretrain(tmp_path / name, seed, BRIEF, reports.append)
    first, again, other = ((tmp_path / name / "MANIFEST.json").read_text() for name in ("first", "again", "other"))
    assert first == again != other
    assert [report.step for report in reports] == [3, 3, 3]


def test_the_folder_loads_and_its_manifest_tells_the_truth(tmp_path: Path):
    out = tmp_path / "base"
    pretrain.pretrain(out, 0, BRIEF, lambda _: None)
    manifest = json.loads((out / "MANIFEST.json").read_text())
    assert {f["name"] for f in manifest["files"]} == {p.name for p in out.iterdir()} - {"MANIFEST.json"}
    for file in manifest["files"]:
        content = (out / file["name"]).read_bytes()
        assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    model = AutoModelForCausalLM.from_pretrained(out)
    assert 166_000 < model.num_parameters() < 168_000
    assert model.dtype == torch.float32
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight


def test_a_failed_write_leaves_the_older_folder_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    out = tmp_path / "base"
    pretrain.pretrain(out, 0, BRIEF, lambda _: None)
    before = (out / "MANIFEST.json").read_text()

    def full_disk(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pretrain, "save_file", full_disk)
    with pytest.raises(OSError, match="No space"):
        pretrain.pretrain(out, 1, BRIEF, lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["base"]
    assert (out / "MANIFEST.json").read_text() == before


def test_progress_is_one_json_object_per_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    command = ["--out", str(tmp_path / "base"), "--seed", "0", "--steps", "2", "--progress", "json"]
    assert pretrain.main(command) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["step"], line["steps"]) for line in lines] == [(2, 2)]
    assert set(lines[0]) == {"step", "steps", "loss", "seconds"}
