"""A campaign from its settings to its rows: what is missing is handed out, what comes back is stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from siliconbert.campaign import bars, config, grid, manifest, plan
from siliconbert.campaign.cluster import Cluster, Tls
from siliconbert.campaign.config import Settings
from siliconbert.campaign.executors import Answer, Executor, Here
from siliconbert.campaign.grid import Places
from siliconbert.campaign.plan import Plan
from siliconbert.campaign.processes import Processes
from siliconbert.campaign.rows import Rows
from siliconbert.campaign.store import Store

# Trials done, trials wanted.
Progress = Callable[[int, int], None]
# Between two looks at what other writers added.
_LOOK_SECONDS = 5.0
# Between two looks at the workers.
_WAIT_SECONDS = 0.5
# A part may be damaged after it was written; then its trials are done again, but not for ever.
_ROUNDS = 3


@dataclass(frozen=True)
class Campaign:
    """Settings that were read and checked.

    >>> from siliconbert.campaign.config import parse
    >>> Path("SST-2").mkdir(exist_ok=True)
    >>> _ = Path("SST-2/dev.tsv").write_text("sentence\\tlabel\\na fine film\\t1\\n")
    >>> few = {"models": ["edgebert-mini/sst2"], "tasks": ["sst2"], "cells": ["rram-mlc3"], "trials": 3}
    >>> rows = Campaign(parse(few)).run("few", glue=".")
    >>> rows.table()["trial"].to_pylist()  # -1: without faults
    [-1, 0, 1, 2]
    """

    settings: Settings

    def run(
        self,
        store: str | Path,
        workers: int | None = None,
        scheduler: str | None = None,
        tls: Tls | None = None,
        threads: int | None = None,
        glue: str | Path | None = None,
        zoo: str | Path | None = None,
        mix_paths: bool = False,
        retry_failed: bool = False,
        progress: Progress | bool | None = None,
    ) -> Rows:
        """All rows of the campaign; those that the store lacks are computed.

        store        : folder; several of these calls, on any machines, may share it
        workers      : processes on this machine that share its processors; None: this process alone
        scheduler    : "tcp://..." or "tls://..." of a Dask scheduler instead
        tls          : certificate files for tls://
        threads      : on this machine, of all workers together; None for all. No row depends on it
        glue, zoo    : folders of sentences and models; see data.load and models.load
        mix_paths    : accept rows of several numeric paths, whose last bits may differ
        retry_failed : try trials again that are recorded as failed
        progress     : called with the trials done and wanted; True: a bar on a terminal or in a notebook,
                       nothing elsewhere
        errors       : ValueError for settings that name what is not there, a store of something else, rows
                       that differ; RuntimeError for workers that cannot work; OSError for a full disk. All
                       finished rows are kept, and the same call goes on from them
        """
        executor = _executor(workers, scheduler, tls, threads)
        places = Places.make(glue, zoo, self.settings.cells_file)
        points = grid.points(self.settings, places)
        expected = manifest.make(self.settings.model_dump(mode="json"), points)
        folder = Store(store, mix_paths)
        folder.open(expected)
        work = Plan(points, self.settings.trials, places, manifest.fingerprint())
        watched = bars.shown("trials") if progress is True else nullcontext(progress or None)
        with watched as tell:
            _Run(folder, expected, work, tell).all(executor, retry_failed)
        return Rows.read(folder)


def load(path: str | Path) -> Campaign:
    """The campaign in a YAML file; experiments/edgebert/campaigns/faults.yaml is a commented one.

    errors: ValueError with one sentence: file, key, what is expected there, what came

    >>> from pathlib import Path
    >>> lines = "{models: [edgebert-mini/sst2], tasks: [sst2], cells: [rram-mlc3], trials: 5}"
    >>> _ = Path("few.yaml").write_text(lines)
    >>> load("few.yaml").settings.trials.most
    5
    """
    return Campaign(config.read(path))


@dataclass
class _Run:
    store: Store
    expected: dict[str, Any]
    plan: Plan
    progress: Progress | None
    seen: set[str] = field(default_factory=set)
    looked: float = 0.0
    shown: float = 0.0

    def all(self, executor: Executor, retry_failed: bool) -> None:
        """Runs until nothing is missing, in the store as it lies on the disk too."""
        self._take_up(retry_failed)
        if not self.plan.finished():
            with executor:
                self._rounds(executor)
        if self.progress is not None:
            self.progress(*self.plan.progress())

    def _rounds(self, executor: Executor) -> None:
        for _ in range(_ROUNDS):
            self._drain(executor)
            self.store.compact()
            self._take_up(retry_failed=False)
            if self.plan.finished():
                return
        raise RuntimeError(f"campaign: store {self.store.folder} keeps losing rows")

    def _take_up(self, retry_failed: bool) -> None:
        """Tells the plan what the store holds."""
        rows = self.store.table(plan.COLUMNS, aside=True)
        self.plan.restart(rows.filter(rows["reason"].is_null()) if retry_failed else rows)
        for path in rows["path"].unique().to_pylist():
            self.store.check_path(path)
        self.seen = set(self.store.names())

    def _drain(self, executor: Executor) -> None:
        """Hands out all works and stores what comes back."""
        flying = 0
        while True:
            while (
                flying < executor.slots
                and (work := self.plan.next(executor.slots, executor.threads)) is not None
            ):
                executor.submit(work)
                flying += 1
            if not flying:
                return
            for answer in executor.wait(_WAIT_SECONDS):
                flying -= 1
                self._keep(answer)
            self._look_round()

    def _keep(self, answer: Answer) -> None:
        rows = answer.rows
        if rows is None:
            rows = self.plan.lost(answer.work, answer.reason, answer.final)
        else:
            self.plan.done(answer.work, rows)
        if rows is None:
            return
        for path in rows["path"].unique().to_pylist():
            self.store.begin(self.expected, path)
        self.store.write(rows)

    def _look_round(self) -> None:
        now = time.monotonic()
        if now - self.looked > _LOOK_SECONDS:
            news = self.store.news(self.seen, plan.COLUMNS)
            self.plan.shared = self.plan.shared or len(news) > 0
            self.plan.add(news)
            self.looked = time.monotonic()
        if self.progress is not None and now - self.shown > _WAIT_SECONDS:
            self.progress(*self.plan.progress())
            self.shown = now


def _executor(workers: int | None, scheduler: str | None, tls: Tls | None, threads: int | None) -> Executor:
    if scheduler is not None:
        if workers is not None:
            raise ValueError("campaign: give workers or scheduler, not both")
        return Cluster(scheduler, tls)
    if tls is not None:
        raise ValueError("campaign: certificates go with a tls:// scheduler only")
    return Here(threads) if workers is None else Processes(workers, threads)
