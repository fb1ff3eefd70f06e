"""Synthetic text the demo's base model is pre-trained on: sort questions answered with slips, and questions posed.

The slips matter more than anything else here. They give *sampled* answers partial skill that falls smoothly with
length, while the most frequent answer is still mostly right: what majority voting, and so R-Zero, needs to start.
"""

from random import Random

from .held_out import HELD_OUT

LONGEST = 20  # digits; the audit asks for up to 24, longer than anything the model was shown
LENGTH_DECAY = 0.9  # a question of n digits has weight LENGTH_DECAY**n
SLIP_PER_DIGIT = 0.03  # an answer of n digits carries one slip with probability SLIP_PER_DIGIT * n
QUESTION_SHARE = 0.25  # of the documents pose a question, the others answer one
MALFORMED_SHARE = 0.05  # of the documents that pose a question

DIGITS = "0123456789"
LENGTHS = range(1, LONGEST + 1)
CUMULATIVE_WEIGHTS = tuple(sum(LENGTH_DECAY**k for k in range(1, n + 1)) for n in LENGTHS)


def digit_string(random: Random) -> str:
    """Uniform digits, 1 to ``LONGEST`` of them, short ones more often; never a row of the audit."""
    while True:
        length = random.choices(LENGTHS, cum_weights=CUMULATIVE_WEIGHTS)[0]
        digits = "".join(random.choices(DIGITS, k=length))
        if digits not in HELD_OUT:
            return digits


def written_answer(random: Random, digits: str) -> str:
    """The digits in order, with at most one slip: a digit dropped, doubled or replaced by another."""
    answer = "".join(sorted(digits))
    if random.random() >= SLIP_PER_DIGIT * len(digits):
        return answer
    at = random.randrange(len(answer))
    kind = random.randrange(3)
    if kind == 0:
        middle = ""
    elif kind == 1:
        middle = answer[at] * 2
    else:
        middle = random.choice(DIGITS.replace(answer[at], ""))
    return answer[:at] + middle + answer[at + 1 :]


def answering_document(random: Random) -> str:
    digits = digit_string(random)
    return f"Q:sort {digits}\nA:\\boxed{{{written_answer(random, digits)}}}<end>"


def posing_document(random: Random) -> str:
    """A question with its author's answer; now and then one that the parser must refuse."""
    digits = digit_string(random)
    answer = written_answer(random, digits)
    posed = f"<question>sort {digits}</question>\\boxed{{{answer}}}"
    if random.random() < MALFORMED_SHARE:
        posed = random.choice(
            (
                f"<question>sort {digits}</question>",
                f"<question>sort {digits}</question>\\boxed{{}}",
                f"<question>sort {digits}</question>\\boxed{{{answer}",
                f"<question>sort {digits}\\boxed{{{answer}}}",
                f"<question></question>\\boxed{{{answer}}}",
                f"sort {digits}\\boxed{{{answer}}}",
            )
        )
    return f"Q:New question\nA:{posed}<end>"


def document(random: Random) -> str:
    return posing_document(random) if random.random() < QUESTION_SHARE else answering_document(random)
