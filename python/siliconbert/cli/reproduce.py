"""`siliconbert reproduce`: a table of a paper, ours beside the paper's; or all of them, a line each."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siliconbert.cli import console, names, options

if TYPE_CHECKING:
    from siliconbert.campaign.setup import Call
    from siliconbert.report import Report

EXAMPLE = "Example: siliconbert reproduce edgebert/table_3 --quick"


def reproduce(
    table: Annotated[
        str | None,
        typer.Argument(
            help="PAPER/TABLE; see `siliconbert list tables`. With --all a PAPER; default: every paper.",
            autocompletion=names.tables,
        ),
    ] = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all",
            help="All tables and figures, a line each: ours, the paper's, within its tolerance or not. "
            "What is outside is listed; what lacks material is named with the reason. A missed target "
            "is a result: the exit code is 0 all the same.",
        ),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Another model than the task list names.", autocompletion=names.models),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", help="Another data set than the task list names.", autocompletion=names.tasks),
    ] = None,
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, help="Fault trials; default 100, with --quick 10.")
    ] = None,
    authors: Annotated[
        Path | None,
        typer.Option("--authors", help="Folder with the authors' own files; the model is not used."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for figures, CSV rows and index.json: commands and minutes."),
    ] = None,
    glue: options.Glue = None,
    zoo: options.Zoo = None,
    threads: options.Threads = None,
    quick: options.Quick = False,
    json: options.Json = False,
) -> None:
    """Reproduce a table of a paper: our value, its 95 % interval, the paper's value, the difference."""
    from siliconbert.campaign.setup import Call
    from siliconbert.cli import overview

    call = Call(model, data, glue=glue, zoo=zoo, authors=authors, trials=trials, threads=threads, quick=quick)
    if every:
        overview.run(table, call, out, json)
    elif table is None:
        raise ValueError("reproduce: give PAPER/TABLE, see `siliconbert list tables`; or --all")
    else:
        show(run(table, call, out), json)


def run(table: str, call: Call, out: Path | None) -> Report:
    """The report of one table; in the folder also its rows, figures, and how they were made."""
    from dataclasses import replace

    from siliconbert import report

    tasks = report.experiments.load(table)
    if out is not None and out.exists() and not out.is_dir():
        raise ValueError(f"reproduce: out must be a folder, {str(out)!r} is a file")
    start, busy = time.monotonic(), time.process_time()
    with console.told(), console.progress(table) as bar:
        outcome = tasks.run(replace(call, progress=bar))
    found = report.make(outcome, out)
    if out is not None:
        spent = (time.monotonic() - start, time.process_time() - busy)
        report.on_file.note(out, table, _entry(found, call, *spent))
    return found


def _entry(found: Report, call: Call, seconds: float, busy: float) -> dict[str, object]:
    """What the index of a folder says of a table: its command, which folders are for the caller to name.

    busy : seconds of all threads together; unlike the others they do not depend on what else runs
    """
    words = ["siliconbert reproduce", found.outcome.table]
    words += [f"--{name} {value}" for name in ("model", "data", "trials") if (value := getattr(call, name))]
    words += ["--authors DIR"] * (call.authors is not None) + ["--quick"] * call.quick
    outcome = found.summary()
    return {
        "command": " ".join(words),
        "minutes": round(seconds / 60, 2),
        "core_minutes": round(busy / 60, 2),
        "within": outcome.within,
        "outside": len(outcome.outside),
        "undecided": outcome.undecided,
    }


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
