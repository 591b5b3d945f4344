"""The language model that every other has to beat: the next word from the last one, by counting."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer]

WEIGHTS = tuple(np.linspace(0.05, 0.95, 19).round(2).tolist())  # tried by `fit`
HELD = 10  # one in so many training words judges the weights


@dataclass(frozen=True)
class Bigram:
    """P(b | a) = weight * count(a b) / count(a) + (1 - weight) * count(b) / count, by interpolation.

    Jelinek and Mercer, Interpolated estimation of Markov source parameters from sparse data (1980). After a
    word that was never followed by another, P(b) = count(b) / count.
    """

    train: Ints
    words: int
    weight: float

    @cached_property
    def _unigram(self) -> NDArray[np.float64]:
        return np.bincount(self.train, minlength=self.words) / len(self.train)

    @cached_property
    def _pairs(self) -> tuple[Ints, Ints]:
        """Every pair a * words + b that occurs, and how often."""
        return np.unique(self.train[:-1].astype(np.int64) * self.words + self.train[1:], return_counts=True)

    @cached_property
    def _starts(self) -> Ints:
        return np.bincount(self.train[:-1], minlength=self.words)

    def probability(self, previous: Ints, following: Ints) -> NDArray[np.float64]:
        """P(following | previous), one for each pair."""
        pairs, counts = self._pairs
        key = previous.astype(np.int64) * self.words + following
        at = np.minimum(np.searchsorted(pairs, key), len(pairs) - 1)
        count = np.where(pairs[at] == key, counts[at], 0)
        starts = self._starts[previous]
        mixed = self.weight * count / np.maximum(starts, 1) + (1 - self.weight) * self._unigram[following]
        return np.where(starts > 0, mixed, self._unigram[following])

    @cached_property
    def likeliest(self) -> Ints:
        """The likeliest next word after every word; of equal ones the lowest number."""
        pairs, _ = self._pairs
        # A word that never came next cannot beat the most frequent word.
        most = int(self._unigram.argmax())
        before = np.concatenate([pairs // self.words, np.arange(self.words)])
        after = np.concatenate([pairs % self.words, np.full(self.words, most)])
        order = np.lexsort((after, -self.probability(before, after), before))
        first = np.unique(before[order], return_index=True)[1]
        found: Ints = after[order][first]
        return found

    def accuracy(self, text: Ints) -> float:
        """Share of the words after the first that are the likeliest after the one before."""
        return float(np.mean(self.likeliest[text[..., :-1]] == text[..., 1:]))

    def perplexity(self, text: Ints) -> float:
        """Exponential of the mean of -log P."""
        return float(np.exp(-np.log(self.probability(text[..., :-1], text[..., 1:])).mean()))


def fit(train: Ints, words: int) -> Bigram:
    """Counts of all of `train`; the weight is the best on its last tenth after counts of the rest.

    >>> fit(np.array([0, 1, 0, 1, 0, 2] * 20), 3).likeliest.tolist()
    [1, 0, 0]
    """
    cut = len(train) - len(train) // HELD
    best = max(WEIGHTS, key=lambda weight: Bigram(train[:cut], words, weight).accuracy(train[cut:]))
    return Bigram(train, words, best)
