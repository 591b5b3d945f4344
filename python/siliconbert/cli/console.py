"""What the commands print: tables, JSON, progress. Colours and bars only on a terminal."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

Progress = Callable[[int], None]


class Loudness(Enum):
    """How much a command says beside its result."""

    QUIET = -1
    NORMAL = 0
    VERBOSE = 1


@dataclass
class _State:
    loudness: Loudness = Loudness.NORMAL
    together: list[Any] | None = None


_state = _State()


def speak(level: Loudness) -> None:
    """Sets how much is said from here on."""
    _state.loudness = level


def loudness() -> Loudness:
    """How much is said."""
    return _state.loudness


def warn(line: str) -> None:
    """One line on standard error."""
    print(f"siliconbert: {line}", file=sys.stderr)


def show_json(value: Any) -> None:
    """One JSON document on standard output."""
    if _state.together is None:
        print(json.dumps(value, indent=1, ensure_ascii=False))
    else:
        _state.together.append(value)


def say(*lines: str) -> None:
    """Plain lines on standard output."""
    for line in lines:
        print(line, flush=True)


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
def together() -> Iterator[None]:
    """JSON documents that are shown inside become one, a list."""
    documents: list[Any] = []
    _state.together = documents
    try:
        yield
    finally:
        _state.together = None
    show_json(documents)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int], Progress | None]]:
    """Gives a function `start(total)` whose result is told how much is done; None where nobody looks."""
    if not _watched():
        yield lambda total: None if loudness() is not Loudness.VERBOSE else _spoken(label, total)
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
    """Gives a function that is told how much is done, and of how much; None where nobody looks."""
    if not _watched():
        yield _spoken_of_total(label) if loudness() is Loudness.VERBOSE else None
        return
    from siliconbert.campaign import bars

    with bars.terminal(label) as bar:
        yield bar


def _watched() -> bool:
    return sys.stderr.isatty() and loudness() is not Loudness.QUIET


def _spoken(label: str, total: int) -> Progress:
    """A line on standard error at every tenth."""
    said = [0]

    def tell(done: int) -> None:
        if (tenth := 10 * done // max(total, 1)) > said[0]:
            said[0] = tenth
            warn(f"{label}: {done} of {total}")

    return tell


def _spoken_of_total(label: str) -> Callable[[int, int], None]:
    tellers: dict[int, Progress] = {}
    return lambda done, total: tellers.setdefault(total, _spoken(label, total))(done)


@contextmanager
def told() -> Iterator[None]:
    """Warnings of the library as one sentence each on standard error; verbose: with file and line."""
    with warnings.catch_warnings():
        if loudness() is Loudness.QUIET:
            warnings.simplefilter("ignore")
        elif loudness() is Loudness.NORMAL:
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, *rest: warn(str(message))
        yield


@contextmanager
def stoppable(kept: Callable[[], str]) -> Iterator[None]:
    """On Ctrl-C inside, the command ends by saying what is kept by then, and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(kept()) from None
