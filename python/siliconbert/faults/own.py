"""Faults of stored cells that are written in Python: which level every cell is read as."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert._core import faults as _core

__all__ = ["OwnFault", "StoredCells"]


@dataclass(frozen=True)
class StoredCells:
    """The cells of one region that hold equally many bits.

    tensor, region : names; cell: its name in the catalogue; bits: of one cell
    levels         : uint8, 0 .. 2^bits - 1, in the order of the cells

    >>> some = StoredCells("embeddings.word", "values", "rram-mlc2", 2, np.array([0, 3, 1], np.uint8))
    >>> int(some.levels.max()) < 2**some.bits
    True
    """

    tensor: str
    region: str
    cell: str
    bits: int
    levels: NDArray[np.uint8]


class OwnFault(ABC):
    """A fault of one's own: derive a frozen dataclass with the options as fields, and define `read`.

    It goes wherever the built-in ones go but into Mixed, and by name as an entry point of the group
    siliconbert.faults. It costs a look at every cell a trial; numbers of expected events are not known.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Worn(OwnFault):
    ...     share: float
    ...     def read(self, cells, draws):
    ...         worn = draws.random(len(cells.levels)) < self.share
    ...         return np.where(worn, 0, cells.levels)
    >>> Worn(0.5).label
    'Worn(share=0.5)'
    """

    @abstractmethod
    def read(self, cells: StoredCells, draws: np.random.Generator) -> NDArray[Any]:
        """The levels that are read, as many as cells.levels.

        draws : a generator of its own for every seed, tensor, region, number of bits and trial
        """

    @property
    def core(self) -> Any:
        """The core's Disturb."""
        return _core.CalledFault(self._events)

    @property
    def activations(self) -> Any:
        """Nothing happens in flight."""
        return None

    @property
    def label(self) -> str:
        """One line for reports."""
        return repr(self)

    def _events(self, image: Any, seed: int, trial: int) -> list[tuple[int, int, int, int]]:
        found: list[tuple[int, int, int, int]] = []
        for number, region in enumerate(image.regions):
            widths = np.resize(np.array(region.map.cell_bits, np.uint8), region.cells)
            levels = np.asarray(region.levels())
            for bits in sorted(set(region.map.cell_bits)):
                place = np.flatnonzero(widths == bits)
                stored = levels[place]
                cells = StoredCells(image.tensor, region.name, region.map.cell, bits, stored)
                read = np.asarray(self.read(cells, _draws(cells, seed, trial)))
                self._check(read, cells)
                wrong = np.flatnonzero(read != stored)
                columns = (each.tolist() for each in (place[wrong], stored[wrong], read[wrong]))
                found += [(number, cell, old, new) for cell, old, new in zip(*columns, strict=True)]
        return sorted(found)

    def _check(self, read: NDArray[Any], cells: StoredCells) -> None:
        whole = read.shape == cells.levels.shape and read.dtype.kind in "iu"
        if not whole or (read.size and not 0 <= int(read.min()) <= int(read.max()) < 1 << cells.bits):
            raise ValueError(
                f"{type(self).__name__}.read: levels must be {cells.levels.size} whole numbers in "
                f"0..{(1 << cells.bits) - 1}, got {read.dtype} of shape {read.shape}"
            )


def _draws(cells: StoredCells, seed: int, trial: int) -> np.random.Generator:
    address = repr((seed, trial, cells.tensor, cells.region, cells.bits)).encode()
    key = np.frombuffer(hashlib.sha256(address).digest()[:16], "<u8")
    return np.random.Generator(np.random.Philox(key=key))
