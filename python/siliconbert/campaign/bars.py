"""How far long work is: a bar on a terminal or in a notebook, nothing where nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

Counted = Callable[[int, int], None]


@contextmanager
def shown(label: str) -> Iterator[Counted | None]:
    """Gives a function that is told how much is done, and of how much; None where nobody watches."""
    if sys.stderr.isatty():
        with terminal(label) as bar:
            yield bar
    elif _in_notebook():
        yield _notebook(label)
    else:
        yield None


@contextmanager
def terminal(label: str) -> Iterator[Counted]:
    """A bar on standard error, which is a terminal; nothing of it stays."""
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


def _in_notebook() -> bool:
    """Whether this Python runs the cells of a notebook; IPython is not imported to find out."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _notebook(label: str) -> Counted:
    """A bar of HTML that is replaced in its place: rich's would need the package ipywidgets."""
    show: Any = import_module("IPython.display")

    def text(done: int, total: int) -> Any:
        return show.HTML(
            f'<progress value="{done}" max="{max(total, 1)}"></progress> {done:,} of {total:,} {label}'
        )

    handle = show.display(text(0, 0), display_id=True)
    return lambda done, total: handle.update(text(done, total))
