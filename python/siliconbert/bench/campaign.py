"""`siliconbert bench campaign`: trials of a memory-fault campaign, against a plain PyTorch loop."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert import faults, models
from siliconbert.bench import peer, processor
from siliconbert.bench.albert import BATCH, Albert
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.trace import data_set
from siliconbert.bench.worker import Worker, peak_mib
from siliconbert.data import Data
from siliconbert.models.stored import Stored

# How many times faster than the peer's loop a trial must be, by processor class; set before the first run.
FLOORS = {"A": 10.0, "B": 5.0}
# Right answers of one trial that rounding in fp32 may move between ours and the peer.
MOST_APART = 2
MODEL, TENSOR, SEED = "edgebert-mini/sst2", "embeddings.word", 1
CELLS = {"values": "rram-mlc3", "*": "rram-slc"}


def subject(sentences: int, glue: Path | None) -> tuple[Stored, Data]:
    """EdgeBERT's Table 2 with three bits a cell, every head over the whole sentence: the model, its data."""
    model = models.load(MODEL).with_spans(None)  # transformers knows no spans
    return model.store(TENSOR, layout="bitmask", cells=CELLS), data_set(sentences, glue)


class Campaign:
    """Ours: the stored model and its clean trace, which a campaign makes once."""

    def __init__(self, sentences: int, glue: Path | None, threads: int):
        """Loads `subject` and traces it."""
        self._stored, self._data = subject(sentences, glue)
        self._threads = threads
        start = time.perf_counter()
        self._clean = self._stored.trace(self._data, threads=threads)
        self._once = time.perf_counter() - start

    def clean(self) -> tuple[float, str]:
        """Seconds of the clean trace, and the numeric path."""
        return self._once, self._clean.path

    def trials(self, first: int, count: int) -> tuple[float, float, list[int]]:
        """Seconds and seconds of processors a trial, and the right answers of each."""
        start, used = time.perf_counter(), time.process_time()
        found = self._stored.trials(
            faults.CellMisread(),
            self._data,
            clean=self._clean,
            seed=SEED,
            trials=range(first, first + count),
            threads=self._threads,
        )
        seconds, processors = time.perf_counter() - start, time.process_time() - used
        return seconds / count, processors / count, found.correct.tolist()


def run(
    peers: bool,
    sentences: int = 872,
    trials: int = 5,
    repeats: int = 3,
    threads: int = 2,
    glue: Path | None = None,
) -> Result:
    """Times trials of ours and, with `peers`, one trial of each peer between them.

    errors: ImportError where the peer's packages are missing; RuntimeError where ours and the peer differ
    """
    if peers:
        peer.require()
    with Worker(Campaign, sentences, glue, threads) as ours:
        seconds, processors, correct, found = [], [], [], None
        for repeat in range(repeats):
            took, busy, right = ours.ask("trials", repeat * trials, trials)
            seconds.append(took)
            processors.append(busy)
            correct += right
            if peers and found is None:
                found = _Peers(sentences, glue, threads)
        once, path = ours.ask("clean")
        peak = ours.peak_mib()
    header = [
        f"processor: {processor.here()}",
        f"campaign: {MODEL}, {TENSOR} as a bitmask, values in rram-mlc3, mask in rram-slc",
        f"data: {_described(data_set(sentences, glue))}",
        f"run: {threads} threads, {repeats} x {trials} trials, load {os.getloadavg()[0]:.1f} at the end",
        f"ours: {path}, all exits of every sentence; clean trace once, {once:.1f} s",
    ]
    memory = f"peak memory of ours: {peak:.0f} MiB"
    timings = [Timing("ours", median(seconds), min(seconds), max(seconds))]
    if found is None:
        return Result(
            tuple(header), tuple(timings), ("not compared with a peer (--peers does)", memory), peak
        )
    header.append(f"peer: {found.name}; decodes the faulty image by our code, batches of {BATCH}")
    timings += found.timings(timings[0].median)
    footer = (
        *found.lines(correct[0]),
        found.busy(median(processors)),
        f"{memory}; of the process with the peer: {peak_mib():.0f} MiB",
    )
    return Result(tuple(header), tuple(timings), footer, peak)


def _described(data: Data) -> str:
    return f"{data.task} {data.split}, {len(data)} sentences"


class _Peers:
    """Trial 0 by the plain loop, by the peer at its best, and by our own fp32 run, which checks them."""

    def __init__(self, sentences: int, glue: Path | None, threads: int):
        stored, data = subject(sentences, glue)
        plain = replace(stored, activations=None)
        bad, _ = plain.inject(faults.CellMisread(), SEED, 0)
        tokens = plain.tokens(data)
        self.ours = _right(bad.trace(data, threads=threads).logits[:, -1], data.labels)
        self.seconds: dict[str, float] = {}
        self.processors: dict[str, float] = {}
        self.correct: dict[str, int] = {}
        for name, best in (("fp32, padded to 128", False), ("bf16, sorted, padded to longest", True)):
            loop = Albert(stored, tokens, threads, best)
            self.name = loop.name
            used = time.process_time()
            self.seconds[name], logits = loop.trial(TENSOR, bad.image)
            self.processors[name] = time.process_time() - used
            self.correct[name] = _right(logits, data.labels)
        self._check()

    def _check(self) -> None:
        theirs = next(iter(self.correct.values()))
        if abs(theirs - self.ours) > MOST_APART:
            raise RuntimeError(
                f"bench: ours in fp32 must be right on transformers' {theirs} sentences of trial 0, within "
                f"{MOST_APART}, got {self.ours}"
            )

    def timings(self, ours: float) -> list[Timing]:
        """One row for each peer; only the plain loop has a floor."""
        floors = [FLOORS.get(processor.here().kind), None]
        return [
            Timing(f"peer, {name}", took, took, took, took / ours, floor)
            for (name, took), floor in zip(self.seconds.items(), floors, strict=True)
        ]

    def busy(self, ours: float) -> str:
        """The same comparison in seconds of processors, which other work on the machine changes less."""
        theirs = ", ".join(
            f"{name} {used:.1f} s ({used / ours:.1f}x)" for name, used in self.processors.items()
        )
        return f"time of processors a trial: ours {ours:.2f} s; the peer's {theirs}"

    def lines(self, quantized: int) -> list[str]:
        """Right answers of trial 0 by everyone."""
        theirs = ", ".join(f"the peer's {name}: {count}" for name, count in self.correct.items())
        return [
            f"checked: right answers of trial 0: ours in fp32 {self.ours}; {theirs}",
            f"ours with AdaptivFloat activations, as timed: {quantized} ({quantized - self.ours:+d})",
        ]


def _right(logits: NDArray[np.float32], labels: ArrayLike) -> int:
    return int((logits.argmax(axis=1) == np.asarray(labels)).sum())
