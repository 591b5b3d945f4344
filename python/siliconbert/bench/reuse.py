"""`siliconbert bench reuse`: what it saves to run only the sentences that a fault touches."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from siliconbert import faults, models
from siliconbert.bench import processor
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.trace import data_set
from siliconbert.bench.worker import peak_mib
from siliconbert.data import Data
from siliconbert.models import Stored, Trace, Trials

# Set before the first run: how many times faster than without reuse a trial of rare value faults must be, and
# how many times the trials of good cells must fit into one clean trace.
FLOOR, FLOOR_OF_CELLS = 20.0, 1.0
MODEL, TENSOR, SEED, RATE = "edgebert-mini/sst2", "embeddings.word", 1, 1e-6


def run(
    sentences: int = 872,
    trials: int = 100,
    plain: int = 3,
    repeats: int = 3,
    threads: int = 2,
    glue: Path | None = None,
) -> Result:
    """Times `trials` trials with reuse, `plain` of them without, and `trials` of cells that rarely misread.

    errors: RuntimeError where a row differs without reuse
    """
    bench = _Bench(models.load(MODEL).store(TENSOR), data_set(sentences, glue), threads)
    values, mask = (faults.BitFlip(RATE, regions=[region]) for region in ("values", "mask"))
    without = bench.time(values, plain, repeats, reuse=False)
    timings = [_timing(f"{RATE:g} a bit in values, every sentence again", without, plain)]
    for name, fault, count, floor in (("values", values, trials, FLOOR), ("mask", mask, plain, None)):
        took = bench.time(fault, count, repeats)
        ratio = median(without) / plain * count / median(took)
        timings.append(_timing(f"{RATE:g} a bit in {name}", took, count, ratio, floor))
    bench.check(values, plain)
    clean = [bench.clean_seconds() for _ in range(repeats)]
    for cell in ("rram-slc", "rram-mlc2"):
        stored = models.load(MODEL).store(TENSOR, cells={"values": cell, "*": "rram-slc"})
        took = _Bench(stored, bench.data, threads).time(faults.CellMisread(), trials, repeats)
        ratio = median(clean) / median(took)
        timings.append(_timing(f"{cell}, against one clean trace", took, trials, ratio, FLOOR_OF_CELLS))
    header = (
        f"processor: {processor.here()}",
        f"reuse: {MODEL}, {TENSOR} as a bitmask; {len(bench.data)} sentences of {bench.data.task}",
        f"run: {threads} threads, {repeats} repeats of {trials} trials ({plain} where every sentence runs), "
        f"load {os.getloadavg()[0]:.1f} at the end",
        f"clean trace: {median(clean):.2f} s, {bench.clean.path}",
    )
    footer = (f"checked: the rows of {plain} trials are the same with and without reuse",)
    return Result(header, tuple(timings), footer, peak_mib())


class _Bench:
    def __init__(self, stored: Stored, data: Data, threads: int):
        self.stored, self.data, self.threads = stored, data, threads
        self.clean: Trace = stored.trace(data, threads=threads)

    def trials(self, fault: faults.Fault, count: int, reuse: bool = True) -> Trials:
        return self.stored.trials(fault, self.data, self.clean, SEED, range(count), self.threads, reuse=reuse)

    def time(self, fault: faults.Fault, count: int, repeats: int, reuse: bool = True) -> list[float]:
        """Seconds of all trials, by repeat."""
        return [_seconds(lambda: self.trials(fault, count, reuse)) for _ in range(repeats)]

    def clean_seconds(self) -> float:
        return _seconds(lambda: self.stored.trace(self.data, threads=self.threads))

    def check(self, fault: faults.Fault, count: int) -> None:
        ours, plain = self.trials(fault, count), self.trials(fault, count, reuse=False)
        if not np.array_equal(ours.bits, plain.bits) or not np.array_equal(ours.events, plain.events):
            raise RuntimeError("bench: trials must be the same with and without reuse, got other rows")


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _timing(
    name: str, took: list[float], count: int, ratio: float | None = None, floor: float | None = None
) -> Timing:
    """Seconds a trial."""
    each = [seconds / count for seconds in took]
    return Timing(name, median(each), min(each), max(each), ratio, floor)
