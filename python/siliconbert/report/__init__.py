"""Stored results and published targets -> tables, figures and files; ours beside the paper's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siliconbert.campaign.outcome import Outcome
from siliconbert.models.atomic import write_atomically
from siliconbert.report import comparison, experiments, figures, on_file, rows
from siliconbert.report.comparison import Cell
from siliconbert.report.published import Target, printed, targets
from siliconbert.report.summary import Summary, summarise

__all__ = [
    "Cell",
    "Report",
    "Summary",
    "Target",
    "experiments",
    "make",
    "on_file",
    "printed",
    "rows",
    "targets",
]


@dataclass(frozen=True)
class Report:
    """An outcome beside the published cells; `files` are what was written."""

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


def make(outcome: Outcome, folder: Path | None = None) -> Report:
    """Compares the outcome with the published cells; with a folder, also writes CSV rows and figures."""
    cells = comparison.compare(outcome)
    return Report(outcome, tuple(cells), () if folder is None else tuple(_write(outcome, cells, folder)))


def _write(outcome: Outcome, cells: list[Cell], folder: Path) -> list[Path]:
    path = folder / f"{outcome.table.replace('/', '_')}.csv"
    write_atomically(path, [rows.to_csv(cells, outcome.header).encode()])
    return [path, *figures.draw(outcome, folder)]
