"""Ours, in a process of its own, so that its peak memory is its own and not the peer's."""

from __future__ import annotations

import multiprocessing
import resource
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from siliconbert import models

Sentences = list[list[int]]
FORMATS = ("fp32", "adaptivfloat8")
# Sentences whose activations set the AdaptivFloat biases.
_CALIBRATION = 64


class Worker:
    """Runs traces in a child process; leave it by `with`."""

    def __init__(self, folder: Path, sentences: Sentences, threads: int):
        """The network of `network.write` in `folder`, and the token ids to run."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, folder, sentences, threads), daemon=True)

    def __enter__(self) -> Worker:
        """Starts the process."""
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.join()

    def seconds(self, fmt: str) -> float:
        """Time of one trace of all sentences."""
        return float(self._ask("seconds", fmt))

    def logits(self, count: int) -> Any:
        """fp32 logits (count, exits, classes) of the first sentences."""
        return self._ask("logits", count)

    def path(self, fmt: str) -> str:
        """The numeric path of a format."""
        return str(self._ask("path", fmt))

    def peak_mib(self) -> float:
        """Largest resident memory of the child so far."""
        return float(self._ask("memory", None))

    def _ask(self, what: str, argument: Any) -> Any:
        self._pipe.send((what, argument))
        while not self._pipe.poll(1.0):
            if not self._process.is_alive():
                raise RuntimeError(
                    f"bench: the process that runs ours ended with code {self._process.exitcode}"
                )
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


def _serve(pipe: Connection, folder: Path, sentences: Sentences, threads: int) -> None:
    try:
        subjects = _subjects(folder, sentences, threads)
    except Exception as error:
        pipe.recv()
        pipe.send(error)
        return
    while True:
        what, argument = pipe.recv()
        try:
            pipe.send(_answer(what, argument, subjects, sentences, threads))
        except Exception as error:
            pipe.send(error)


def _subjects(folder: Path, sentences: Sentences, threads: int) -> dict[str, models.Model]:
    plain = models.load(folder)
    return {
        "fp32": plain,
        "adaptivfloat8": plain.quantized("adaptivfloat8", sentences[:_CALIBRATION], threads),
    }


def _answer(
    what: str, argument: Any, subjects: dict[str, models.Model], sentences: Sentences, threads: int
) -> Any:
    if what == "memory":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in KiB
    if what == "logits":
        return subjects["fp32"].trace(sentences[:argument], threads=threads).logits
    model = subjects[argument]
    if what == "path":
        return model.encoder.path
    start = time.perf_counter()
    model.trace(sentences, threads=threads)
    return time.perf_counter() - start
