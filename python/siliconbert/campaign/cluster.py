"""Workers of a Dask cluster that is there already: `--scheduler tcp://host:8786`.

The workers send their rows to this process, which alone writes the store: they need siliconbert and the
models, but no folder in common. A worker does one work at a time with as many threads as it was started with;
work of a lost worker goes to another one; Dask gives a trial up when it took four workers down.

On a cluster with Slurm, start scheduler and workers with dask-jobqueue, then the campaign anywhere:

    from dask_jobqueue import SLURMCluster

    cluster = SLURMCluster(
        cores=16, processes=1, memory="16GB",      # one worker a job, with 16 threads
        walltime="04:00:00",
        worker_extra_args=["--lifetime", "230m"],  # leaves before Slurm ends the job; its work is done again
        interface="ib0",
    )
    cluster.adapt(maximum_jobs=40)                 # jobs are asked for while there is work
    rows = sb.campaign.load("faults.yaml").run(store="runs/x", scheduler=cluster.scheduler_address)
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from siliconbert import extras
from siliconbert.campaign.executors import Answer
from siliconbert.campaign.work import UnlikeError, Work, run

_CONNECT_SECONDS = 30.0
# Works that wait on the scheduler beside those that run, so that no worker waits for this process.
_QUEUED_PER_WORKER = 2


@dataclass(frozen=True)
class Tls:
    """Certificate files for tls:// schedulers: the authority's, this client's, and its key.

    >>> Tls("ca.pem", "cert.pem", "key.pem").ca
    'ca.pem'
    """

    ca: str | Path
    cert: str | Path
    key: str | Path


class Cluster:
    """The workers of the Dask scheduler at an address."""

    def __init__(self, address: str, tls: Tls | None = None):
        """Nothing is opened yet.

        errors: ValueError for an address that is not tcp:// or tls://, or certificates that do not go with it
        """
        check(address, tls)
        self._address, self._tls = address, tls
        self._client: Any = None
        self._answered: SimpleQueue[Any] = SimpleQueue()
        self._works: dict[Any, Work] = {}

    def __enter__(self) -> Cluster:
        """Connects; RuntimeError where nobody answers, ImportError without the extra `cluster`."""
        extras.require("campaign", "cluster", "dask", "distributed")
        import distributed

        dask: Any = distributed  # which is not typed
        security = self._tls and dask.Security(
            tls_ca_file=str(self._tls.ca),
            tls_client_cert=str(self._tls.cert),
            tls_client_key=str(self._tls.key),
            require_encryption=True,
        )
        try:
            self._client = dask.Client(
                self._address, security=security, timeout=_CONNECT_SECONDS, set_as_default=False
            )
        except (OSError, asyncio.TimeoutError) as error:
            raise RuntimeError(f"campaign: no Dask scheduler answers at {self._address} ({error})") from None
        return self

    def __exit__(self, *error: object) -> None:
        """Takes back what is not done, and disconnects."""
        if self._client is not None:
            if self._works and self._client.status == "running":
                self._client.cancel(list(self._works), force=True)
            self._client.close()

    @property
    def slots(self) -> int:
        """Some a worker; they may come and go."""
        return max(1, _QUEUED_PER_WORKER * len(self._workers()))

    @property
    def threads(self) -> int:
        """The most that a worker has."""
        return max(self._workers().values(), default=1)

    def submit(self, work: Work) -> None:
        """Sends it to the scheduler."""
        future = self._client.submit(
            do, work, pure=False, key=f"siliconbert-{os.getpid()}-{id(self)}-{work.number}"
        )
        self._works[future] = work
        future.add_done_callback(self._answered.put)

    def wait(self, seconds: float) -> list[Answer]:
        """What the scheduler sent back."""
        self._workers()
        found = []
        try:
            found.append(self._take(self._answered.get(timeout=seconds)))
            while True:
                found.append(self._take(self._answered.get_nowait()))
        except Empty:
            return found

    def _take(self, future: Any) -> Answer:
        from distributed.scheduler import KilledWorker

        work = self._works.pop(future)
        if future.status == "finished":
            rows = future.result()
            return Answer(work, rows)
        error = future.exception() if future.status == "error" else None
        if isinstance(error, UnlikeError):
            raise error
        if isinstance(error, KilledWorker):
            return Answer(work, None, f"it took {error.allowed_failures + 1} workers down", final=True)
        return Answer(work, None, f"{type(error).__name__}: {error}" if error else "its worker was lost")

    def _workers(self) -> dict[str, int]:
        """Address -> threads; RuntimeError where the scheduler stays away, since Dask has tried again."""
        try:
            if self._client.status != "closed":
                return dict(self._client.nthreads())
        except OSError:
            pass
        raise RuntimeError(
            f"campaign: the Dask scheduler at {self._address} is gone; all finished rows are kept"
        )


def check(address: str, tls: Tls | None) -> None:
    """Refuses addresses and certificates that cannot work."""
    protocol = address.split("://")[0] if "://" in address else ""
    if protocol not in ("tcp", "tls"):
        raise ValueError(f"campaign: scheduler must be tcp://HOST:PORT or tls://HOST:PORT, got {address!r}")
    if (tls is not None) != (protocol == "tls"):
        needs = "needs --tls-ca, --tls-cert and --tls-key" if protocol == "tls" else "takes no certificates"
        raise ValueError(f"campaign: scheduler {address!r} {needs}")
    for name, path in (vars(tls) if tls else {}).items():
        if not Path(path).is_file():
            raise ValueError(f"campaign: --tls-{name} must be a file, got {str(path)!r}")


def do(work: Work) -> Any:
    """What a Dask worker does: the rows of the work, with the threads it was given."""
    from distributed import get_worker

    return run(work, get_worker().state.nthreads)
