"""What a model runs on: token ids of many sentences one after the other, without padding."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from siliconbert.data import Data, Table, Tokenizer, column_names, texts

Sentences: TypeAlias = Data | Table | Sequence[str] | Sequence[tuple[str, str]] | Sequence[Sequence[int]]


@dataclass(frozen=True, eq=False)
class Tokens:
    """Sentence i has the tokens offsets[i] .. offsets[i + 1] - 1.

    ids, types : int32, one a token; offsets: int64, one more than there are sentences
    truncated  : sentences that were cut to the model's position limit

    >>> ids, types = np.array([5, 6, 7, 5, 7], np.int32), np.zeros(5, np.int32)
    >>> three = Tokens(ids, types, np.array([0, 2, 3, 5]))
    >>> len(three), three.take(np.array([2, 0])).ids.tolist()
    (3, [5, 7, 5, 6])
    """

    ids: NDArray[np.int32]
    types: NDArray[np.int32]
    offsets: NDArray[np.int64]
    truncated: int = 0

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.offsets) - 1

    def fingerprint(self) -> str:
        """The same for the same tokens only."""
        digest = hashlib.sha256()
        for part in (self.ids, self.types, self.offsets):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()[:16]

    def take(self, chosen: NDArray[np.int64]) -> Tokens:
        """The sentences with these numbers, in that order."""
        lengths = np.diff(self.offsets)[chosen]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        tokens = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1][chosen] - offsets[:-1], lengths)
        return Tokens(self.ids[tokens], self.types[tokens], offsets)


def gather(data: Sentences, tokenizer: Tokenizer | None, limit: int, caller: str) -> Tokens:
    """Tokens of labelled data, or of a list of sentences, pairs or token-id lists; at most `limit` each.

    Of a table (see data.from_table) the columns of text are read.

    Sentences beyond the limit lose tokens before the last one; a warning gives their number.

    errors: ValueError for no sentences, an empty one, other types, or text where the model has no tokenizer
    """
    sentences: Any = data.sentences if isinstance(data, Data) else data
    if column_names(data):
        sentences = texts(data, None, caller)  # type: ignore[arg-type]
    if isinstance(sentences, str) or len(sentences) == 0:
        raise ValueError(f"{caller}: data must be a list of at least one sentence, got {sentences!r}")
    if all(isinstance(sentence, str) for sentence in sentences) or all(
        _is_pair(sentence) for sentence in sentences
    ):
        if tokenizer is None:
            raise ValueError(f"{caller}: data must be token ids because the model has no tokenizer, got text")
        coded = tokenizer.encode(sentences, limit)
        return _joined(coded.ids, coded.types, coded.truncated)
    return _from_ids(sentences, limit, caller)


def read_tokenizer(vocabulary: bytes | None, model: str) -> Tokenizer | None:
    """A model's tokenizer; errors: ValueError where its tokenizer.json cannot be read."""
    if vocabulary is None:
        return None
    try:
        # Anything but a JSON object would be taken for a path.
        return Tokenizer("{" + vocabulary.decode().lstrip().removeprefix("{"))
    except ValueError as error:
        raise ValueError(f"{model}: its tokenizer.json cannot be read ({error})") from None


def _from_ids(sentences: Sequence[Sequence[int]], limit: int, caller: str) -> Tokens:
    ids = [_ids(sentence, i, caller) for i, sentence in enumerate(sentences)]
    long = [len(sentence) > limit for sentence in ids]
    if any(long):
        warnings.warn(f"{sum(long)} of {len(ids)} sentences were truncated to {limit} tokens", stacklevel=5)
    # The last token closes the sentence ([SEP]) and stays.
    ids = [np.append(s[: limit - 1], s[-1]) if cut else s for s, cut in zip(ids, long, strict=True)]
    return _joined(ids, [np.zeros_like(sentence) for sentence in ids], sum(long))


def _ids(sentence: Any, number: int, caller: str) -> NDArray[np.int32]:
    if isinstance(sentence, (str, bytes)):
        raise ValueError(
            f"{caller}: data must be all text, all pairs or all token ids, but sentence {number} differs"
        )
    ids = np.asarray(sentence)
    if ids.size == 0:
        raise ValueError(f"{caller}: sentences must not be empty, sentence {number} is")
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise ValueError(
            f"{caller}: sentence {number} must be text, a pair, or a list of token ids, got {sentence!r}"
        )
    if ids.min() < 0 or ids.max() > np.iinfo(np.int32).max:
        raise ValueError(
            f"{caller}: token ids must not be negative or beyond 32 bits, sentence {number} has one"
        )
    return ids.astype(np.int32)


def _joined(ids: list[NDArray[np.int32]], types: list[NDArray[np.int32]], truncated: int) -> Tokens:
    offsets = np.concatenate([[0], np.cumsum([len(sentence) for sentence in ids])]).astype(np.int64)
    return Tokens(np.concatenate(ids), np.concatenate(types), offsets, truncated)


def _is_pair(sentence: Any) -> bool:
    return (
        isinstance(sentence, tuple) and len(sentence) == 2 and all(isinstance(part, str) for part in sentence)
    )
