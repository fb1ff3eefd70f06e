"""`POST /v1/completions`: the request read, the answer written."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np

from rzero_engine import checks
from rzero_engine.base import Base
from rzero_engine.errors import invalid
from rzero_engine.sample_request import MAX_SEED, read_sampling
from rzero_engine.sampling import Completion, SampleJob
from rzero_engine.text import Texts


@dataclass(frozen=True)
class CompletionRequest:
    model: str
    job: SampleJob
    logprobs: bool


def read_completion(body: dict[str, Any], base: Base, texts: Texts) -> CompletionRequest:
    model = checks.as_str(checks.get(body, "model", "model"), "model")
    prompts = _prompts(checks.get(body, "prompt", "prompt"), base.decoder.vocab_size)
    n = checks.as_int(checks.get(body, "n", "n", 1), "n", 1)
    if checks.as_bool(checks.get(body, "stream", "stream", False), "stream"):
        raise invalid("stream", "is not supported: answers come whole")
    logprobs = checks.get(body, "logprobs", "logprobs", None)
    if logprobs is not None and checks.as_int(logprobs, "logprobs", 0) > 0:
        raise invalid("logprobs", f"must be 0 (chosen tokens only) or absent, not {logprobs}")
    given = checks.get(body, "seeds", "seeds", None)
    seeds = None if given is None else _seeds(given, len(prompts), n)
    return CompletionRequest(model, read_sampling(base, texts, prompts, n, body, seeds=seeds), logprobs is not None)


def completion_answer(request: CompletionRequest, rows: list[Completion], texts: Texts) -> dict[str, Any]:
    token_ids = [row.tokens.tolist() for row in rows]
    choices = [
        {
            "index": index,
            "text": text,
            "finish_reason": "stop" if row.stopped else "length",
            "token_ids": ids,
            "logprobs": {"token_logprobs": row.logprobs.tolist()} if request.logprobs else None,
        }
        for index, (row, ids, text) in enumerate(zip(rows, token_ids, texts.decode(token_ids), strict=True))
    ]
    prompt_tokens = sum(len(prompt) for prompt in request.job.prompts)
    completion_tokens = sum(len(ids) for ids in token_ids)
    return {
        "id": f"cmpl-{uuid.uuid4().hex}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": request.model,
        "choices": choices,
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


def _prompts(value: Any, vocab_size: int) -> list[np.ndarray]:
    if isinstance(value, str) or (isinstance(value, list) and value and isinstance(value[0], str)):
        raise invalid("prompt", "must be token ids, not text: encode it first")
    items = checks.as_list(value, "prompt")
    batched = bool(items) and isinstance(items[0], list)
    rows = items if batched else [items]
    prompts = []
    for index, row in enumerate(rows):
        where = f"prompt[{index}]" if batched else "prompt"
        ids = checks.tokens(row, where, vocab_size)
        if not ids.size:
            raise invalid(where, "must hold at least one token")
        prompts.append(ids)
    return prompts


def _seeds(value: Any, prompts: int, n: int) -> np.ndarray:
    rows = checks.as_list(value, "seeds")
    if len(rows) != prompts:
        raise invalid("seeds", f"has {len(rows)} rows for {prompts} prompts")
    checked = []
    for index, row in enumerate(rows):
        where = f"seeds[{index}]"
        seeds = checks.int_vector(row, where)
        if len(seeds) != n:
            raise invalid(where, f"has {len(seeds)} entries where n is {n}")
        if seeds.min() < 0:
            raise invalid(where, f"must hold integers in 0…{MAX_SEED}")
        checked.append(seeds)
    return np.concatenate(checked).astype(np.uint64)
