"""Rows of one's own as a table: aligned text in a terminal, HTML in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from siliconbert import html
from siliconbert.report import experiments, plain, rows

_COMMITTED = ("row", "quantity", "unit", "ours", "low", "high", "paper", "compare", "agrees")


@dataclass(frozen=True, repr=False)
class Sheet:
    """Rows under named columns; numbers are shown with four digits.

    >>> Sheet("sizes", ["layout", "bits"], [["dense", 64], ["csr", 40]])
    sizes
    <BLANKLINE>
    layout  bits
    ------  ----
    dense     64
    csr       40
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    note: str = ""

    def __repr__(self) -> str:
        """Aligned text."""
        rows = [[html.text(entry) for entry in row] for row in self.rows]
        return "\n".join([self.title, "", plain.table(self.columns, rows), *self.note.splitlines()])

    def _repr_html_(self) -> str:
        return html.table(self.title, self.columns, self.rows, self.note)


def committed(table: str) -> Sheet:
    """The rows of a paper's table that came with the package; what made them stands in the note.

    errors: ValueError for an unknown table, or one whose rows are not on file

    >>> found = committed("fq_bert/table_3")
    >>> found.columns[:4], found.rows[0][3]
    (('row', 'quantity', 'unit', 'ours'), 2520.0)
    """
    paper, _ = experiments.split(table)
    path = experiments.results(paper) / f"{table.replace('/', '_')}.csv"
    if not path.is_file():
        raise ValueError(
            f"report.committed: no rows of {table} came with the package; reproduce() makes them"
        )
    note, found = rows.read_csv(path)
    entries = [[_read(record.get(name) or "") for name in _COMMITTED] for record in found]
    return Sheet(table, _COMMITTED, entries, "\n".join(note))


def _read(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
