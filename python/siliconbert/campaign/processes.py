"""Workers beside this process: each is a Python of its own, told its work through a socket.

They are started as a module, not forked or spawned by multiprocessing: a script needs no main guard, and a
notebook can start them too. A worker ends when this process ends, however that happens.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue

from siliconbert.campaign.executors import Answer, answer, processors
from siliconbert.campaign.work import UnlikeError, Work

# So many workers in a row that die before they are ready end the campaign: the next would die too.
_STILLBORN = 3
_READY = "ready"


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    line: Connection
    ready: bool = False
    work: Work | None = None


class Processes:
    """`count` processes on this machine that share its processors."""

    def __init__(self, count: int, threads: int | None = None):
        """threads: of all workers together; None for all processors of this process."""
        if count < 1:
            raise ValueError(f"campaign: workers must be at least 1, got {count}")
        self._count = count
        self.threads = max(1, (threads or processors()) // count)
        self._workers: list[_Worker] = []
        self._stillborn = 0

    def __enter__(self) -> Processes:
        """Starts the workers."""
        self._workers = [self._start() for _ in range(self._count)]
        return self

    def __exit__(self, *error: object) -> None:
        """Ends the workers, whatever they are doing."""
        for worker in self._workers:
            self._end(worker)
        self._workers = []

    @property
    def slots(self) -> int:
        """One a worker."""
        return self._count

    def submit(self, work: Work) -> None:
        """Gives the work to an idle worker."""
        self._give(next(worker for worker in self._workers if worker.work is None), work)

    def wait(self, seconds: float) -> list[Answer]:
        """Answers of workers that are done, and of those that died."""
        lines = {worker.line: worker for worker in self._workers}
        told = [
            self._receive(lines[line]) for line in wait(list(lines), seconds) if isinstance(line, Connection)
        ]
        return [answer for answer in told if answer is not None]

    def _give(self, worker: _Worker, work: Work) -> None:
        worker.work = work
        with contextlib.suppress(OSError):  # it died: wait() finds out
            worker.line.send(work)

    def _receive(self, worker: _Worker) -> Answer | None:
        try:
            found = worker.line.recv()
        except (EOFError, OSError):
            return self._dead(worker)
        if found == _READY:
            worker.ready, self._stillborn = True, 0
            return None
        worker.work = None
        if isinstance(found, UnlikeError):
            raise found
        assert isinstance(found, Answer)
        return found

    def _dead(self, worker: _Worker) -> Answer | None:
        """Another takes its place; its work is lost, unless it never came to begin it."""
        end = _end_of(worker.process.wait())
        self._end(worker)
        self._stillborn += not worker.ready
        if self._stillborn >= _STILLBORN:
            raise RuntimeError(f"campaign: workers die before they begin, the last one by {end}")
        heir = self._workers[self._workers.index(worker)] = self._start()
        if worker.work is None:
            return None
        if not worker.ready:
            self._give(heir, worker.work)
            return None
        return Answer(worker.work, None, f"its worker died by {end}")

    def _start(self) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno()), str(self.threads)],
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is this process's to handle
                stdin=subprocess.DEVNULL,
            )
        return _Worker(process, Connection(ours.detach()))

    def _end(self, worker: _Worker) -> None:
        worker.line.close()
        worker.process.kill()
        worker.process.wait()


def _end_of(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def main(descriptor: int, threads: int) -> None:
    """A worker's life: takes works until the other end of the socket is gone."""
    line = Connection(descriptor)
    waiting: SimpleQueue[Work] = SimpleQueue()
    threading.Thread(target=_listen, args=(line, waiting), daemon=True).start()
    line.send(_READY)
    while True:
        work = waiting.get()
        try:
            line.send(answer(work, threads))
        except UnlikeError as error:
            line.send(error)


def _listen(line: Connection, waiting: SimpleQueue[Work]) -> None:
    try:
        while True:
            waiting.put(line.recv())
    except (EOFError, OSError):
        os._exit(0)  # the campaign is gone: whatever is being computed has no reader


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
