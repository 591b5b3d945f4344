"""A table in one line: its headline beside the paper's, and how many cells are within their tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from siliconbert.report import published, rows
from siliconbert.report.comparison import Cell


@dataclass(frozen=True)
class Summary:
    """What came out of a table; `undecided`: of which the rows say nothing.

    >>> from siliconbert import report
    >>> found = report.reproduce("cbbp/table_1").summary()
    >>> found.compared == found.within + len(found.outside) + found.undecided, found.line[2]
    (True, 'relative: within')
    """

    headline: Cell
    within: int
    outside: tuple[Cell, ...]
    undecided: int

    @property
    def line(self) -> tuple[str, ...]:
        """Ours, the paper's, how they compare, the counts, and which cell the first three are."""
        _, label, unit, ours, _, paper, _, verdict = rows.printed(self.headline)
        counts = f"{self.within} within, {len(self.outside)} outside" if self.compared else "nothing printed"
        what = f"{self.headline.ours.row}, {label}{f', {unit}' if unit else ''}"
        return (
            ours,
            paper or "-",
            verdict or "-",
            counts + f", {self.undecided} undecided" * bool(self.undecided),
            what,
        )

    @property
    def compared(self) -> int:
        """How many cells the paper prints of those that we have."""
        return self.within + len(self.outside) + self.undecided


def summarise(table: str, cells: Sequence[Cell]) -> Summary:
    """The summary of a table's cells."""
    outside = tuple(cell for cell in cells if cell.agrees is False)
    within = sum(cell.agrees is True for cell in cells)
    printed = [cell for cell in cells if cell.paper is not None]
    return Summary(_headline(table, cells), within, outside, len(printed) - within - len(outside))


def _headline(table: str, cells: Sequence[Cell]) -> Cell:
    """As the paper's file says; else the first printed cell, or the first one of ours."""
    known = published.headline(table)
    printed = [cell for cell in cells if cell.paper is not None]
    named = [cell for cell in printed if known is not None and _is(cell, *known)]
    return next(iter([*named, *printed, *cells]))


def _is(cell: Cell, names: tuple[str, str], quantity: str) -> bool:
    return cell.ours.quantity.name == quantity and (cell.ours.beside or cell.ours.row) in names
