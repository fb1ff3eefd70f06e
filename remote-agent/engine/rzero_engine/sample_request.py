"""The fields of a sampling request that both dialects share, checked."""

import os
from typing import Any

import numpy as np

from rzero_engine import checks
from rzero_engine.base import Base
from rzero_engine.errors import invalid
from rzero_engine.pick import Shape
from rzero_engine.sampling import SampleJob
from rzero_engine.text import Texts
from rzero_engine.uniform import derived_seeds

MAX_ROWS = 1 << 17
MAX_SEED = 2**63 - 1


def read_sampling(
    base: Base,
    texts: Texts,
    prompts: list[np.ndarray],
    n: int,
    body: dict[str, Any],
    prefix: str = "",
    seeds: np.ndarray | None = None,
) -> SampleJob:
    """`prefix` is the path of `body` inside the request; `seeds` override the single `seed`."""
    max_tokens = checks.as_int(checks.get(body, "max_tokens", f"{prefix}max_tokens"), f"{prefix}max_tokens", 1)
    context = base.decoder.context_length
    longest = max(len(prompt) for prompt in prompts)
    if longest + max_tokens > context:
        raise invalid(
            f"{prefix}max_tokens",
            f"is {max_tokens}: with a prompt of {longest} tokens that is beyond the context of {context}",
        )
    rows = len(prompts) * n
    if rows > MAX_ROWS:
        raise invalid("n", f"asks for {rows} completions in one request; at most {MAX_ROWS} are possible")
    temperature = checks.as_float(checks.get(body, "temperature", "", 1.0), f"{prefix}temperature", 0.0)
    if 0 < temperature < 1e-4:
        raise invalid(f"{prefix}temperature", f"is {temperature:g}: use 0 for greedy decoding, or at least 0.0001")
    top_p = checks.as_float(checks.get(body, "top_p", "", 1.0), f"{prefix}top_p", 0.0, 1.0)
    if top_p == 0:
        raise invalid(f"{prefix}top_p", "must be above 0")
    top_k = checks.as_int(checks.get(body, "top_k", "", -1), f"{prefix}top_k", -1)
    stop_ids, stop_texts = _stops(body, prefix, base.decoder.vocab_size)
    if stop_texts and not texts.available:
        raise invalid(f"{prefix}stop", "needs a tokenizer for its strings, and the base model has none: send token ids")
    if seeds is None:
        given = checks.get(body, "seed", "", None)
        seed = int.from_bytes(os.urandom(6)) if given is None else checks.as_int(given, f"{prefix}seed", 0, MAX_SEED)
        seeds = derived_seeds(seed, rows)
    banned = None if base.banned_token in stop_ids else base.banned_token
    return SampleJob(
        prompts=prompts,
        n=n,
        max_tokens=max_tokens,
        shape=Shape(temperature, max(top_k, 0), top_p, banned),
        seeds=seeds,
        stop_ids=stop_ids,
        stop_text=(lambda tokens: texts.contains(tokens, stop_texts)) if stop_texts else None,
    )


def _stops(body: dict[str, Any], prefix: str, vocab_size: int) -> tuple[np.ndarray, list[str]]:
    """`stop_token_ids`, and `stop` as a string, strings or (Tinker) token ids."""
    ids = checks.tokens(checks.get(body, "stop_token_ids", "", []), f"{prefix}stop_token_ids", vocab_size)
    stop = checks.get(body, "stop", "", [])
    if isinstance(stop, str):
        stop = [stop]
    items = checks.as_list(stop, f"{prefix}stop")
    if items and all(isinstance(item, str) for item in items):
        return ids, [checks.as_str(item, f"{prefix}stop") for item in items]
    return np.concatenate((ids, checks.tokens(items, f"{prefix}stop", vocab_size))), []
