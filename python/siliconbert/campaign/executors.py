"""Who does the work: this process, processes beside it, or a Dask cluster; all three look like this."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

import pyarrow as pa

from siliconbert.campaign import work as work_
from siliconbert.campaign.work import UnlikeError, Work


@dataclass(frozen=True)
class Answer:
    """What became of a work: its rows, or in a few words why there are none; final: do not try again."""

    work: Work
    rows: pa.Table | None
    reason: str = ""
    final: bool = False


class Executor(Protocol):
    """Takes works and answers them in any order; leaving its context stops what is not done."""

    def __enter__(self) -> Executor:
        """Workers are on their way."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing of it runs on."""
        ...

    @property
    def slots(self) -> int:
        """Works that it takes at a time."""
        ...

    @property
    def threads(self) -> int:
        """Trials that a worker does side by side."""
        ...

    def submit(self, work: Work) -> None:
        """Takes a work."""
        ...

    def wait(self, seconds: float) -> Sequence[Answer]:
        """What was answered, after at most about so many seconds where nothing was."""
        ...


class Here:
    """This process; the core's own threads share every trial's sentences."""

    def __init__(self, threads: int | None = None):
        """threads: None for all processors of this process."""
        self._threads = threads
        self._waiting: list[Work] = []

    def __enter__(self) -> Here:
        """Nothing to start."""
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to stop."""

    @property
    def slots(self) -> int:
        """One."""
        return 1

    @property
    def threads(self) -> int:
        """As given."""
        return self._threads or processors()

    def submit(self, work: Work) -> None:
        """Keeps it for wait()."""
        self._waiting.append(work)

    def wait(self, seconds: float) -> list[Answer]:
        """Does the work."""
        return [answer(self._waiting.pop(), self._threads)]


def answer(work: Work, threads: int | None) -> Answer:
    """The rows, or the reason of the failure; UnlikeError is raised, since nothing else would go better."""
    try:
        return Answer(work, work_.run(work, threads))
    except UnlikeError:
        raise
    except Exception as error:
        return Answer(work, None, f"{type(error).__name__}: {error}")


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
