"""The byte-level BPE tokenizer in a GGUF file as the files that transformers and the agent read."""

import json
from pathlib import Path
from typing import Any

from gguf import GGUFReader, TokenType
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

from rzero_engine.pretrained.gguf_weights import GgufError, field

# How the text is cut before merging, by llama.cpp's name of the scheme (`llama-vocab.cpp`). In `smollm` every
# numeric character stands alone.
_ONE_DIGIT = {"smollm", "command-r", "starcoder", "refact"}
_PLAIN = {"gpt-2", "gpt2", "default"}


def write_tokenizer(reader: GGUFReader, folder: Path, context_length: int) -> None:
    """Writes tokenizer.json and tokenizer_config.json. @raises GgufError for a kind that has not been compared."""
    if field(reader, "tokenizer.ggml.model") != "gpt2":
        raise GgufError(f"its tokenizer is a {field(reader, 'tokenizer.ggml.model')}, and only byte-level BPE is read")
    tokens: list[str] = field(reader, "tokenizer.ggml.tokens")
    merges = [tuple(merge.split(" ", 1)) for merge in field(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = _pre_tokenizer(field(reader, "tokenizer.ggml.pre", "default"))
    tokenizer.decoder = decoders.ByteLevel()
    types = field(reader, "tokenizer.ggml.token_type")
    special = [token for token, kind in zip(tokens, types, strict=True) if kind == TokenType.CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    tokenizer.save(str(folder / "tokenizer.json"))
    about: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context_length,
        "clean_up_tokenization_spaces": False,
    }
    for role, name in {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}.items():
        number = field(reader, f"tokenizer.ggml.{name}_token_id")
        if number is not None:
            about[f"{role}_token"] = tokens[number]
    template = field(reader, "tokenizer.chat_template")
    if template is not None:
        about["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _pre_tokenizer(scheme: str) -> pre_tokenizers.PreTokenizer:
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if scheme in _ONE_DIGIT:
        return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(r"\p{N}"), "isolated"), byte_level])
    if scheme in _PLAIN:
        return byte_level
    raise GgufError(f"its tokenizer cuts text in the manner {scheme!r}, which is not supported")
