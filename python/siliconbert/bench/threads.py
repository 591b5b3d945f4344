"""`siliconbert bench threads`: two threads against one, and against two Dask workers of one thread each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from siliconbert import _core
from siliconbert.bench import dse, integer, network, processor, turns
from siliconbert.bench.breakdown import Clocked
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.trace import data_set
from siliconbert.bench.worker import peak_mib
from siliconbert.campaign.config import parse
from siliconbert.campaign.rows import Rows
from siliconbert.campaign.run import Campaign
from siliconbert.models.engine import integer_products

# Least gain of two threads; of the gain of bare products, where these are bound by what threads share; and
# least share of two threads' speed that two workers of one thread have.
FLOOR, SHARE_OF_BARE, WORKERS_FLOOR = 1.8, 0.95, 1 / 1.1
SENTENCES, LENGTH = 256, 26
_GRID, _EXPLORED = 0, 10  # of dse.grids, and how often in a turn
CAMPAIGN: dict[str, Any] = {
    "models": ["edgebert-mini/sst2"],
    "tasks": ["sst2"],
    "cells": [{"values": "rram-mlc3", "*": "rram-slc"}],
    "trials": 120,
    "sentences": 100,
}


@dataclass(frozen=True)
class Case:
    """Work that takes a number of threads; the same answer comes back whatever that is."""

    name: str
    run: Callable[[int], object]
    floor: float | None


def run(repeats: int = 5, glue: Path | None = None) -> Result:
    """Times each work with one thread and with two, in turn; then a campaign on a Dask cluster of two.

    errors: RuntimeError where an answer depends on the threads
    """
    timings = [timing for case in _cases() for timing in _timings(case, repeats)]
    header = (
        f"processor: {processor.here()}",
        f"traces: ALBERT-base shape, and BERT-base in integers; random weights, {SENTENCES} sentences of "
        f"{LENGTH} random tokens, all exits",
        f"designs: {dse.grids(64)[_GRID].name}",
        f"run: {repeats} repeats in turn, load {os.getloadavg()[0]:.1f} at the end",
    )
    if find_spec("distributed"):
        timings += _workers(repeats, glue)
        last = (
            f"campaign: {CAMPAIGN['trials']} trials of {CAMPAIGN['models'][0]}; the cluster is started before"
        )
    else:
        last = "no campaign on Dask workers: distributed is missing; install it with: pip install distributed"
    floor = f"floor of AdaptivFloat8 and integers: {SHARE_OF_BARE:.0%} of what their bare products gain here"
    footer = ("checked: one thread and two give the same bits", floor, last)
    return Result(header, tuple(timings), footer, peak_mib())


def _cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    ids = rng.integers(0, network.SHAPE.vocabulary, (SENTENCES, LENGTH)).tolist()
    plain, rounded = network.in_formats(ids).values()
    whole = integer.model(ids[:2])

    def logits(model: Any, threads: int) -> object:
        return model.trace(ids, threads=threads).logits

    grid = dse.grids(64)[_GRID]
    used = dse.statistics(grid.histograms)
    yield Case("fp32 trace", partial(logits, plain), FLOOR)
    bare = _share(Clocked(rounded, rounded.tokens(ids)).gain(2))
    yield Case(f"AdaptivFloat8 trace ({rounded.encoder.path})", partial(logits, rounded), bare)
    yield Case(f"integer trace ({whole.encoder.path})", partial(logits, whole), _share(_integer_gain()))

    def designs(threads: int) -> object:
        # A turn of one call would be over in a moment.
        for _ in range(_EXPLORED - 1):
            dse.explore(grid, used, threads)
        return dse.explore(grid, used, threads).energy

    yield Case(f"designs, {_EXPLORED} times", designs, FLOOR)


def _share(gain: float) -> float:
    # More than twice is chance.
    return SHARE_OF_BARE * min(2.0, gain)


def _integer_gain() -> float:
    """How many times one thread's products of a layer in integers two make in its time, each its own."""
    width, ffn, back_end = integer.SHAPE.hidden, integer.SHAPE.ffn, integer_products()
    sizes = [(width, width)] * 4 + [(width, ffn), (ffn, width)]
    one, two = (
        sum(_core.transformer.integer_linear_alone(back_end, *size, threads) for size in sizes)
        for threads in (1, 2)
    )
    return float(2 * one / two)


def _timings(case: Case, repeats: int) -> list[Timing]:
    one, two = case.run(1), case.run(2)
    if not np.array_equal(np.asarray(one), np.asarray(two)):
        raise RuntimeError(f"bench: {case.name} must be the same with one thread and with two, got others")
    took = turns.seconds({1: partial(case.run, 1), 2: partial(case.run, 2)}, repeats)
    gain = median(took[1]) / median(took[2])
    return [
        Timing(f"{case.name}, 1 thread", median(took[1]), min(took[1]), max(took[1])),
        Timing(f"{case.name}, 2 threads", median(took[2]), min(took[2]), max(took[2]), gain, case.floor),
    ]


def _workers(repeats: int, glue: Path | None) -> list[Timing]:
    """The campaign into new stores: by this process, by two processes, by two Dask workers."""
    settings = parse(CAMPAIGN | {"tasks": [data_set(1, glue).task]})
    with tempfile.TemporaryDirectory(prefix="siliconbert-bench-") as folder, _cluster() as address:
        stores = (Path(folder) / str(number) for number in count())

        def once(**where: Any) -> Rows:
            return Campaign(settings).run(next(stores), glue=glue, **where)

        ways: dict[str, Callable[[], Any]] = {
            "1 thread": partial(once, threads=1),
            "2 threads": partial(once, threads=2),
            "2 processes of 1": partial(once, workers=2),
            "2 Dask workers of 1": partial(once, scheduler=address),
        }
        _same(run() for run in ways.values())
        took = turns.seconds(ways, repeats)
    two = median(took["2 threads"])
    return [_against(f"campaign, {way}", two, seconds) for way, seconds in took.items()]


def _against(name: str, two: float, took: list[float]) -> Timing:
    floor = WORKERS_FLOOR if "Dask" in name else None
    return Timing(name, median(took), min(took), max(took), two / median(took), floor)


def _same(found: Iterable[Rows]) -> None:
    columns = ("trial", "correct", "bits", "events")
    first, *others = (rows.table().select(columns).sort_by("trial") for rows in found)
    if any(not other.equals(first) for other in others):
        raise RuntimeError("bench: rows of a campaign must be the same wherever it runs, got others")


@contextmanager
def _cluster() -> Iterator[str]:
    from distributed import LocalCluster

    make: Any = LocalCluster
    with make(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield cluster.scheduler_address
