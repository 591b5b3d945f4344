"""`siliconbert reproduce`: a table of a paper, ours beside the paper's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siliconbert.cli import console, options

if TYPE_CHECKING:
    from siliconbert.campaign.setup import Call
    from siliconbert.report import Report

EXAMPLE = "Example: siliconbert reproduce edgebert/table_3 --quick"


def reproduce(
    table: Annotated[str, typer.Argument(help="PAPER/TABLE; see `siliconbert list tables`.")],
    model: Annotated[
        str | None, typer.Option("--model", help="Another model than the task list names.")
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", help="Another data set than the task list names.")
    ] = None,
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, help="Fault trials; default 100, with --quick 10.")
    ] = None,
    authors: Annotated[
        Path | None,
        typer.Option("--authors", help="Folder with the authors' own files; the model is not used."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for figures and CSV rows.")] = None,
    glue: options.Glue = None,
    zoo: options.Zoo = None,
    threads: options.Threads = None,
    quick: options.Quick = False,
    json: options.Json = False,
) -> None:
    """Reproduce a table of a paper: our value, its 95 % interval, the paper's value, the difference."""
    from siliconbert.campaign.setup import Call

    call = Call(model, data, glue=glue, zoo=zoo, authors=authors, trials=trials, threads=threads, quick=quick)
    show(run(table, call, out), json)


def run(table: str, call: Call, out: Path | None) -> Report:
    """The report of one table."""
    from dataclasses import replace

    from siliconbert import report

    tasks = report.experiments.load(table)
    if out is not None and out.exists() and not out.is_dir():
        raise ValueError(f"reproduce: out must be a folder, {str(out)!r} is a file")
    with console.told(), console.progress(table) as bar:
        outcome = tasks.run(replace(call, progress=bar))
    return report.make(outcome, out)


def show(report: Report, json: bool = False) -> None:
    """Prints a report: header, table, doubts about printed cells, files."""
    from siliconbert.report import rows

    if json:
        console.show_json(report.json())
        return
    console.say(*report.outcome.header)
    text = [rows.printed(cell) for cell in report.cells]
    console.show_table(report.outcome.table, rows.COLUMNS, text, grouped=True)
    if notes := rows.notes(list(report.cells)):
        console.say("", *(f"note: {note}" for note in notes))
    if report.files:
        console.say("", *(f"written: {path}" for path in report.files))
