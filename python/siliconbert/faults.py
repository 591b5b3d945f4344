"""What memory does to stored cells: level misreads with the statistics of the cell that holds them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from siliconbert import catalog
from siliconbert._core import faults as _core

__all__ = ["Cell", "CellMisread", "Fault", "cell", "expected", "inject", "names"]


@dataclass(frozen=True)
class Cell:
    """A memory cell: the normal statistics of its levels and what it costs.

    means, sigmas   : per level, normalised so that the lowest mean is 0 and the highest 1
    area_mm2_per_mb : mm^2 per MB
    read_latency_ns : nanoseconds
    source          : key in papers.toml of the level statistics
    fewer_bits      : the cell whose levels it is programmed to where it holds one bit less
    """

    name: str
    bits: int
    means: tuple[float, ...]
    sigmas: tuple[float, ...]
    area_mm2_per_mb: float
    read_latency_ns: float
    source: str
    fewer_bits: str | None = None

    @property
    def levels(self) -> int:
        """Levels that one cell tells apart."""
        return len(self.means)

    def thresholds(self) -> NDArray[np.float64]:
        """Read thresholds: where the densities of neighbouring levels cross, (levels - 1,)."""
        return np.asarray(_core.thresholds(self.means, self.sigmas))

    def transitions(self) -> NDArray[np.float64]:
        """P[stored, read], (levels, levels): exact normal tails between the thresholds; rows sum to 1.

        >>> float(cell("rram-mlc2").transitions()[1, 2].round(10))
        1.74e-08
        """
        return np.asarray(_core.transitions(self.means, self.sigmas))


def names() -> list[str]:
    """Names of all cells in the catalogue.

    >>> names()
    ['rram-mlc2', 'rram-mlc3', 'rram-slc']
    """
    return sorted(catalog.records("cells"))


@lru_cache
def cell(name: str) -> Cell:
    """The cell of that name in the catalogue.

    errors : ValueError listing the known names
    source : cells.toml

    >>> cell("rram-mlc3").levels
    8
    """
    record = catalog.record("cells", name, "faults.cell")
    return Cell(
        name=name,
        bits=record["bits"],
        means=tuple(record["level_means"].value),
        sigmas=tuple(record["level_sigmas"].value),
        area_mm2_per_mb=record["area_density"].value,
        read_latency_ns=record["read_latency"].value,
        source=record["level_means"].source,
        fewer_bits=record.get("fewer_bits"),
    )


class Fault(Protocol):
    """What disturbs stored cells; `core` is the compiled fault."""

    @property
    def core(self) -> Any:
        """The core's Disturb."""


@dataclass(frozen=True)
class CellMisread:
    """Every cell may be sensed as another level, with the probabilities of its own cell type and level.

    All level pairs count, not only neighbours; cells are independent. Rare misreads cost only what they hit.
    source: the catalogue's level statistics; nvmFI's read model (fi_utils.py) without its rounding of counts
    """

    @property
    def core(self) -> Any:
        """The core's Disturb, with the transition matrices of every cell in the catalogue."""
        return _core_misread()


def inject(target: Any, fault: Fault, seed: int, trial: int) -> tuple[Any, NDArray[Any]]:
    """A copy of the target as it is read in one trial, and what was misread.

    target  : a storage.Image, or a model with a stored tensor (anything with inject(fault, seed, trial))
    fault   : CellMisread()
    seed    : 0 .. 2^64 - 1
    trial   : 0 .. 2^64 - 1; the same pair gives the same faults on any number of threads
    returns : (faulty copy, structured array with fields region, cell, stored, read in the order of the cells)
    errors  : ValueError for a cell that the catalogue does not know
    """
    if hasattr(target, "inject"):
        bad, found = target.inject(fault, seed, trial)
        return bad, found
    events = fault.core.events(target.image, seed, trial)
    bad_image = target.image.copy()
    bad_image.apply(events)
    return replace(target, image=bad_image), events


def expected(image: Any, fault: CellMisread) -> dict[str, float]:
    """Expected number of events per trial in each region: the sum over levels of (cells stored at that level
    x P[misread | level]).

    image : storage.Image
    """
    regions = [region.name for region in image.image.regions]
    return dict(zip(regions, fault.core.expected(image.image), strict=True))


@lru_cache
def _core_misread() -> Any:
    return _core.CellMisread({name: _matrices(cell(name)) for name in names()})


def _matrices(full: Cell) -> list[NDArray[np.float64]]:
    """Transition matrices of a cell that holds 1, 2, ... all its bits."""
    fewer = [] if full.fewer_bits is None else _matrices(cell(full.fewer_bits))
    return [*fewer, full.transitions()]
