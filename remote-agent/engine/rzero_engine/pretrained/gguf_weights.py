"""Tensors and configuration of a Llama model in a GGUF file, under the names and in the layout of Hugging Face."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGUFReader
from gguf.quants import dequantize

# llama.cpp's names (gguf-py, `tensor_mapping.py`) and those of transformers.
_OUTSIDE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
_IN_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


class GgufError(Exception):
    """The file is not a Llama model that can be converted; the message says why."""


def open_gguf(path: Path) -> GGUFReader:
    """@raises GgufError"""
    try:
        reader = GGUFReader(path)
    except (ValueError, OSError, IndexError) as error:
        raise GgufError(f"{path} is not a readable GGUF file: {error}") from error
    architecture = field(reader, "general.architecture")
    if architecture != "llama":
        raise GgufError(f"{path} holds a model of the architecture {architecture!r}, not llama")
    return reader


def field(reader: GGUFReader, name: str, default: Any = None) -> Any:
    found = reader.get_field(name)
    return default if found is None else found.contents()


def llama_config(reader: GGUFReader) -> dict[str, Any]:
    """`config.json` of the model. @raises GgufError when a number that it needs is missing."""

    def number(name: str) -> Any:
        value = field(reader, f"llama.{name}")
        if value is None:
            raise GgufError(f"the GGUF file does not say llama.{name}")
        return value

    if field(reader, "llama.rope.scaling.type", "none") != "none":
        raise GgufError("the GGUF file scales its rotary positions, which is not supported")
    heads, hidden = number("attention.head_count"), number("embedding_length")
    names = {tensor.name for tensor in reader.tensors}
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": hidden,
        "intermediate_size": number("feed_forward_length"),
        "num_hidden_layers": number("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": field(reader, "llama.attention.head_count_kv", heads),
        "head_dim": field(reader, "llama.attention.key_length", hidden // heads),
        "vocab_size": len(field(reader, "tokenizer.ggml.tokens")),
        "max_position_embeddings": number("context_length"),
        # Stored as float32: written as the shortest decimal number that means it.
        "rms_norm_eps": float(str(np.float32(number("attention.layer_norm_rms_epsilon")))),
        "rope_theta": float(field(reader, "llama.rope.freq_base", 10000.0)),
        "tie_word_embeddings": "output.weight" not in names,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": field(reader, "tokenizer.ggml.bos_token_id"),
        "eos_token_id": field(reader, "tokenizer.ggml.eos_token_id"),
        "pad_token_id": field(reader, "tokenizer.ggml.padding_token_id"),
        "dtype": "float32",
    }


def llama_tensors(
    reader: GGUFReader, config: dict[str, Any], progress: Callable[[int, int], None] = lambda done, of: None
) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor, dequantised to float32. @raises GgufError at one that is not part of a Llama model."""
    for index, tensor in enumerate(reader.tensors):
        if tensor.name == "rope_freqs.weight":
            raise GgufError("the GGUF file has rotary frequencies of its own, which are not supported")
        name = _hugging_face_name(tensor.name)
        values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=False)
        if name.endswith("q_proj.weight"):
            values = _unpermute(values, config["num_attention_heads"])
        elif name.endswith("k_proj.weight"):
            values = _unpermute(values, config["num_key_value_heads"])
        yield name, torch.from_numpy(np.array(values, copy=True))
        progress(index + 1, len(reader.tensors))


def _hugging_face_name(name: str) -> str:
    if name in _OUTSIDE:
        return _OUTSIDE[name]
    parts = name.split(".")
    if len(parts) == 4 and parts[0] == "blk" and parts[2] in _IN_LAYER:
        return f"model.layers.{parts[1]}.{_IN_LAYER[parts[2]]}.{parts[3]}"
    raise GgufError(f"the GGUF file has a tensor {name}, which is no part of a Llama model")


def _unpermute(weight: np.ndarray, heads: int) -> np.ndarray:
    """llama.cpp rotates neighbouring rows of a head, transformers a head's first half with its second: (out, in)."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
