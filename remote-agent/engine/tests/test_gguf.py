"""A GGUF file of a Llama model becomes the same model: logits against transformers' own reading of that file."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from gguf.quants import quantize
from transformers import AutoModelForCausalLM, AutoTokenizer

from rzero_engine.base import load_base
from rzero_engine.pretrained.gguf_weights import GgufError, open_gguf
from rzero_engine.pretrained.smollm2 import convert
from tests import tiny
from tests.conftest import DEVICE

SHAPE = tiny.config(
    model_type="llama",
    architectures=["LlamaForCausalLM"],
    num_key_value_heads=2,
    vocab_size=262,
    tie_word_embeddings=True,
)
NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def permuted(weight: np.ndarray, heads: int) -> np.ndarray:
    """As llama.cpp's convert_hf_to_gguf.py stores query and key matrices."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(weight.shape)


def gguf_name(name: str) -> str:
    if name.startswith("model.layers."):
        _, _, layer, rest = name.split(".", 3)
        return f"blk.{layer}.{NAMES[rest.removesuffix('.weight')]}.weight"
    return {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}[name]


def byte_characters() -> list[str]:
    """The 256 characters that stand for bytes in byte-level BPE (GPT-2)."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return [chr(b) for b in shown] + [chr(256 + i) for i in range(len(hidden))]


def write_gguf(path: Path, architecture: str = "llama", scheme: str = "smollm") -> Path:
    writer = GGUFWriter(path, architecture)
    writer.add_block_count(SHAPE["num_hidden_layers"])
    writer.add_context_length(SHAPE["max_position_embeddings"])
    writer.add_embedding_length(SHAPE["hidden_size"])
    writer.add_feed_forward_length(SHAPE["intermediate_size"])
    writer.add_head_count(SHAPE["num_attention_heads"])
    writer.add_head_count_kv(SHAPE["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(50000.0)
    writer.add_rope_dimension_count(SHAPE["head_dim"])
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *byte_characters(), "th", "the", "12"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(scheme)
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.CONTROL] * 3 + [TokenType.NORMAL] * (len(tokens) - 3))
    writer.add_token_merges(["t h", "th e", "1 2"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    writer.add_chat_template("{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}")
    for name, tensor in tiny.weights(SHAPE).items():
        values = tensor.numpy()
        if name.endswith("q_proj.weight"):
            values = permuted(values, SHAPE["num_attention_heads"])
        if name.endswith("k_proj.weight"):
            values = permuted(values, SHAPE["num_key_value_heads"])
        if values.ndim == 1:
            writer.add_tensor(gguf_name(name), values)
        else:
            kind = GGMLQuantizationType.Q8_0 if "embed" in name else GGMLQuantizationType.Q4_1
            writer.add_tensor(gguf_name(name), quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The GGUF file and the folder made of it."""
    root = tmp_path_factory.mktemp("gguf")
    gguf, folder = write_gguf(root / "tiny.gguf"), root / "converted"
    folder.mkdir()
    convert(gguf, folder, lambda step, text: None)
    return gguf, folder


@torch.no_grad()
def test_logits_equal_those_of_transformers_own_reading_of_the_file(converted: tuple[Path, Path]) -> None:
    gguf, folder = converted
    theirs = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32).to(DEVICE)
    base = load_base(folder, DEVICE, torch.float32)
    ids = torch.randint(0, 262, (3, 40), generator=torch.Generator().manual_seed(1)).to(DEVICE)
    ours = base.decoder.logits(base.params, base.decoder.states(base.params, ids).flatten(0, 1))
    torch.testing.assert_close(ours, theirs(ids).logits.flatten(0, 1), rtol=1e-5, atol=1e-5)


def test_the_folder_says_what_the_file_says(converted: tuple[Path, Path]) -> None:
    _, folder = converted
    config = json.loads((folder / "config.json").read_text())
    assert config["rms_norm_eps"] == 1e-5 and config["rope_theta"] == 50000 and config["tie_word_embeddings"]
    assert load_base(folder, DEVICE, torch.float32).eos_token_ids == [2, 0]


def test_texts_survive_the_tokenizer_and_every_digit_stands_alone(converted: tuple[Path, Path]) -> None:
    _, folder = converted
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for text in ("the 12 cats, x² + ½ = 日本 <|im_end|>\n", "\\boxed{12}"):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    twelve = tokenizer.convert_tokens_to_ids("12")
    assert twelve not in tokenizer("12 and 1200")["input_ids"]
    assert tokenizer("the")["input_ids"] == [tokenizer.convert_tokens_to_ids("the")]
    assert tokenizer.decode(tokenizer("a<|im_end|>")["input_ids"], skip_special_tokens=True) == "a"
    assert "<|im_start|>hello" in tokenizer.apply_chat_template([{"role": "user", "content": "hello"}], tokenize=False)


def test_what_is_no_llama_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("not a model")
    with pytest.raises(GgufError, match="not a readable GGUF file"):
        open_gguf(tmp_path / "text.gguf")
    with pytest.raises(GgufError, match="not llama"):
        open_gguf(write_gguf(tmp_path / "other.gguf", architecture="gemma"))
    with pytest.raises(GgufError, match="cuts text in the manner 'newer'"):
        convert(write_gguf(tmp_path / "newer.gguf", scheme="newer"), tmp_path, lambda step, text: None)
