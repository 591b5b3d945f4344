"""Batches of equal length and a nearly constant number of tokens: no padding, no mask, steady step time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor


@dataclass(frozen=True)
class Texts:
    """Encoded sentences: token ids and type ids of each; labels where there are any."""

    ids: list[np.ndarray]
    types: list[np.ndarray]
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.ids)

    def size(self) -> str:
        """Number of sentences and of tokens, special tokens included, in words."""
        return f"{len(self)} texts, {sum(len(x) for x in self.ids)} tokens"


@dataclass(frozen=True)
class Batch:
    """`index` are the sentences' numbers in the Texts they came from."""

    index: Tensor
    ids: Tensor
    types: Tensor


def plan(lengths: ArrayLike, tokens: int, seed: int | None) -> list[np.ndarray]:
    """Sentence numbers of each batch; shuffled by `seed`, in order of length if it is None."""
    sizes = np.asarray(lengths)
    rng = np.random.default_rng(seed)
    order = np.arange(len(sizes)) if seed is None else rng.permutation(len(sizes))
    order = order[np.argsort(sizes[order], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(sizes[order])) + 1)
    cut = []
    for group in groups:
        count = max(1, tokens // int(sizes[group[0]]))
        cut += [group[i : i + count] for i in range(0, len(group), count)]
    return cut if seed is None else [cut[i] for i in rng.permutation(len(cut))]


def batch(texts: Texts, index: np.ndarray) -> Batch:
    """The sentences `index`, which all have one length, as tensors."""
    stack = [
        torch.from_numpy(np.stack([rows[i] for i in index]).astype(np.int64))
        for rows in (texts.ids, texts.types)
    ]
    return Batch(torch.from_numpy(index), *stack)


def batches(texts: Texts, tokens: int, seed: int | None) -> Iterator[Batch]:
    """Every sentence once."""
    for index in plan([len(x) for x in texts.ids], tokens, seed):
        yield batch(texts, index)
