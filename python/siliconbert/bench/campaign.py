"""`siliconbert bench campaign`: trials of a memory-fault campaign, against a plain PyTorch loop."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import exits, faults, models
from siliconbert.bench import network, peer, processor, turns
from siliconbert.bench.albert import BATCH, Albert
from siliconbert.bench.early_exit import forced
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.trace import data_set, token_ids
from siliconbert.bench.worker import Worker, peak_mib
from siliconbert.data import Data
from siliconbert.models.stored import Stored

PLAIN, BEST = "fp32, padded to 128", "bf16, sorted, padded to longest"
# How many times faster than each loop a trial must be, by processor class; set before the first run.
FLOORS = {"A": {PLAIN: 25.0, BEST: 2.0}, "B": {PLAIN: 7.0, BEST: 1.2}}
# Of the fp32 logits of a faulty trial from the peer's, of the largest logit.
LARGEST_DIFFERENCE = 1e-4
ALBERT_BASE = "albert-base"
DENSITY = 0.4  # of the word table: what EdgeBERT prunes it to
TENSOR, SEED = "embeddings.word", 1
CELLS = {"values": "rram-mlc3", "*": "rram-slc"}


def subject(model: str, sentences: int, glue: Path | None) -> tuple[Stored, Data]:
    """EdgeBERT's Table 2 with three bits a cell, every head over the whole sentence: the model, its data.

    model: a zoo name, or ALBERT_BASE, which is its shape with random weights
    """
    found = data_set(sentences, glue)
    if model != ALBERT_BASE:
        plain = models.load(model).with_spans(None)  # transformers knows no spans
        return plain.store(TENSOR, layout="bitmask", cells=CELLS), found
    ids: Any = token_ids(found)
    coded = network.quantized(network.albert().pruned({TENSOR: DENSITY}), ids)
    return coded.store(TENSOR, layout="bitmask", cells=CELLS), replace(found, sentences=ids)


class Campaign:
    """Ours: the stored model and its clean trace, which a campaign makes once."""

    def __init__(self, model: str, sentences: int, glue: Path | None, threads: int):
        """Makes `subject` and traces it."""
        self._stored, self._data = subject(model, sentences, glue)
        self._threads = threads
        start = time.perf_counter()
        self._clean = self._stored.trace(self._data, threads=threads)
        self._once = time.perf_counter() - start

    def clean(self) -> tuple[float, str]:
        """Seconds of the clean trace, and the numeric path."""
        return self._once, self._clean.path

    def trials(self, first: int, count: int) -> tuple[float, float, float]:
        """Seconds and seconds of processors a trial, and the sentences that it ran again."""
        start, used = time.perf_counter(), time.process_time()
        found = self._trials(self._data, self._clean, range(first, first + count))
        seconds, processors = time.perf_counter() - start, time.process_time() - used
        return seconds / count, processors / count, float(found.rerun.mean())

    def apart(self, count: int) -> float:
        """Seconds of a trial of one sentence alone: the faults, what they change, and a short pass."""
        one = self._data.take(np.array([0]))
        clean = self._stored.trace(one, threads=self._threads)
        start = time.perf_counter()
        self._trials(one, clean, range(count))
        return (time.perf_counter() - start) / count

    def _trials(self, data: Data, clean: models.Trace, numbers: range) -> models.Trials:
        fault = faults.CellMisread()
        return self._stored.trials(fault, data, clean, SEED, numbers, self._threads)

    def early(self, repeats: int) -> str:
        """What packing the sentences that go on saves in trial 0, where about half of the layers run.

        errors: RuntimeError where a sentence leaves elsewhere than in the trace
        """
        bad, _ = self._stored.inject(faults.CellMisread(), SEED, 0)
        trace = bad.trace(self._data, threads=self._threads)
        threshold = forced(self._clean)
        found = bad.run(self._data, threshold, threads=self._threads)
        if not np.array_equal(found.layer, exits.by_entropy(trace.entropy, threshold)):
            raise RuntimeError("bench: runs of trial 0 must leave where its trace does, got other layers")
        ways: dict[str, Callable[[], object]] = {
            "all": lambda: bad.trace(self._data, threads=self._threads),
            "early": lambda: bad.run(self._data, threshold, threads=self._threads),
        }
        took = turns.seconds(ways, repeats)
        every, early = median(took["all"]), median(took["early"])
        return (
            f"with exits by entropy below {threshold:.3g} ({found.layer.mean():.1f} of "
            f"{bad.shape.layers} layers on average), run time packs what goes on: {early:.2f} s instead of "
            f"{every:.2f} s for trial 0, a further {every / early:.2f} times"
        )


def run(
    peers: bool,
    sentences: int = 872,
    trials: int = 10,
    repeats: int = 3,
    threads: int = 2,
    glue: Path | None = None,
    model: str = ALBERT_BASE,
) -> Result:
    """Times trials of ours and, with `peers`, a trial of the loop at its best after each repeat, one of the
    plain loop after the first.

    errors: ImportError where the peer's packages are missing; RuntimeError where ours and the peer differ
    """
    if peers:
        peer.require()
    with Worker(Campaign, model, sentences, glue, threads) as ours:
        once, path = ours.ask("clean")
        theirs = _Peers(model, sentences, glue, threads) if peers else None
        found = []
        for repeat in range(repeats):
            found.append(ours.ask("trials", repeat * trials, trials))
            if theirs:
                theirs.time(BEST if repeat else None)
        early = ours.ask("early", repeats)
        apart = ours.ask("apart", trials)
        peak = ours.peak_mib()
    seconds, processors, rerun = zip(*found, strict=True)
    data = data_set(sentences, glue)
    header = (
        f"processor: {processor.here()}",
        f"campaign: {_named(model)}, {TENSOR} as a bitmask, values in rram-mlc3, mask in rram-slc",
        f"data: {data.task} {data.split}, {len(data)} sentences",
        f"run: {threads} threads, {repeats} x {trials} trials, load {os.getloadavg()[0]:.1f} at the end",
        f"ours: {path}, all exits of every sentence; clean trace once, {once:.1f} s; "
        f"{np.mean(rerun):.0f} sentences a trial run again",
        *(
            [f"peer: {theirs.name}; decodes the faulty image by our code, batches of {BATCH}"]
            if theirs
            else []
        ),
    )
    # Trials share all weights but some rows of the word table, and a pass of a few hundred tokens has read
    # them often enough: keeping several trials in flight has only what is apart from passes to gain.
    share = apart / median(seconds)
    rest = (
        f"a trial of one sentence takes {1000 * apart:.0f} ms: at most {share:.0%} is not running sentences"
    )
    memory = f"peak memory of ours: {peak:.0f} MiB"
    timings = (Timing("ours", median(seconds), min(seconds), max(seconds)),)
    if theirs is None:
        return Result(header, timings, ("not compared with a peer (--peers does)", early, rest, memory), peak)
    footer = (
        theirs.checked,
        theirs.busy(median(processors)),
        early,
        rest,
        f"{memory}; of the process with the peer: {peak_mib():.0f} MiB",
    )
    return Result(header, (*timings, *theirs.timings(timings[0].median)), footer, peak)


def _named(model: str) -> str:
    return "ALBERT-base shape, random weights (seed 0)" if model == ALBERT_BASE else model


class _Peers:
    """Trial 0 by the plain loop and by the peer at its best, checked with our own fp32 run."""

    def __init__(self, model: str, sentences: int, glue: Path | None, threads: int):
        stored, data = subject(model, sentences, glue)
        plain = replace(stored, activations=None)
        bad, _ = plain.inject(faults.CellMisread(), SEED, 0)
        tokens = plain.tokens(data)
        self._image = bad.image
        self._expected = bad.trace(data, threads=threads).logits[:, -1]
        self._loops = {
            name: Albert(stored, tokens, threads, best) for name, best in ((PLAIN, False), (BEST, True))
        }
        self.name = self._loops[PLAIN].name
        self._seconds: dict[str, list[float]] = {name: [] for name in self._loops}
        self._processors: dict[str, list[float]] = {name: [] for name in self._loops}
        self.checked = ""

    def time(self, only: str | None = None) -> None:
        """A trial of each loop, or of one; the plain one's answers are checked."""
        for name, loop in self._loops.items():
            if only not in (None, name):
                continue
            used = time.process_time()
            seconds, logits = loop.trial(TENSOR, self._image)
            self._seconds[name].append(seconds)
            self._processors[name].append(time.process_time() - used)
            if name == PLAIN:
                self._check(logits)

    def _check(self, logits: NDArray[np.float32]) -> None:
        worst = float(np.abs(logits - self._expected).max() / np.abs(logits).max())
        if not worst <= LARGEST_DIFFERENCE:
            raise RuntimeError(
                f"bench: our fp32 logits of trial 0 must be within {LARGEST_DIFFERENCE} of transformers' "
                f"(of the largest), got {worst:.1e}"
            )
        self.checked = (
            f"checked: our fp32 logits of trial 0, {len(logits)} sentences: within {worst:.1e} of "
            "transformers' (relative to the largest)"
        )

    def timings(self, ours: float) -> list[Timing]:
        """One row for each loop."""
        floors = FLOORS.get(processor.here().kind, {})
        return [
            Timing(f"peer, {name}", median(s), min(s), max(s), median(s) / ours, floors.get(name))
            for name, s in self._seconds.items()
            if s
        ]

    def busy(self, ours: float) -> str:
        """The same comparison in seconds of processors, which other work on the machine changes less."""
        theirs = ", ".join(
            f"{name} {median(used):.1f} s ({median(used) / ours:.1f}x)"
            for name, used in self._processors.items()
        )
        return f"time of processors a trial: ours {ours:.2f} s; the peer's {theirs}"
