"""`siliconbert bench growth`: how cost grows with trials, faults, sentences, their length, and layers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from siliconbert import faults, models
from siliconbert.bench import network, processor, turns
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.trace import data_set
from siliconbert.bench.worker import peak_mib
from siliconbert.campaign.outcome import Curves
from siliconbert.data import Data
from siliconbert.models import Model

MODEL, TENSOR = "edgebert-mini/sst2", "embeddings.word"
CELLS = {"values": "rram-mlc3", "*": "rram-slc"}
TRIALS = (1, 2, 5, 10, 20, 50, 100)
FAULTS = (0, 1, 10, 100, 1_000, 10_000, 100_000)
SENTENCES = (25, 50, 100, 200, 400)
LENGTHS = (8, 16, 32, 64, 128, 256, 512)
LAYERS = (1, 2, 4, 8, 12, 24)
# Sentences and tokens where they are not what grows.
_COUNT, _LENGTH = 32, 26
_TRIALS_OF_FAULTS = 10

Ids = list[list[int]]


@dataclass(frozen=True)
class Axis:
    """What grows, and a function that does the work at one size and returns what is compared.

    unit  : what one point's seconds are divided by
    log   : whether sizes are drawn on a logarithmic scale
    """

    name: str
    sizes: Sequence[int]
    run: Callable[[int], NDArray[np.generic]]
    unit: str
    parts: int = 1
    log: bool = False


def run(repeats: int = 3, threads: int = 2, glue: Path | None = None, most: int | None = None) -> Result:
    """Times every axis, sizes in turn; the smaller run's answers must be those of the larger one.

    most   : leaves out larger sizes but the first two, for a quick look
    errors : RuntimeError where an answer depends on what runs beside it
    """
    timings, figures, grows = [], [], []
    for axis in _axes(threads, glue):
        sizes = [size for i, size in enumerate(axis.sizes) if i < 2 or most is None or size <= most]
        took = _measure(replace(axis, sizes=sizes), repeats)
        points = [(size, [s / axis.parts for s in seconds]) for size, seconds in took.items()]
        timings += [Timing(f"{axis.name} {n}", median(s), min(s), max(s)) for n, s in points]
        x, y = np.array([n for n, _ in points]), np.array([median(s) for _, s in points])
        figures.append(_figure(axis, x, y))
        grows.append(f"{axis.name}: {axis.unit}; from {x[-2]} to {x[-1]} times {y[-1] / y[-2]:.2f}")
    header = (
        f"processor: {processor.here()}",
        f"trials, faults: {MODEL}, {TENSOR} as a bitmask, 100 sentences; trials of {CELLS['values']} cells, "
        "faults as that many bits of the image that flip",
        f"sentences, length, layers: ALBERT-base shape, random weights, AdaptivFloat8; {_COUNT} sentences of "
        f"{_LENGTH} random tokens where these do not grow",
        f"run: {threads} threads, {repeats} repeats in turn, load {os.getloadavg()[0]:.1f} at the end",
    )
    footer = ("checked: the answers at every size are those of the largest, as far as they go", *grows)
    return Result(header, tuple(timings), footer, peak_mib(), tuple(figures))


def _axes(threads: int, glue: Path | None) -> Iterator[Axis]:
    yield from _campaigns(data_set(100, glue), threads)
    yield from _traces(threads)


def _campaigns(data: Data, threads: int) -> Iterator[Axis]:
    stored = models.load(MODEL).store(TENSOR, cells=CELLS)
    clean = stored.trace(data, threads=threads)

    def bits(fault: faults.Fault, trials: int) -> NDArray[np.generic]:
        return stored.trials(fault, data, clean, 1, range(trials), threads).bits

    yield Axis("trials", TRIALS, partial(bits, faults.CellMisread()), "seconds in all")
    yield Axis(
        "faults",
        FAULTS,
        lambda count: bits(faults.BitFlip(count=count), _TRIALS_OF_FAULTS),
        "seconds a trial",
        _TRIALS_OF_FAULTS,
        log=True,
    )


def _traces(threads: int) -> Iterator[Axis]:
    rng = np.random.default_rng(0)
    words = rng.integers(0, network.SHAPE.vocabulary, (max(SENTENCES), max(LENGTHS))).tolist()
    twelve = _albert(12, words)

    def logits(model: Model, ids: Ids) -> NDArray[np.generic]:
        return model.trace(ids, threads=threads).logits

    def first(count: int, length: int) -> Ids:
        return [row[:length] for row in words[:count]]

    yield Axis("sentences", SENTENCES, lambda n: logits(twelve, first(n, _LENGTH)), "seconds in all")
    yield Axis(
        "length", LENGTHS, lambda n: logits(twelve, first(_COUNT, n)), "seconds a sentence", _COUNT, log=True
    )
    deep = {count: _albert(count, words) for count in LAYERS}
    yield Axis("layers", LAYERS, lambda n: logits(deep[n], first(_COUNT, _LENGTH)), "seconds in all")


def _albert(layers: int, words: Ids) -> Model:
    """ALBERT-base's shape with so many layers of the same weights, which are the same for every number."""
    shape = replace(network.SHAPE, layers=layers)
    return network.quantized(network.albert(shape, ramps=False), [row[:_LENGTH] for row in words])


def _measure(axis: Axis, repeats: int) -> dict[int, list[float]]:
    """Seconds of every size, after one call of each that is not counted but checked."""
    _check(axis)
    return turns.seconds({size: partial(axis.run, size) for size in axis.sizes}, repeats)


def _check(axis: Axis) -> None:
    """Sentences and trials must not depend on how many others there are."""
    answers = {size: axis.run(size) for size in axis.sizes}
    if axis.name not in ("trials", "sentences"):
        return
    whole = answers[max(axis.sizes)]
    for size, found in answers.items():
        if not np.array_equal(found, whole[:size]):
            raise RuntimeError(
                f"bench: answers of {size} {axis.name} must be those of {max(axis.sizes)}, got others"
            )


def _figure(axis: Axis, x: NDArray[np.int64], y: NDArray[np.float64]) -> Curves:
    sizes = {"trials": "trials", "faults": "bits that flip", "length": "tokens"}.get(axis.name, axis.name)
    return Curves(
        axis.name,
        f"Cost over {axis.name}",
        sizes,
        axis.unit,
        {axis.name: (x, y)},
        log=axis.log,
        log_x=axis.log,
    )
