"""The audit's questions: the base model is never pre-trained on them. The same set as the agent's sort domain."""

from hashlib import sha256

SEED = "audit"
LENGTHS = range(2, 25)  # digits
PER_LENGTH = 10


def digit_row(name: str, length: int) -> str:
    """Digits from SHA-256 of ``name``, then of ``name/1``, ``name/2``…: bytes below 250, each modulo 10."""
    row, part = "", 0
    while len(row) < length:
        digest = sha256((name if part == 0 else f"{name}/{part}").encode()).digest()
        row += "".join(str(byte % 10) for byte in digest if byte < 250)
        part += 1
    return row[:length]


def held_out_rows() -> frozenset[str]:
    """``PER_LENGTH`` different digit rows of every length; repeats are passed over."""
    rows: set[str] = set()
    for length in LENGTHS:
        of_length: set[str] = set()
        number = 0
        while len(of_length) < PER_LENGTH:
            of_length.add(digit_row(f"{SEED}/{length}/{number}", length))
            number += 1
        rows |= of_length
    return frozenset(rows)


HELD_OUT = held_out_rows()
