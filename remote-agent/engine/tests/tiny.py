"""A tiny random Qwen3 model with a character tokenizer, in Hugging Face layout."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

CHARACTERS = [chr(code) for code in range(32, 127)]
EOS, PAD = "<end>", "<pad>"


def config(**changes: object) -> dict[str, object]:
    shape = {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "hidden_size": 64,
        "intermediate_size": 192,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "head_dim": 16,
        "vocab_size": 99,
        "max_position_embeddings": 256,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "tie_word_embeddings": True,
        "hidden_act": "silu",
        "attention_bias": False,
        "eos_token_id": 95,
        "pad_token_id": 96,
        "bos_token_id": None,
        "dtype": "float32",
    }
    return {**shape, **changes}


def weights(shape: dict[str, object], seed: int = 0, scale: float = 0.12) -> dict[str, torch.Tensor]:
    """Random parameters under Hugging Face names; norms around 1, so that a wrong norm weight is noticed."""
    generator = torch.Generator().manual_seed(seed)
    d, m, h = shape["hidden_size"], shape["intermediate_size"], shape["head_dim"]
    heads, kv = shape["num_attention_heads"], shape["num_key_value_heads"]

    def matrix(*size: int) -> torch.Tensor:
        return torch.randn(*size, generator=generator) * scale

    def norm(size: int) -> torch.Tensor:
        return 1 + 0.2 * torch.randn(size, generator=generator)

    params = {"model.embed_tokens.weight": matrix(shape["vocab_size"], d) * 3, "model.norm.weight": norm(d)}
    for layer in range(shape["num_hidden_layers"]):
        prefix = f"model.layers.{layer}"
        sizes = {"q": (heads * h, d), "k": (kv * h, d), "v": (kv * h, d), "o": (d, heads * h)}
        for name, size in sizes.items():
            params[f"{prefix}.self_attn.{name}_proj.weight"] = matrix(*size)
            biased = shape["model_type"] == "qwen2" and name != "o"
            if biased:
                params[f"{prefix}.self_attn.{name}_proj.bias"] = matrix(size[0])
        if shape["model_type"] == "qwen3":
            params[f"{prefix}.self_attn.q_norm.weight"] = norm(h)
            params[f"{prefix}.self_attn.k_norm.weight"] = norm(h)
        for name, size in {"gate": (m, d), "up": (m, d), "down": (d, m)}.items():
            params[f"{prefix}.mlp.{name}_proj.weight"] = matrix(*size)
        params[f"{prefix}.input_layernorm.weight"] = norm(d)
        params[f"{prefix}.post_attention_layernorm.weight"] = norm(d)
    if not shape["tie_word_embeddings"]:
        params["lm_head.weight"] = matrix(shape["vocab_size"], d) * 3
    return params


def write_model(folder: Path, seed: int = 0, **changes: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    shape = config(**changes)
    (folder / "config.json").write_text(json.dumps(shape))
    save_file(weights(shape, seed), folder / "model.safetensors", {"format": "pt"})
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": 95, "pad_token_id": 96}))
    _tokenizer().save(str(folder / "tokenizer.json"))
    about = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": EOS, "pad_token": PAD}
    (folder / "tokenizer_config.json").write_text(json.dumps(about))
    return folder


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({c: i for i, c in enumerate(CHARACTERS)}, unk_token=" "))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_tokens([AddedToken(text, special=False) for text in (EOS, PAD, "\\boxed{", "<question>")])
    return tokenizer
