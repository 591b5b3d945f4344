"""Batches as other engines take them: filled up to one length, with a mask; and how long a peer takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# A batch's token ids (sentences, longest) and which are tokens.
Padded = tuple[NDArray[np.int64], NDArray[np.int64]]


def padded(
    sentences: Sequence[Sequence[int]] | Sequence[NDArray[np.int32]], width: int | None = None
) -> Padded:
    """A batch filled up to its longest sentence, or to `width`."""
    width = width or max(map(len, sentences))
    ids = np.array([[*row, *[0] * (width - len(row))] for row in sentences], np.int64)
    mask = np.array([[1] * len(row) + [0] * (width - len(row)) for row in sentences], np.int64)
    return ids, mask


class Classifier(Protocol):
    """What is timed: computes the last exit alone, which is less than ours does."""

    version: str

    def logits(self, batch: Padded) -> NDArray[np.float32]:
        """(sentences, classes)."""
        ...


def seconds(peer: Classifier, batches: Sequence[Padded]) -> float:
    """Time of all batches, one after the other."""
    start = time.perf_counter()
    for batch in batches:
        peer.logits(batch)
    return time.perf_counter() - start
