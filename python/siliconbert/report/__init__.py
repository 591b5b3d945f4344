"""Stored results and published targets -> tables, figures and files; ours beside the paper's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siliconbert.campaign.outcome import Outcome
from siliconbert.report import comparison, experiments, figures, rows
from siliconbert.report.comparison import Cell
from siliconbert.report.published import Target, printed, targets

__all__ = ["Cell", "Report", "Target", "experiments", "make", "printed", "rows", "targets"]


@dataclass(frozen=True)
class Report:
    """An outcome beside the published cells; `files` are what was written."""

    outcome: Outcome
    cells: tuple[Cell, ...]
    files: tuple[Path, ...] = ()

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
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{outcome.table.replace('/', '_')}.csv"
    fresh = path.with_suffix(".csv.new")
    fresh.write_text(rows.to_csv(cells, outcome.header), encoding="utf-8")
    fresh.replace(path)
    return [path, *figures.draw(outcome, folder)]
