"""The tensors of a model: in memory, or of a large one in its file and read whenever they are asked for.

The engine packs weights in an order of its own, so a network in fp32 would take its memory twice. Of a large
model only what is packed stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import prod

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[np.float32]
Read = Callable[[], Tensor]
Shape = tuple[int, ...]

# Weights; BERT-base has 1.1e8, BERT-large 3.4e8.
LARGE = 200_000_000


class ReadWhenAsked(Mapping[str, Tensor]):
    """Name -> tensor, read anew each time but for the last one asked for.

    readers : name -> what reads it, the same each time
    shapes  : of all of them

    >>> readers = {"embeddings.word": lambda: np.zeros((3, 2), np.float32)}
    >>> made = ReadWhenAsked(readers, {"embeddings.word": (3, 2)})
    >>> made["embeddings.word"].shape, "main.pooler.bias" in made
    ((3, 2), False)
    """

    def __init__(self, readers: Mapping[str, Read], shapes: Mapping[str, Shape]):
        """Nothing is read yet."""
        self.readers, self.shapes = dict(readers), dict(shapes)
        self._last: tuple[str, Tensor] | None = None

    def __getitem__(self, name: str) -> Tensor:
        """The tensor; errors: KeyError, and what its reader raises."""
        last = self._last  # once, since another thread may ask for another tensor
        if last is None or last[0] != name:
            self._last = None  # not two at once
            last = self._last = (name, self.readers[name]())
        return last[1]

    def __contains__(self, name: object) -> bool:
        """Whether there is one; it is not read."""
        return name in self.readers

    def __iter__(self) -> Iterator[str]:
        """The names, in the order given."""
        return iter(self.readers)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.readers)


def held(readers: Mapping[str, Read], shapes: Mapping[str, Shape]) -> Mapping[str, Tensor]:
    """What the readers return, in memory unless it is large; each is called at least once.

    shapes : of all of them
    errors : what a reader raises
    """
    if sum(map(prod, shapes.values())) < LARGE:
        return {name: read() for name, read in readers.items()}
    for read in readers.values():
        read()
    return ReadWhenAsked(readers, shapes)


def overlaid(tensors: Mapping[str, Tensor], name: str, values: Tensor) -> Mapping[str, Tensor]:
    """The tensors with other values under this name; nothing is read."""
    if not isinstance(tensors, ReadWhenAsked):
        return {**tensors, name: values}
    readers = tensors.readers | {name: partial(np.asarray, values)}
    return ReadWhenAsked(readers, tensors.shapes | {name: values.shape})


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, Shape]:
    """Name -> shape; nothing is read."""
    if isinstance(tensors, ReadWhenAsked):
        return tensors.shapes
    return {name: tensor.shape for name, tensor in tensors.items()}


def for_core(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor | Read]:
    """As the core takes them: name -> array, or a function that returns it where it must be read."""
    if isinstance(tensors, ReadWhenAsked):
        return tensors.readers
    return dict(tensors)
