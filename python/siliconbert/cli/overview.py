"""`siliconbert reproduce --all`: every table and figure in a line, then what is outside its tolerance."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siliconbert.cli import console, reproduce
from siliconbert.text import suggestion

if TYPE_CHECKING:
    from siliconbert.campaign.setup import Call
    from siliconbert.report import Summary

_AUTHORS = ", authors"
# Widths of the columns, since every line is printed when its table is done.
_WIDTHS = (27, 9, 16, 17, 35, 7)
_REST = "the others can be named one by one"
_TITLES = ("table", "ours", "paper", "compared", "cells", "s", "the cell that says most")


@dataclass(frozen=True)
class Line:
    """A table that was made, or the reason why not."""

    table: str
    seconds: float
    summary: Summary | None = None
    reason: str = ""

    def entries(self) -> tuple[str, ...]:
        """What is printed of it, under _TITLES."""
        if self.summary is None:
            return self.table, "", "", "not run", "", f"{self.seconds:.1f}", self.reason
        ours, paper, verdict, counts, what = self.summary.line
        return self.table, ours, paper, verdict, counts, f"{self.seconds:.1f}", what

    def json(self) -> dict[str, Any]:
        """The same and every cell outside, as values that JSON knows."""
        from siliconbert.report import rows

        found: dict[str, Any] = {"table": self.table, "seconds": round(self.seconds, 2)}
        if self.summary is None:
            return {**found, "reason": self.reason}
        s = self.summary
        counts = {"within": s.within, "undecided": s.undecided}
        outside = [rows.record(cell) for cell in s.outside]
        return {**found, **counts, "headline": rows.record(s.headline), "outside": outside}


def run(paper: str | None, call: Call, out: Path | None, json: bool) -> None:
    """Makes every table, of one paper or of all; tables that lack material are named with the reason."""
    if call.model is not None:
        raise ValueError("reproduce: --model is for one table, not for --all")
    tables = _tables(paper, call)
    lines: list[Line] = []
    where = "" if out is None else f" and in {out}"
    with console.stoppable(lambda: f"{len(lines)} of {len(tables)} tables are done{where}; {_REST}"):
        if not json:
            console.say(_text(_TITLES))
        for table in tables:
            lines.append(_line(table, call, out))
            if not json:
                console.say(_text(lines[-1].entries()))
    _show(lines, json)


def _tables(paper: str | None, call: Call) -> list[str]:
    """All tables, those that the authors' files can also make twice if there are such files."""
    from siliconbert.report import experiments

    papers = experiments.papers()
    if paper is not None and paper not in papers:
        hint = suggestion(paper, papers)
        raise ValueError(
            f"reproduce: with --all the paper must be one of {', '.join(papers)}; got {paper!r}{hint}"
        )
    found = [name for name in experiments.names() if paper in (None, name.split("/")[0])]
    if call.authors is not None:
        found += [name + _AUTHORS for name in found if experiments.takes_authors(name)]
    return sorted(found)


def _line(table: str, call: Call, out: Path | None) -> Line:
    """One table; only what is wrong with its input is a reason, a failure of the work ends the command."""
    name = table.removesuffix(_AUTHORS)
    own = replace(call, authors=call.authors if name != table else None)
    folder = None if out is None else out / ("authors" if name != table else "")
    start = time.monotonic()
    try:
        found = reproduce.run(name, own, folder)
    except (ValueError, FileNotFoundError, ImportError) as error:
        return Line(table, time.monotonic() - start, reason=str(error))
    return Line(table, time.monotonic() - start, found.summary())


def _show(lines: list[Line], json: bool) -> None:
    made = [line.summary for line in lines if line.summary is not None]
    within, undecided = sum(s.within for s in made), sum(s.undecided for s in made)
    outside = sum(len(s.outside) for s in made)
    minutes = sum(line.seconds for line in lines) / 60
    if json:
        totals = {"within": within, "outside": outside, "undecided": undecided, "minutes": round(minutes, 2)}
        console.show_json({"tables": [line.json() for line in lines], **totals})
        return
    _show_outside(lines)
    console.say(
        "",
        f"{len(made)} of {len(lines)} tables made in {minutes:.1f} minutes; of the printed cells {within} "
        f"within their tolerance, {outside} outside, {undecided} undecided",
    )


def _show_outside(lines: list[Line]) -> None:
    from siliconbert.report import rows

    found = [
        (line.table, *rows.printed(cell))
        for line in lines
        if line.summary is not None
        for cell in line.summary.outside
    ]
    if found:
        console.show_table("Outside of their tolerance", ("table", *rows.COLUMNS), found, grouped=True)


def _text(entries: tuple[str, ...]) -> str:
    *fixed, last = entries
    numbers = (1, 2, 5)
    cells = (
        e.rjust(w) if i in numbers else e.ljust(w)
        for i, (e, w) in enumerate(zip(fixed, _WIDTHS, strict=True))
    )
    return "  ".join((*cells, last)).rstrip()
