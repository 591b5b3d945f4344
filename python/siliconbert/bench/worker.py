"""Ours, in a process of its own, so that its peak memory is its own and not the peer's."""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any


class Worker:
    """An object in a child process; leave it by `with`."""

    def __init__(self, make: Callable[..., Any], *arguments: Any):
        """The child calls `make(*arguments)`, a function or class that can be imported."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make, arguments), daemon=True)

    def __enter__(self) -> Worker:
        """Starts the process."""
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.join()

    def ask(self, method: str, *arguments: Any) -> Any:
        """What the object's method answers; what it raises is raised here."""
        self._pipe.send((method, arguments))
        while not self._pipe.poll(1.0):
            if not self._process.is_alive():
                raise RuntimeError(
                    f"bench: the process that runs ours ended with code {self._process.exitcode}"
                )
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def peak_mib(self) -> float:
        """Largest resident memory of the child so far."""
        return float(self.ask("peak_mib"))


def peak_mib() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in KiB


def _serve(pipe: Connection, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        subject = make(*arguments)
    except Exception as error:
        pipe.recv()
        pipe.send(error)
        return
    while True:
        method, given = pipe.recv()
        try:
            pipe.send(peak_mib() if method == "peak_mib" else getattr(subject, method)(*given))
        except Exception as error:
            pipe.send(error)
