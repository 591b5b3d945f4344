"""Sentences to token ids, with the truncations counted."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tokenizers
from numpy.typing import NDArray

from siliconbert.data.record import Sentence
from siliconbert.text import first_line


@dataclass(frozen=True)
class Encoded:
    """Token and type ids (int32) of each sentence, special tokens included; `truncated` lost their end."""

    ids: list[NDArray[np.int32]]
    types: list[NDArray[np.int32]]
    truncated: int

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.ids)


class Tokenizer:
    """WordPiece (or whatever the file says) by the `tokenizers` package.

    source : path of a tokenizer.json, or its text
    errors : ValueError if it is neither

    >>> import json
    >>> vocabulary = {"[UNK]": 0, "fine": 1, "film": 2}
    >>> parts = {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"}}
    >>> parts["model"] = {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"}
    >>> known = Tokenizer(json.dumps(parts))
    >>> [ids.tolist() for ids in known.encode(["fine film", "dull film"]).ids], known.token(1)
    ([[1, 2], [0, 2]], 'fine')
    """

    def __init__(self, source: str | Path):
        """See the class."""
        text = str(source)
        with _refused("Tokenizer: source must be a tokenizer.json file or its text"):
            self._inner = (
                tokenizers.Tokenizer.from_str(text)
                if text.lstrip().startswith("{")
                else tokenizers.Tokenizer.from_file(text)
            )
        self._inner.no_padding()
        self._inner.no_truncation()

    def token(self, number: int) -> str:
        """The piece of text with that id; ValueError where there is none."""
        found: str | None = self._inner.id_to_token(number)
        if found is None:
            raise ValueError(f"Tokenizer.token: number must be an id of the vocabulary, got {number}")
        return found

    def encode(self, sentences: Sequence[Sentence], limit: int = 512) -> Encoded:
        """Ids of sentences or pairs: [CLS] a [SEP] or [CLS] a [SEP] b [SEP], at most `limit` tokens each.

        A pair loses tokens of its longer part first. When any sentence was truncated a UserWarning gives the
        count, which the result carries too. Empty sentences and a limit below 4 are a ValueError.
        """
        if limit < 4:
            raise ValueError(f"Tokenizer.encode: limit must be at least 4, got {limit}")
        _refuse_empty(sentences)
        with _refused("Tokenizer.encode: tokenizer.json cannot encode these sentences"):
            self._inner.enable_truncation(limit, strategy="longest_first")
            coded = self._inner.encode_batch(list(sentences))
            ids = [np.array(c.ids, np.int32) for c in coded]
            types = [np.array(c.type_ids, np.int32) for c in coded]
        self._inner.no_truncation()
        truncated = sum(bool(c.overflowing) for c in coded)
        if truncated:
            warnings.warn(
                f"{truncated} of {len(coded)} sentences were truncated to {limit} tokens", stacklevel=2
            )
        return Encoded(ids, types, truncated)


@contextmanager
def _refused(sentence: str) -> Iterator[None]:
    """ValueErrors from what the package raises: bare Exceptions, and panics that are no Exceptions."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise ValueError(f"{sentence} ({first_line(error)})") from None


def _refuse_empty(sentences: Sequence[Sentence]) -> None:
    for i, sentence in enumerate(sentences):
        parts = (sentence,) if isinstance(sentence, str) else sentence
        if not all(part.strip() for part in parts):
            raise ValueError(f"Tokenizer.encode: sentences must not be empty, sentence {i} is")
