"""Memory cells: the statistics of their levels, how likely each is read as another, what they cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import catalog, html
from siliconbert._core import faults as _core

__all__ = ["Cell", "cell", "names"]


@dataclass(frozen=True)
class Cell:
    """A memory cell: the normal statistics of its levels and what it costs (nan where nobody says).

    means, sigmas        : per level, as programmed; the catalogue's lowest mean is 0 and the highest 1
    area_mm2_per_mb      : mm^2 per MB
    read_latency_ns      : nanoseconds
    source               : of the level statistics, a key in papers.toml; a user's own words in a user's cell
    fewer_bits           : the cell whose levels it is programmed to where it holds one bit less
    widening_per_decade  : growth of every sigma for each factor of ten in time, see `transitions`
    widening_start_hours : the time from which decades count
    read_energy_pj_per_bit : picojoules
    """

    name: str
    bits: int
    means: tuple[float, ...]
    sigmas: tuple[float, ...]
    area_mm2_per_mb: float
    read_latency_ns: float
    source: str
    fewer_bits: str | None = None
    widening_per_decade: float = 0.0
    widening_start_hours: float = 1.0
    read_energy_pj_per_bit: float = math.nan

    @property
    def levels(self) -> int:
        """Levels that one cell tells apart."""
        return len(self.means)

    def _repr_html_(self) -> str:
        wrong = 1 - np.diag(self.transitions())
        rows = list(zip(range(self.levels), self.means, self.sigmas, wrong, strict=True))
        columns = ("level", "mean", "sigma", "P(read as another)")
        return html.table(f"{self.name}: {self.bits} bits a cell", columns, rows, f"source: {self.source}")

    def thresholds(self) -> NDArray[np.float64]:
        """Read thresholds: where the densities of neighbouring levels cross, (levels - 1,)."""
        return np.asarray(_core.thresholds(self.means, self.sigmas))

    def sigmas_after(self, hours: float) -> tuple[float, ...]:
        """Sigmas at a time after programming: sigma (1 + widening_per_decade log10(1 + hours / start)).

        The law and the catalogue's numbers in it are assumptions; 0 hours is as measured.
        """
        decades = math.log10(1 + hours / self.widening_start_hours)
        return tuple(sigma * (1 + self.widening_per_decade * decades) for sigma in self.sigmas)

    def transitions(self, adjacent_only: bool = False, hours: float = 0.0) -> NDArray[np.float64]:
        """P[stored, read], (levels, levels): exact normal tails between the thresholds; rows sum to 1.

        adjacent_only : all beyond a threshold is read as the neighbouring level (what nvmFI does)
        hours         : time since programming; sigmas widen, the thresholds stay (see sigmas_after)

        >>> float(cell("rram-mlc2").transitions()[1, 2].round(10))
        1.74e-08
        """
        sigmas, between = self.sigmas_after(hours), self.thresholds().tolist()
        return np.asarray(_core.transitions(self.means, sigmas, between, adjacent_only))


def names() -> list[str]:
    """Names of all cells: the catalogue's, and those that load_cells has added.

    >>> names()
    ['rram-mlc2', 'rram-mlc3', 'rram-slc']
    """
    return sorted(catalog.records("cells"))


@lru_cache
def cell(name: str) -> Cell:
    """The cell of that name in the catalogue or of those that load_cells has added.

    errors : ValueError listing the known names
    source : cells.toml

    >>> cell("rram-mlc3").levels
    8
    """
    return from_quantities(name, catalog.record("cells", name, "faults.cell"))


def from_quantities(name: str, record: dict[str, Any]) -> Cell:
    """The cell of a record of quantities, as the catalogue holds it."""
    costs = {key: record[key].value if key in record else math.nan for key in _COSTS}
    widening = {name: record[key].value for key, name in _WIDENING.items() if key in record}
    return Cell(
        name=name,
        bits=record["bits"],
        means=tuple(record["level_means"].value),
        sigmas=tuple(record["level_sigmas"].value),
        area_mm2_per_mb=costs["area_density"],
        read_latency_ns=costs["read_latency"],
        read_energy_pj_per_bit=costs["read_energy"],
        source=record["level_means"].source,
        fewer_bits=record.get("fewer_bits"),
        **widening,
    )


_COSTS = ("area_density", "read_latency", "read_energy")
_WIDENING = {"widening": "widening_per_decade", "widening_start": "widening_start_hours"}
