"""Runs a target in a child process: a crash or a hang costs the child, and its input is known."""

from __future__ import annotations

import faulthandler
import mmap
import os
import resource
import shutil
import signal
import struct
import tempfile
import time
import warnings
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz.target import Target, attempt

LARGEST_INPUT = 1 << 20
HANGS_AFTER = 20.0  # seconds without an answer
MOST_MEMORY = 2 << 30  # bytes that answers may take beyond what the seeds took; address space, not use
_POOL = 100  # accepted inputs that are changed further
_HEAD = struct.Struct("<QQQQ")  # inputs tried, accepted, length of the input, length of the message
_MESSAGES = 1 << 14


@dataclass(frozen=True)
class Outcome:
    """`failure` is "" where every input was answered; `data` is the input that was not."""

    runs: int
    accepted: int
    seconds: float
    failure: str = ""
    data: bytes = b""


class _Board:
    """Memory that child and parent share: how far the child is, with what, and what went wrong."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _HEAD.size + _MESSAGES + LARGEST_INPUT)

    def write(self, runs: int, accepted: int, data: bytes, message: str = "") -> None:
        text = message.encode("utf-8", "replace")[:_MESSAGES]
        self._memory[_HEAD.size : _HEAD.size + len(text)] = text
        start = _HEAD.size + _MESSAGES
        self._memory[start : start + len(data)] = data
        self._memory[: _HEAD.size] = _HEAD.pack(runs, accepted, len(data), len(text))

    def read(self) -> tuple[int, int, bytes, str]:
        runs, accepted, length, words = _HEAD.unpack(self._memory[: _HEAD.size])
        start = _HEAD.size + _MESSAGES
        text = self._memory[_HEAD.size : _HEAD.size + words].decode("utf-8", "replace")
        return runs, accepted, self._memory[start : start + length], text


def watch(target: Target, seed: int, runs: int | None, seconds: float | None) -> Outcome:
    """Runs until so many inputs or seconds are over, or one fails."""
    board = _Board()
    scratch = Path(tempfile.mkdtemp(prefix="siliconbert-fuzz-"))
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        _child(board, target, seed, runs, seconds, scratch)
    try:
        failure = _wait(board, child)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    tried, accepted, data, message = board.read()
    return Outcome(tried, accepted, time.monotonic() - start, message or failure, data)


def replay(target: Target, data: bytes) -> Outcome:
    """One input, in this process's child."""
    return watch(Target(target.name, lambda: [data], target.run, target.mutate), 0, 1, None)


def _wait(board: _Board, child: int) -> str:
    last, since = -1, time.monotonic()
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return "" if status == 0 else _death(status)
        now = board.read()[0]
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > HANGS_AFTER * (1 if now else 6):  # the seeds may take longer
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return f"no answer after {HANGS_AFTER:.0f} seconds"
        time.sleep(0.02)


def _death(status: int) -> str:
    number = os.waitstatus_to_exitcode(status)
    return (
        f"the process died of {signal.Signals(-number).name}" if number < 0 else "the seeds could not be made"
    )


def _child(
    board: _Board, target: Target, seed: int, runs: int | None, seconds: float | None, scratch: Path
) -> None:
    try:
        warnings.simplefilter("ignore")
        faulthandler.disable()
        _silence()
        _loop(board, target, Random(f"{seed} {target.name}"), runs, seconds, scratch)
    except BaseException as error:
        board.write(*board.read()[:3], message=f"outside the target: {type(error).__name__}: {error}")
        os._exit(1)
    os._exit(0)


def _loop(
    board: _Board, target: Target, rng: Random, runs: int | None, seconds: float | None, scratch: Path
) -> None:
    seeds = target.seeds()
    pool: deque[bytes] = deque(maxlen=_POOL)
    accepted = 0
    end = None if seconds is None else time.monotonic() + seconds
    number = 0
    while (runs is None or number < runs) and (end is None or time.monotonic() < end):
        fresh = number < len(seeds)
        data = seeds[number] if fresh else target.mutate(rng, _parent(rng, seeds, pool))[:LARGEST_INPUT]
        number += 1
        board.write(number, accepted, data)
        good, message = attempt(target, data, scratch)
        if fresh and not good and not message and runs != 1:
            message = "a seed must be accepted"
        if number == len(seeds):
            _limit_memory()  # by now everything that is loaded late is loaded
        accepted += good
        board.write(number, accepted, data, message)
        if message:
            return
        if good:
            pool.append(data)


def _parent(rng: Random, seeds: list[bytes], pool: deque[bytes]) -> bytes:
    """A valid input to change; half of them have been changed before."""
    return rng.choice(pool if pool and rng.random() < 0.5 else seeds)


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MOST_MEMORY, hard))


def _silence() -> None:
    """What the targets print is of no use."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
