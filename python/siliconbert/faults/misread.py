"""Level misreads of stored cells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from siliconbert._core import faults as _core
from siliconbert.faults import checks
from siliconbert.faults.cells import Cell, cell, names

__all__ = ["CellMisread"]


@dataclass(frozen=True)
class CellMisread:
    """Every cell may be sensed as another level, with the probabilities of its own cell type and level.

    adjacent_only : False, or True for the neighbouring levels only
    counts        : "binomial" (every cell on its own; rare misreads cost only what they hit) or "truncated"
                    (of n cells at a level exactly int(P(misread | level) n), so that rare ones never happen)
    hours         : time since programming; sigmas widen by a law that is assumed, see Cell.sigmas_after
    errors        : ValueError
    source        : the catalogue's level statistics; nvmFI's read model (fi_utils.py). adjacent_only=True
                    with counts="truncated" emulates nvmFI, to compare with its results

    >>> CellMisread(adjacent_only=True, counts="truncated").label
    'cell misreads, neighbouring levels only, truncated counts (emulates nvmFI)'
    """

    adjacent_only: bool = False
    counts: Literal["binomial", "truncated"] = "binomial"
    hours: float = 0.0

    def __post_init__(self) -> None:
        """Check the options."""
        checks.flag("CellMisread", "adjacent_only", self.adjacent_only)
        if self.counts not in ("binomial", "truncated"):
            raise ValueError(f"CellMisread: counts must be 'binomial' or 'truncated', got {self.counts!r}")
        object.__setattr__(self, "hours", checks.number("CellMisread", "hours", self.hours, 0, math.inf))

    @property
    def core(self) -> Any:
        """The core's Disturb, with the transition matrices of every known cell."""
        return _disturb(self, tuple(names()))

    @property
    def activations(self) -> None:
        """Nothing happens in flight."""

    @property
    def label(self) -> str:
        """One line for reports."""
        levels = "neighbouring levels only" if self.adjacent_only else "all level pairs"
        emulated = " (emulates nvmFI)" if self.adjacent_only or self.counts == "truncated" else ""
        later = f", sigmas widened over {self.hours:g} h (assumed law)" if self.hours else ""
        return f"cell misreads, {levels}, {self.counts} counts{emulated}{later}"


@lru_cache
def _disturb(fault: CellMisread, known: tuple[str, ...]) -> Any:
    make = _core.TruncatedMisread if fault.counts == "truncated" else _core.CellMisread
    return make({name: _matrices(cell(name), fault) for name in known})


def _matrices(full: Cell, fault: CellMisread) -> dict[int, NDArray[np.float64]]:
    """Transition matrices of a cell by the number of bits that it holds."""
    fewer = {} if full.fewer_bits is None else _matrices(cell(full.fewer_bits), fault)
    return {**fewer, full.bits: full.transitions(fault.adjacent_only, fault.hours)}
