"""A comparison as plain rows: what the terminal, the CSV file and the JSON output all show."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from siliconbert.report.comparison import Cell
from siliconbert.report.published import Target
from siliconbert.text import read_text

_WORDS = {
    "exact": ("equal", "differs"),
    "model": ("within", "outside"),
    "relative": ("within", "outside"),
    "trend": ("same way", "not so"),
    "order": ("not against", "reversed"),
}
COLUMNS = ("row", "quantity", "unit", "ours", "95 % interval", "paper", "difference", "compared")


def printed(cell: Cell) -> tuple[str, ...]:
    """The cell as text under COLUMNS; nothing where there is nothing to say."""
    m = cell.ours
    digits = m.quantity.digits
    interval = "" if m.low is None or m.high is None else f"{m.low:.{digits}f} .. {m.high:.{digits}f}"
    paper = "" if cell.paper is None else _paper(cell.paper)
    if cell.paper is not None and cell.paper.unit != m.quantity.unit:
        paper += f" {cell.paper.unit}"
    # Adding 0.0 makes a negative zero positive.
    difference = "" if cell.difference is None else f"{round(cell.difference, digits) + 0.0:+.{digits}f}"
    return (
        m.row,
        m.quantity.label,
        m.quantity.unit,
        f"{m.value:.{digits}f}",
        interval,
        paper,
        difference,
        verdict(cell),
    )


def _paper(target: Target) -> str:
    """The value as printed, and the others that may have been meant."""
    value, *others = (f"{each:.{target.digits}f}" for each in (target.value, *target.readings))
    return f"{value} (or {', '.join(others)})" if others else value


def verdict(cell: Cell) -> str:
    """How the cell is compared and what came out, in two words."""
    if cell.paper is None:
        return ""
    if cell.agrees is None:
        return cell.paper.compare
    return said(cell.paper.compare, cell.agrees)


def said(compare: str, agrees: bool) -> str:
    """A kind of comparison and its outcome.

    >>> said("trend", False)
    'trend: not so'
    """
    return f"{compare}: {_WORDS[compare][0 if agrees else 1]}"


def notes(cells: list[Cell]) -> list[str]:
    """The doubts about printed cells that appear in this comparison, each once for all its rows."""
    rows: dict[tuple[str, str], list[str]] = {}
    for c in cells:
        if c.paper and c.paper.note:
            rows.setdefault((c.ours.quantity.label, c.paper.note), []).append(c.ours.row)
    return [f"{_first(found)}, {label}: {note}" for (label, note), found in rows.items()]


def _first(rows: list[str]) -> str:
    return rows[0] if len(rows) == 1 else f"{rows[0]} and {len(rows) - 1} more"


def record(cell: Cell) -> dict[str, Any]:
    """The cell in full precision, for JSON and CSV."""
    m, paper = cell.ours, cell.paper
    return {
        "row": m.row,
        "quantity": m.quantity.name,
        "unit": m.quantity.unit,
        "ours": m.value,
        "low": m.low,
        "high": m.high,
        "paper": paper.value if paper else None,
        "readings": " or ".join(f"{each:g}" for each in paper.readings) if paper else None,
        "difference": cell.difference,
        "compare": paper.compare if paper else None,
        "tolerance": paper.tolerance if paper else None,
        "agrees": cell.agrees,
        "source": paper.source if paper else None,
        "where": paper.where if paper else None,
        "note": paper.note if paper else None,
    }


def to_csv(cells: list[Cell], header: tuple[str, ...]) -> str:
    """A CSV file: the header lines as comments, then one line a cell."""
    out = io.StringIO()
    out.writelines(f"# {line}\n" for line in header)
    rows = [record(cell) for cell in cells]
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read_csv(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The header lines and the rows of a file that to_csv made; everything is text."""
    lines = read_text(path).splitlines()
    header = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
    return header, list(csv.DictReader(line for line in lines if not line.startswith("#")))
