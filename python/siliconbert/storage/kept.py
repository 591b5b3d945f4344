"""How many values and blocks a mask keeps, or is expected to keep at a density."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from siliconbert.arrays import as_array


def grid(rows: int, columns: int, block: tuple[int, int]) -> tuple[int, int]:
    """Block rows and block columns of a matrix; those at its edges may be padded."""
    return -(-rows // block[0]), -(-columns // block[1])


class Kept(Protocol):
    """What the formulas ask."""

    def values(self) -> int:
        """Kept elements."""

    def fullest_bank(self, bank: int) -> int:
        """The most that any bank of so many columns of a row keeps."""

    def blocks(self, block: tuple[int, int]) -> int:
        """Kept blocks."""

    def blocks_in_column(self, block: tuple[int, int]) -> int:
        """Kept blocks of each block column."""

    def run_padding(self, longest: int) -> int:
        """Zeros that break up the runs of more than `longest` pruned elements before a kept one."""


def at_density(rows: int, columns: int, density: float) -> Kept:
    """What is expected of a share of all elements, 0..1."""
    if not 0 <= density <= 1:
        raise ValueError(f"storage.bits: density must be in 0..1, got {density}")
    return _Share(rows, columns, density)


def of_mask(rows: int, columns: int, mask: npt.ArrayLike) -> Kept:
    """What a mask keeps."""
    kept = as_array(mask)
    if kept.dtype != np.bool_ or kept.shape != (rows, columns):
        raise ValueError(
            f"storage.bits: mask must be bool of shape {(rows, columns)}, "
            f"got {kept.dtype} of shape {kept.shape}"
        )
    return _Given(kept)


@dataclass(frozen=True)
class _Share:
    rows: int
    columns: int
    density: float

    def values(self) -> int:
        return round(self.density * self.rows * self.columns)

    def fullest_bank(self, bank: int) -> int:
        return math.ceil(self.density * bank - 1e-9)  # 0.1 * 50 is just above 5 in binary

    def blocks(self, block: tuple[int, int]) -> int:
        R, C = grid(self.rows, self.columns, block)
        return round(self.density * R * C)

    def blocks_in_column(self, block: tuple[int, int]) -> int:
        return max(1, math.floor(self.density * grid(self.rows, self.columns, block)[0] + 1e-9))

    def run_padding(self, longest: int) -> int:
        # A run of L pruned elements before a kept one takes floor(L / (longest + 1)) zeros, and runs are
        # geometric: the sum over k of P(L >= k (longest + 1)).
        pruned = (1 - self.density) ** (longest + 1)
        return 0 if self.values() == 0 else round(self.values() * pruned / (1 - pruned))


@dataclass(frozen=True)
class _Given:
    mask: npt.NDArray[np.bool_]

    def values(self) -> int:
        return int(self.mask.sum())

    def fullest_bank(self, bank: int) -> int:
        starts = range(0, self.mask.shape[1], bank)
        return int(max(self.mask[:, first : first + bank].sum(axis=1).max() for first in starts))

    def blocks(self, block: tuple[int, int]) -> int:
        return int(self._kept_blocks(block).sum())

    def blocks_in_column(self, block: tuple[int, int]) -> int:
        return int(self._kept_blocks(block).sum(axis=0)[0])

    def run_padding(self, longest: int) -> int:
        runs = np.diff(np.flatnonzero(self.mask.ravel()), prepend=-1) - 1
        return int((runs // (longest + 1)).sum())

    def _kept_blocks(self, block: tuple[int, int]) -> npt.NDArray[np.bool_]:
        (r, c), (R, C) = block, grid(self.mask.shape[0], self.mask.shape[1], block)
        padded = np.zeros((R * r, C * c), bool)
        padded[: self.mask.shape[0], : self.mask.shape[1]] = self.mask
        return np.asarray(padded.reshape(R, r, C, c).any(axis=(1, 3)), bool)
