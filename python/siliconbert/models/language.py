"""Language models: windows of words in, the likeliest next words out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from siliconbert.data.wikitext import Corpus, windows
from siliconbert.models.model import Model, Progress

SLICE = 256  # windows between two looks at Ctrl-C


@dataclass(frozen=True, eq=False)
class Judged:
    """How well a language model foretells a text, place by place.

    best  : int32, the likeliest word after every place, (windows, places)
    loss  : float32, -log of the right one's probability, nats; right : bool; of the same shape

    >>> loss, right = np.log(np.array([[2.0, 8.0]], np.float32)), np.array([[True, False]])
    >>> judged = Judged(np.array([[3, 5]], np.int32), loss, right)
    >>> judged.accuracy, round(judged.perplexity, 4)  # the geometric mean of 2 and 8
    (0.5, 4.0)
    """

    best: NDArray[np.int32]
    loss: NDArray[np.float32]
    right: NDArray[np.bool_]

    @property
    def accuracy(self) -> float:
        """Share of the places whose likeliest next word is right."""
        return float(self.right.mean())

    @property
    def perplexity(self) -> float:
        """Exponential of the mean loss."""
        return float(np.exp(self.loss.mean(dtype=np.float64)))


@dataclass(frozen=True, eq=False, repr=False)
class LanguageModel(Model):
    """A Transformer encoder with a decoder onto its vocabulary at every place; see Shape.decoder.

    `vocabulary` is its word list, one word a line. A window holds at most shape.positions words.

    >>> from siliconbert.models import Shape
    >>> shape = Shape("bert", 20, 8, 1, 8, 8, 2, 16, 1, 1, 0, decoder="causal")
    >>> sizes, draws = shape.tensors(ramps=False), np.random.default_rng(0)
    >>> weights = {name: draws.normal(size=size).astype(np.float32) for name, size in sizes.items()}
    >>> LanguageModel("tiny", shape, weights).next_words([[3, 1, 4]]).shape  # (windows, places, words)
    (1, 3, 20)
    """

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary, by number; none where the model came without its list."""
        return tuple(self.vocabulary.decode().splitlines()) if self.vocabulary is not None else ()

    @cached_property
    def tokenizer(self) -> None:
        """None: a language model reads word numbers."""
        return None

    def next_words(self, read: npt.ArrayLike, threads: int | None = None) -> NDArray[np.float32]:
        """Logits of the word after every place, (windows, places, words).

        read    : word numbers, (windows, places)
        threads : None for all processors; the result is the same at any count
        errors  : ValueError for other shapes and for words or lengths that the model does not have
        """
        rows = _rows(read, "LanguageModel.next_words: read", 1)
        logits: NDArray[np.float32] = self.encoder.next_words(*_batch(rows), threads or 0)
        return logits.reshape(*rows.shape, -1)

    def judge(
        self, text: Corpus | npt.ArrayLike, threads: int | None = None, progress: Progress | None = None
    ) -> Judged:
        """What the model foretells at every place of a text, against what stands there.

        text     : data.wikitext.windows(...), (windows, places + 1), whose row[:-1] is read and row[1:] to be
                   foretold; or a corpus, whose held-out text is taken
        threads  : None for all processors; the result is the same at any count
        progress : called with the number of finished windows now and then
        """
        rows = self.held(text) if isinstance(text, Corpus) else text
        rows = _rows(rows, "LanguageModel.judge: text", 2)
        following = np.ascontiguousarray(rows[:, 1:])
        best, loss = np.empty_like(following), np.empty(following.shape, np.float32)
        for first in range(0, len(rows), SLICE):
            some = slice(first, first + SLICE)
            found = self.encoder.judge(*_batch(rows[some, :-1]), following[some].ravel(), threads or 0)
            best[some], loss[some] = (part.reshape(following[some].shape) for part in found)
            if progress is not None:
                progress(min(first + SLICE, len(rows)))
        return Judged(best, loss, best == following)

    def held(self, corpus: Corpus) -> NDArray[np.int32]:
        """The windows of a corpus's held-out text; ValueError where it numbers other words than the model."""
        if self.words != corpus.words:
            raise ValueError(
                f"LanguageModel.held: corpus must have the model's {len(self.words)} words in their order, "
                f"{corpus.name} has {len(corpus.words)}"
            )
        return windows(corpus.held, self.shape.positions)


def _rows(given: npt.ArrayLike, what: str, least: int) -> NDArray[np.int32]:
    rows = np.asarray(given)
    if rows.ndim != 2 or rows.dtype.kind not in "iu" or len(rows) == 0 or rows.shape[1] < least:
        raise ValueError(
            f"{what} must be whole numbers of shape (windows, {least} or more), got {rows.dtype} of shape "
            f"{rows.shape}"
        )
    if rows.min() < 0 or rows.max() > np.iinfo(np.int32).max:
        raise ValueError(f"{what} must have word numbers from 0 on, got {rows.min()}..{rows.max()}")
    return rows.astype(np.int32)


def _batch(rows: NDArray[np.int32]) -> tuple[Any, ...]:
    ids = np.ascontiguousarray(rows).ravel()
    return ids, np.zeros_like(ids), np.arange(len(rows) + 1, dtype=np.int64) * rows.shape[1]
