"""Python's side of the tokenizer comparison: JSON lines in, JSON lines out.

Writes the tokenizers that are compared into the folder it is given, then answers, with AutoTokenizer,
``{"load": name}``, ``{"encode": [text]}``, ``{"decode": [ids]}`` and ``{"chat": messages, "generate": bool}``.
"""

import json
import sys
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

# The pre-tokenizer of Qwen2, Qwen2.5 and Qwen3 (their tokenizer.json).
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# The pre-tokenizer of Llama 3 (digits in threes).
LLAMA3_SPLIT = QWEN_SPLIT.replace(r"\p{N}|", r"\p{N}{1,3}|", 1)

QWEN_CHAT = """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(last=messages|length - 1) %}
{%- for message in messages %}
    {%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == 'assistant' %}
        {%- set content = message.content %}
        {%- if '</think>' in content %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {{- '<|im_start|>assistant\\n' + content.strip() }}
        {%- if loop.index0 == ns.last %}{{- '<!-- last -->' }}{%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}"""

# The pre-tokenizers of DeepSeek V3, one after the other.
DEEPSEEK_SPLITS = (
    r"\p{N}{1,3}",
    r"[一-龥\u3040-ゟ゠-ヿ]+",
    (
        r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
)

LLAMA_CHAT = """{{ bos_token }}{% for message in messages %}
{% if message['role'] not in ['system', 'user', 'assistant'] %}
{{ raise_exception('unknown role ' + message['role']) }}
{% endif %}
{% if message['role'] == 'assistant' %}
{{ ' ' + message['content'] | trim + ' ' + eos_token }}
{% else %}
{{ '[INST] ' + message['content'].strip() + ' [/INST]' }}
{% endif %}
{% endfor %}"""

CORPUS = [
    "The quick brown fox jumps over the lazy dog. What is the sum of 17 and 25? Let's think step by step.",
    "Let $x$ be a positive integer such that \\frac{x}{3} + 2x = \\boxed{14}. I'll we've they'd don't It's",
    "def f(x):\n    return x ** 2 + 1\n\n\nprint(f(10))\r\n\tif x == 3:\r\n\t\tpass\n",
    "Größe, façade, naïve, Ångström, São Paulo — “quotes” … 1234567890 3.14159 1,000,000",
    "Москва — столица России. Ελληνικά γράμματα. 日本語のテキストと漢字。 한국어 문장입니다. العربية עברית हिन्दी",
    "emoji 😀🎉👍🏽👨‍👩‍👧 ∑∫√≤≥≠ αβγ ∀x∈ℝ",
] * 20


def save(tokenizer: Tokenizer, folder: Path, config: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False, **config}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")


def byte_level(folder: Path, *splits: str, nfc: bool = False, ignore_merges: bool = False, **config: object) -> None:
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            *(pre_tokenizers.Split(Regex(split), behavior="isolated", invert=False) for split in splits),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False),
        ]
    )
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=False) for text in ("<think>", "</think>")])
    tokenizer.add_tokens([AddedToken("<mask>", lstrip=True, normalized=False), AddedToken("<sep>", rstrip=True)])
    save(
        tokenizer,
        folder,
        {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "chat_template": QWEN_CHAT, **config},
    )


def sentencepiece(folder: Path, style: str) -> None:
    """SentencePiece models as converted, with unknown characters as bytes.

    Llama 2 marks spaces in a normaliser and begins with one; Mistral's newer files use the Metaspace pre-tokenizer;
    Gemma begins with no space and joins white space into runs.
    """
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))],
        show_progress=False,
    )
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    trained.train_from_iterator(CORPUS, trainer)
    model = json.loads(trained.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    tokenizer = Tokenizer(
        models.BPE(vocab=model["vocab"], merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    marks = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    if style == "llama2":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence([*marks, decoders.Strip(" ", 1, 0)])
    elif style == "mistral":
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
        tokenizer.decoder = decoders.Sequence([*marks, decoders.Strip(" ", 1, 0)])
    else:
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", behavior="merged_with_previous", invert=False)
        tokenizer.decoder = decoders.Sequence(marks)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", model["vocab"]["<s>"])]
    )
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    save(
        tokenizer,
        folder,
        {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "chat_template": LLAMA_CHAT},
    )


def make(folder: Path) -> None:
    from rzero_engine.demo.tokenizer import save_tokenizer

    (folder / "demo").mkdir(parents=True, exist_ok=True)
    save_tokenizer(folder / "demo", 256)
    byte_level(folder / "qwen", QWEN_SPLIT, nfc=True, tokenizer_class="Qwen2Tokenizer")
    byte_level(folder / "llama3", LLAMA3_SPLIT, ignore_merges=True)
    byte_level(folder / "deepseek", *DEEPSEEK_SPLITS)
    for style in ("llama2", "mistral", "gemma"):
        sentencepiece(folder / style, style)


def serve(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = None
    for line in sys.stdin:
        request = json.loads(line)
        if "load" in request:
            tokenizer = AutoTokenizer.from_pretrained(folder / request["load"])
            reply = {"eos": tokenizer.eos_token_id, "pad": tokenizer.pad_token_id, "size": len(tokenizer)}
        else:
            reply = answer(tokenizer, request)
        print(json.dumps(reply), flush=True)


def answer(tokenizer, request: dict) -> object:
    if "encode" in request:
        return [tokenizer.encode(text, add_special_tokens=False) for text in request["encode"]]
    if "decode" in request:
        return [
            tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
            for ids in request["decode"]
        ]
    return tokenizer.apply_chat_template(request["chat"], tokenize=False, add_generation_prompt=request["generate"])


if __name__ == "__main__":
    make(Path(sys.argv[1]))
    print(json.dumps("made"), flush=True)
    serve(Path(sys.argv[1]))
