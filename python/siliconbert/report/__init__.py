"""Stored results and published targets -> tables, figures and files; ours beside the paper's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siliconbert import html
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call
from siliconbert.models.atomic import write_atomically
from siliconbert.report import comparison, experiments, figures, on_file, rows, style
from siliconbert.report.comparison import Cell
from siliconbert.report.published import Target, printed, targets
from siliconbert.report.sheet import Sheet, committed
from siliconbert.report.summary import Summary, summarise

__all__ = [
    "Call",
    "Cell",
    "Report",
    "Sheet",
    "Summary",
    "Target",
    "committed",
    "experiments",
    "figures",
    "make",
    "on_file",
    "printed",
    "reproduce",
    "rows",
    "style",
    "targets",
]


@dataclass(frozen=True)
class Report:
    """An outcome beside the published cells; `files` are what was written.

    >>> made = reproduce("cbbp/table_1")
    >>> made.outcome.table, len(made.cells) == len(made.json()["cells"]), made.files
    ('cbbp/table_1', True, ())
    """

    outcome: Outcome
    cells: tuple[Cell, ...]
    files: tuple[Path, ...] = ()

    def summary(self) -> Summary:
        """The table in one line."""
        return summarise(self.outcome.table, self.cells)

    def json(self) -> dict[str, Any]:
        """Everything, as values that JSON knows."""
        return {
            "table": self.outcome.table,
            "task": self.outcome.task,
            "source": self.outcome.source,
            "header": list(self.outcome.header),
            "cells": [rows.record(cell) for cell in self.cells],
            "files": [str(path) for path in self.files],
        }

    def _repr_html_(self) -> str:
        text = [rows.printed(cell) for cell in self.cells]
        notes = [*self.outcome.header, *(f"note: {each}" for each in rows.notes(list(self.cells)))]
        return html.table(self.outcome.table, rows.COLUMNS, text, "\n".join(notes))


def reproduce(table: str, folder: Path | None = None, **options: Any) -> Report:
    """A table or figure of a paper: ours beside the paper's, as the command `siliconbert reproduce` does it.

    table   : "edgebert/table_3", say; experiments.names() lists them
    folder  : where CSV rows and figures go; None: nowhere
    options : those of Call: model, data, quick, trials and so on
    errors  : ValueError for an unknown table; what the table itself refuses

    >>> made = reproduce("cbbp/table_1")
    >>> [each.agrees for each in made.cells if each.ours.row == "total"]
    [True, True, False]
    """
    return make(experiments.load(table).run(Call(**options)), folder)


def make(outcome: Outcome, folder: Path | None = None) -> Report:
    """Compares the outcome with the published cells; with a folder, also writes CSV rows and figures.

    >>> from siliconbert.campaign.outcome import Measurement, Quantity
    >>> layer = Measurement("1 %", Quantity("ee_layer", "exit layer"), 4.5)
    >>> made = make(Outcome("edgebert/table_3", "sst2", "authors", ("made up",), (layer,)))
    >>> made.cells[0].paper.value, made.cells[0].agrees
    (4.3, False)
    """
    cells = comparison.compare(outcome)
    return Report(outcome, tuple(cells), () if folder is None else tuple(_write(outcome, cells, folder)))


def _write(outcome: Outcome, cells: list[Cell], folder: Path) -> list[Path]:
    path = folder / f"{outcome.table.replace('/', '_')}.csv"
    write_atomically(path, [rows.to_csv(cells, outcome.header).encode()])
    return [path, *figures.draw(outcome, folder)]
