"""Token ids as text, with the `tokenizers` library alone."""

from pathlib import Path

import numpy as np
from tokenizers import Tokenizer


class Texts:
    """A base without `tokenizer.json` gives empty texts: callers that only use token ids lose nothing."""

    def __init__(self, directory: Path) -> None:
        file = directory / "tokenizer.json"
        self._tokenizer = Tokenizer.from_file(str(file)) if file.is_file() else None

    @property
    def available(self) -> bool:
        return self._tokenizer is not None

    def decode(self, rows: list[list[int]]) -> list[str]:
        if self._tokenizer is None:
            return [""] * len(rows)
        return self._tokenizer.decode_batch(rows, skip_special_tokens=True)

    def contains(self, tokens: np.ndarray, stops: list[str]) -> bool:
        text = self.decode([tokens.tolist()])[0]
        return any(stop in text for stop in stops)
