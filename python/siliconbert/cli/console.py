"""What the commands print: tables, JSON, progress. Colours and bars only on a terminal."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Progress = Callable[[int], None]


def show_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, indent=1, ensure_ascii=False))


def say(*lines: str) -> None:
    """Plain lines on standard output."""
    for line in lines:
        print(line)


def show_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], grouped: bool = False
) -> None:
    """A Rich table on a terminal, aligned text elsewhere; grouped: a gap where the first column changes."""
    last = [grouped and i + 1 < len(rows) and row[0] != rows[i + 1][0] for i, row in enumerate(rows)]
    if not sys.stdout.isatty():
        from siliconbert.report import plain

        say("", title, "", plain.table(columns, rows, last))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column)
    for row, end in zip(rows, last, strict=True):
        table.add_row(*(Text(entry) for entry in row), end_section=end)
    Console().print(table)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int], Progress | None]]:
    """Gives a function `start(total)` whose result is told how much is done; None without a terminal."""
    if not sys.stderr.isatty():
        yield lambda total: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:

        def start(total: int) -> Progress:
            task = bar.add_task(label, total=total)
            return lambda done: bar.update(task, completed=done)

        yield start


@contextmanager
def counted(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """Gives a function that is told how much is done, and of how much; None without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (*Bar.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn())
    # Lines printed meanwhile go above the bar, but to where standard output goes if that is a file.
    with Bar(
        *columns,
        console=Console(stderr=True),
        transient=True,
        speed_estimate_period=600,
        redirect_stdout=sys.stdout.isatty(),
    ) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def told() -> Iterator[None]:
    """Warnings of the library as one sentence each on standard error, without file and line."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *rest: print(f"siliconbert: {message}", file=sys.stderr)
        yield
