"""Which weights survive: patterns, masks and densities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from siliconbert import _core
from siliconbert.arrays import as_array

__all__ = [
    "NM",
    "Block",
    "Head",
    "Pattern",
    "Unstructured",
    "block_density",
    "check",
    "density",
    "prune",
]


class _Checked:
    """Its fields are checked at once, by making the core's record."""

    def __post_init__(self) -> None:
        self._core_pattern()

    def _core_pattern(self) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Unstructured(_Checked):
    """Any weight may survive: round(density * n) of them (a half goes up).

    >>> prune([[3.0, 1.0], [2.0, 0.0]], Unstructured(), density=0.5).tolist()
    [[True, False], [True, False]]
    """

    def _core_pattern(self) -> Any:
        return _core.sparsity.Unstructured()


@dataclass(frozen=True)
class NM(_Checked):
    """`n` of every `m` neighbours of a row survive; the rest of a row shorter than m keeps at most n.

    The density is n / m and need not be given.

    >>> prune([[3.0, 1.0, 2.0, 0.0]], NM(2, 4)).tolist()
    [[True, False, True, False]]
    """

    n: int
    m: int

    def _core_pattern(self) -> Any:
        return _core.sparsity.NM(self.n, self.m)


@dataclass(frozen=True)
class Block(_Checked):
    """Blocks of (rows, columns) weights survive or go as a whole, ranked by their L2 norm.

    Blocks at an edge are padded with zeros, and so are banks: their padding never counts as kept. A block may
    not be larger than the matrix.

    balance : how many of them survive, at least one in each case
              "free"    round(density * blocks) anywhere (a half goes up)
              "row"     floor(density * C) in each block row of C blocks
              "column"  floor(density * R) in each block column of R blocks: column balanced block pruning,
                        Peng et al., ISQED 2021, Algorithm 1
              "bank"    ceil(density * B) in each bank of B neighbouring blocks of a block row
    bank    : the width of a bank in weights, a multiple of the block's columns; for "bank" only. Bank
              balanced sparsity (Cao et al., FPGA 2019) is Block((1, 1), "bank", 64).

    That paper's product y = x W has W as (inputs, outputs). A weight stored as (outputs, inputs), as PyTorch
    and this package's models do, takes the transpose: Block((c, r), "row") for the paper's r x c by column.

    >>> prune([[3.0, 1.0, 0.0, 0.0]], Block((1, 2)), density=0.5).tolist()
    [[True, True, False, False]]
    """

    shape: tuple[int, int]
    balance: Literal["free", "row", "column", "bank"] = "free"
    bank: int | None = None

    def _core_pattern(self) -> Any:
        if len(self.shape) != 2:
            raise ValueError(f"Block: shape must be (rows, columns), got {self.shape}")
        return _core.sparsity.Block(*self.shape, self.balance, 0 if self.bank is None else self.bank)


@dataclass(frozen=True)
class Head(_Checked):
    """Whole attention heads survive: round(density * heads) of them (a half goes up), ranked by L2 norm.

    width : rows or columns of a head, its share of the hidden width
    axis  : 0 where a head is `width` neighbouring rows (query, key and value weights stored as (outputs,
            inputs)), 1 where it is columns (the attention's output weight)

    >>> prune([[3.0, 1.0], [0.0, 0.0]], Head(1), density=0.5).tolist()
    [[True, True], [False, False]]
    """

    width: int
    axis: Literal[0, 1] = 0

    def _core_pattern(self) -> Any:
        return _core.sparsity.Head(self.width, self.axis)


Pattern = Unstructured | NM | Block | Head


def prune(scores: npt.ArrayLike, pattern: Pattern, density: float | None = None) -> npt.NDArray[np.bool_]:
    """Mask of the weights to keep: the largest magnitudes or norms that the pattern allows, at least one.

    scores: (rows, columns), taken as float32; of equal ones the lower row-major index survives. density: kept
    fraction, 0 < density <= 1, left out for NM; what is reached follows from the pattern's rounding, see
    `density`. Returns bool of the same shape. errors: ValueError.

    >>> prune([[3.0, -1.0], [0.5, -2.0]], Unstructured(), density=0.5).tolist()
    [[True, False], [False, True]]
    >>> prune([[3, -1, 2, 5]], NM(2, 4)).tolist()
    [[True, False, False, True]]
    >>> scores = np.arange(800 * 800).reshape(800, 800)
    >>> density(prune(scores, Block((16, 16), balance="column"), density=1 - 0.9))  # 5 of 50 blocks a column
    0.1
    """
    values = _matrix(scores, np.float32, "prune: scores")
    mask: npt.NDArray[np.bool_] = _core.sparsity.prune(values, pattern._core_pattern(), density).values()
    return mask


def check(mask: npt.ArrayLike, pattern: Pattern) -> None:
    """ValueError, naming the place, where a mask of one's own breaks a pattern.

    A block must be kept whole, N:M groups keep at most N, and balanced groups all keep the same number of
    blocks (one cut off at the edge at most all of it).

    >>> check([[True, False, False, True]], NM(2, 4))
    >>> check([[True, False, True, True]], NM(2, 4))
    Traceback (most recent call last):
    ValueError: check: mask must keep at most 2 of 4 neighbours, got 3 in rows 0-0, columns 0-3
    """
    _core.sparsity.check(_core.base.Mask(_matrix(mask, np.bool_, "check: mask")), pattern._core_pattern())


def density(mask: npt.ArrayLike) -> float:
    """Kept fraction of a mask, 0..1.

    >>> density([[True, False], [False, False]])
    0.25
    """
    return float(np.mean(as_array(mask, bool)))


def block_density(mask: npt.ArrayLike, shape: tuple[int, int]) -> float:
    """Share of the blocks of (rows, columns) that keep anything, 0..1; those at an edge count as whole ones.

    One minus it is the prune ratio that rounding left. mask: bool, or weights, of which zeros are pruned.

    >>> scores = np.arange(200 * 800).reshape(200, 800)
    >>> mask = prune(scores, Block((16, 16), balance="column"), density=1 - 0.9)  # 1 of 13 blocks a column
    >>> round(1 - block_density(mask, (16, 16)), 3)
    0.923
    """
    kept = _matrix(mask, np.bool_, "block_density: mask")
    high, wide = shape
    down, across = -(-kept.shape[0] // high), -(-kept.shape[1] // wide)
    padded = np.zeros((down * high, across * wide), bool)
    padded[: kept.shape[0], : kept.shape[1]] = kept
    return float(padded.reshape(down, high, across, wide).any(axis=(1, 3)).mean())


def _matrix(values: npt.ArrayLike, kind: Any, what: str) -> npt.NDArray[Any]:
    matrix = as_array(values, kind)
    if matrix.ndim != 2:
        raise ValueError(f"{what} must have 2 dimensions, got {matrix.ndim}")
    return matrix
