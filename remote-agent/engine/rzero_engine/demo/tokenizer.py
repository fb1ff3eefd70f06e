"""The demo's tokenizer: single characters, plus whole tokens for the pieces every document repeats.

Whole tokens keep documents short (a sort question of n digits costs n + 3 tokens with its prompt), which is what the
demo's speed rests on. The tag tokens are added tokens but *not* special ones: special tokens vanish on decoding, and
the parser needs to see ``<question>`` and ``\\boxed{``. Characters outside the vocabulary become one ``UNKNOWN`` each.
"""

import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models

PAD, END, UNKNOWN = "<pad>", "<end>", "\N{REPLACEMENT CHARACTER}"
TAGS = ("Q:", "\nA:", "<question>", "</question>", "\\boxed{", "sort ")

# Printable ASCII and newline, less six characters no document uses: 90 characters, 99 tokens in all.
CHARACTERS = tuple("\n" + "".join(c for c in map(chr, range(0x20, 0x7F)) if c not in "#$@^`~"))

VOCABULARY = (PAD, END, UNKNOWN, *TAGS, *CHARACTERS)
PAD_ID, END_ID, UNKNOWN_ID = 0, 1, 2
ANSWER_CUE_ID = VOCABULARY.index("\nA:")

# Both roles see `Q:<user message>\nA:`. A model this small has no use for instructions: system messages are left out.
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'user' -%}{{- 'Q:' + message['content'] -}}"
    "{%- elif message['role'] == 'assistant' -%}{{- '\\nA:' + message['content'] + '<end>' -}}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '\\nA:' -}}{%- endif -%}"
)


def build_tokenizer() -> Tokenizer:
    """Return the tokenizer; the id of a token is its index in ``VOCABULARY``.

    A byte-pair model without merges is a character model, and the one that both the Rust library and its JavaScript
    port offer with a per-character unknown token.
    """
    ids = {token: index for index, token in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=[], unk_token=UNKNOWN, fuse_unk=False))
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in (PAD, END)])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in TAGS])
    return tokenizer


def tokenizer_config(context_length: int) -> dict[str, object]:
    """The ``tokenizer_config.json`` that goes with it; ``context_length`` in tokens.

    It names no unknown token: the model in ``tokenizer.json`` has one, and naming it here would make it special for
    Python (dropped on decoding) but not for JavaScript.
    """
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context_length,
        "pad_token": PAD,
        "eos_token": END,
        "clean_up_tokenization_spaces": False,
        "padding_side": "left",
        "chat_template": CHAT_TEMPLATE,
    }


def save_tokenizer(folder: Path, context_length: int) -> None:
    """Write ``tokenizer.json`` and ``tokenizer_config.json`` into an existing folder."""
    build_tokenizer().save(str(folder / "tokenizer.json"))
    text = json.dumps(tokenizer_config(context_length), indent=2, ensure_ascii=False)
    (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")
