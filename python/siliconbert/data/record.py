"""What every reader returns: sentences, labels and where they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from siliconbert import html

Sentence: TypeAlias = str | tuple[str, str]


@dataclass(frozen=True)
class Data:
    """Labelled sentences of one task and split.

    sentences  : str, or (first, second) for a pair task
    labels     : int64 class numbers, one a sentence; float64 scores 0..5 for the regression task stsb
    classes    : names of the classes, in label order; empty for stsb
    provenance : who made the data and the split, and what is known about leaks
    """

    task: str
    split: str
    sentences: list[Sentence]
    labels: NDArray[np.int64] | NDArray[np.float64]
    classes: tuple[str, ...]
    provenance: str

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.sentences)

    def _repr_html_(self) -> str:
        labels = [self.classes[label] if self.classes else label for label in self.labels[:5].tolist()]
        return html.table(
            f"{self.task} {self.split}: {len(self):,} sentences",
            ("label", "sentence"),
            list(zip(labels, self.sentences, strict=False)),
            f"the first {len(labels)}; {self.provenance}",
        )

    def take(self, index: NDArray[np.int64]) -> Data:
        """The sentences with the numbers `index`, in that order."""
        return replace(self, sentences=[self.sentences[i] for i in index], labels=self.labels[index])

    def quick(self, count: int = 400) -> Data:
        """At most `count` fixed, evenly spaced sentences (all of them if there are fewer); no randomness.

        >>> six = Data("t", "dev", list("abcdef"), np.zeros(6, np.int64), ("no", "yes"), "made up")
        >>> six.quick(3).sentences
        ['a', 'c', 'e']
        """
        if count < 1:
            raise ValueError(f"Data.quick: count must be at least 1, got {count}")
        return self if count >= len(self) else self.take(evenly(len(self), count))


@dataclass(frozen=True)
class Source:
    """A data set of one's own by name: what an entry point of the group siliconbert.data holds.

    load    : split -> Data
    classes : names of the classes, in label order; none where labels are scores
    splits  : those that load knows

    >>> two = Data("t", "dev", ["a", "b"], np.zeros(2, np.int64), ("no", "yes"), "made up")
    >>> len(Source(lambda split: two, ("no", "yes")).load("dev"))
    2
    """

    load: Callable[[str], Data]
    classes: tuple[str, ...]
    splits: tuple[str, ...] = ("dev",)


def evenly(size: int, count: int) -> NDArray[np.int64]:
    """`count` evenly spaced numbers out of 0..size-1, those that Data.quick takes."""
    return np.arange(count, dtype=np.int64) * size // count
