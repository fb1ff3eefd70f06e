"""The demo's task as text: prompts, what counts as a question or an answer, and the majority vote."""

import re
from collections import Counter

from rzero_engine.demo.held_out import HELD_OUT
from rzero_engine.demo.tokenizer import END, VOCABULARY, build_tokenizer

TOKENIZER = build_tokenizer()


def prompt(message: str) -> list[int]:
    return TOKENIZER.encode(f"Q:{message}\nA:").ids


CHALLENGER_PROMPT = prompt("New question")


def text(ids: list[int]) -> str:
    return "".join(VOCABULARY[token] for token in ids).replace(END, "")


def boxed(completion: str) -> str | None:
    r"""Content of the last ``\boxed{``, braces matched; None when there is none, it is never closed, or it is empty."""
    start = completion.rfind("\\boxed{")
    if start < 0:
        return None
    start += len("\\boxed{")
    depth = 1
    for at in range(start, len(completion)):
        depth += {"{": 1, "}": -1}.get(completion[at], 0)
        if depth == 0:
            return completion[start:at].strip() or None
    return None


def posed_row(completion: str) -> str | None:
    """The digits a Challenger asks to have sorted; None for a completion that poses no valid question."""
    blocks = re.findall(r"<question>(.*?)</question>", completion, re.DOTALL)
    if not blocks or boxed(completion) is None:
        return None
    match = re.fullmatch(r"sort ([0-9]+)", blocks[-1].strip())
    return match[1] if match else None


def truth(row: str) -> str:
    return "".join(sorted(row))


def is_held_out(row: str) -> bool:
    return row in HELD_OUT


def held_out() -> list[str]:
    """The audit's rows of digits, shortest first."""
    return sorted(HELD_OUT, key=lambda row: (len(row), row))


def majority(answers: list[str | None]) -> tuple[str | None, int]:
    """The most frequent answer and its votes; ties go to the answer seen first, a missing answer does not vote."""
    votes = Counter(answer for answer in answers if answer is not None)
    return votes.most_common(1)[0] if votes else (None, 0)
