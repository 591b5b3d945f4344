"""What the entry points of pyproject.toml name: paths of TOML files, two classes, and a data set."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siliconbert.data import Data, Source
from siliconbert.faults import OwnFault

HERE = Path(__file__).parent
FORMATS = HERE / "formats.toml"
CELLS = HERE / "cells.toml"
ACCELERATORS = HERE / "accelerators.toml"


@dataclass(frozen=True)
class Leak(OwnFault):
    """Charge leaks: a cell is read one level lower, with a probability for each level above the lowest."""

    rate: float

    def read(self, cells, draws):
        return cells.levels - (draws.random(len(cells.levels)) < self.rate * cells.levels)


@dataclass(frozen=True)
class Calm:
    """Leaves once the entropy is below the threshold at several layers in a row."""

    layers: int = 2

    def leave(self, entropy, threshold):
        low = (entropy < threshold).astype(int)
        count = entropy.shape[1]
        in_a_row = np.stack(
            [low[:, max(0, end - self.layers) : end].sum(axis=1) for end in range(1, count + 1)], axis=1
        )
        calm = in_a_row >= self.layers
        calm[:, -1] = True
        return calm.argmax(axis=1) + 1


def words(split):
    """Eight sentences of one good or bad word each."""
    good, bad = ["good", "great", "fine", "lovely"], ["bad", "awful", "poor", "dull"]
    labels = np.array([1, 0] * 4, np.int64)
    sentences = [f"a {word} film" for pair in zip(good, bad, strict=True) for word in pair]
    return Data("example-words", split, sentences, labels, WORDS.classes, "made up for an example")


WORDS = Source(words, ("negative", "positive"))
