"""What a campaign hands to the report: quantities row by row, lines above them, data of figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from siliconbert.campaign.statistics import Interval

Numbers = NDArray[Any]


@dataclass(frozen=True)
class Quantity:
    """A thing that is measured: `name` joins it with the published cell, `digits` is what a table prints."""

    name: str
    label: str
    unit: str = ""
    digits: int = 2


@dataclass(frozen=True)
class Measurement:
    """One quantity in one row of a table; `low` and `high` bound it where there is an interval.

    beside : the published row that it is compared with, where that has another name
    among  : how values move from row to row is looked at among measurements with the same word here
    """

    row: str
    quantity: Quantity
    value: float
    low: float | None = None
    high: float | None = None
    beside: str | None = None
    among: str = ""


@dataclass(frozen=True)
class Bars:
    """A histogram: for every series the share or number of sentences at each position.

    labels : names of the positions, where they are no numbers
    errors : for a series the lower and upper ends of its intervals
    log    : whether heights are drawn on a logarithmic scale; none may then be 0 or below
    """

    name: str
    title: str
    x_label: str
    y_label: str
    positions: Numbers
    series: dict[str, Numbers]
    labels: tuple[str, ...] = ()
    errors: dict[str, tuple[Numbers, Numbers]] = field(default_factory=dict)
    log: bool = False


@dataclass(frozen=True)
class Curves:
    """Lines: for every series its x and y values; `marks` are single points with a name.

    log, log_x : whether y, or x, is drawn on a logarithmic scale
    """

    name: str
    title: str
    x_label: str
    y_label: str
    series: dict[str, tuple[Numbers, Numbers]]
    marks: dict[str, tuple[float, float]] = field(default_factory=dict)
    log: bool = False
    log_x: bool = False


@dataclass(frozen=True)
class Outcome:
    """A finished campaign.

    table   : "edgebert/table_3", the experiment and its table
    task    : "sst2", which of the table's rows the published cells are taken from
    source  : "model", or "authors" for numbers from the authors' own files; decides how cells are compared
    header  : lines that name model, data, numeric path and what rests on assumed constants
    """

    table: str
    task: str
    source: str
    header: tuple[str, ...]
    measurements: tuple[Measurement, ...]
    figures: tuple[Bars | Curves, ...] = ()


def percent(row: str, quantity: Quantity, interval: Interval) -> Measurement:
    """An accuracy interval (0..1) as a measurement in percent."""
    return Measurement(row, quantity, 100 * interval.value, 100 * interval.low, 100 * interval.high)
