"""`siliconbert bench dse`: design points a second, after the points were checked sentence by sentence."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from siliconbert import hardware
from siliconbert.bench import processor
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.worker import peak_mib
from siliconbert.hardware import ExitStatistics, Exploration
from siliconbert.hardware.grid import Voltage, split

MODEL = "albert-base"
LAYERS = 12
SENTENCES = 872  # of a histogram, as SST-2's development set
FLOOR = 1e8  # points a second on one core; set before the first measurement
LARGEST_DIFFERENCE = 1e-9
_CHECKED = 60  # points of a grid
_FEW: dict[str, Any] = {
    "n": [8, 16, 32],
    "density": [0.4, 0.7, 1.0],
    "width": [4, 8],
    "leakage_mw": [0, 8.6],
}
_MANY = {**_FEW, "heads_off": [0, 4, 7, 8], "rule": ["paper", "window"], "sequence": [64, 128]}
# Voltages from the predicted layer; and pairs of V and GHz that the default curve allows.
_PLANNED: list[Voltage] = [None]
_PAIRS: list[Voltage] = [(0.6 + 0.05 * i, 0.1 * k) for i in range(5) for k in range(1, 4)]


@dataclass(frozen=True)
class Grid:
    """One grid to time; floor: whether it must reach FLOOR."""

    axes: Mapping[str, Any]
    voltages: Sequence[Voltage]
    targets: int
    histograms: int
    floor: bool = False

    @property
    def name(self) -> str:
        """Its axes in words."""
        designs = math.prod(len(values) for values in self.axes.values())
        volts = "planned" if self.voltages == _PLANNED else f"planned + {len(self.voltages) - 1} (V, f)"
        plural = "" if self.histograms == 1 else "s"
        return f"{designs} designs x {volts} x {self.targets} targets x {self.histograms} histogram{plural}"

    @property
    def targets_ms(self) -> list[float]:
        """From a target that few sentences meet to one that all do."""
        return [float(t) for t in np.linspace(35, 100, self.targets)]


def grids(histograms: int) -> tuple[Grid, ...]:
    """Grids whose points share more or less: the more histograms or targets a design has, the faster."""
    both = [*_PLANNED, *_PAIRS]
    return (
        Grid(_MANY, both, 32, 32, floor=True),
        Grid(_FEW, _PLANNED, 64, histograms, floor=True),
        Grid(_FEW, _PLANNED, 1024, 64, floor=True),
        Grid(_FEW, _PLANNED, 16384, 1),
        Grid(_MANY, both, 16, 1),
        Grid(_MANY, _PLANNED, 16, 32),
        Grid(_MANY, _PLANNED, 16, 1),
    )


def statistics(count: int, seed: int = 0) -> list[ExitStatistics]:
    """Histograms of random sentences whose prediction is their exit or a later layer."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(count):
        predicted = 1 + rng.binomial(LAYERS - 1, rng.uniform(0.1, 0.9), SENTENCES)
        layer = np.maximum(1, predicted - rng.binomial(2, 0.4, SENTENCES))
        # A sentence that leaves after the first layer has no later prediction.
        predicted = np.where(layer == 1, 1, predicted)
        found.append(ExitStatistics.of(str(i), layer, predicted, LAYERS, rng.uniform(0.8, 0.9)))
    return found


def run(histograms: int = 4096, repeats: int = 5) -> Result:
    """Checks points of two grids against acc.sentences, then times whole calls of explore on one thread.

    Times are the process's own, from the axes to the arrays of results.

    errors: RuntimeError where a point and its sentences differ
    """
    every = grids(histograms)
    checked = max(_checked(grid) for grid in (every[1], every[3]))
    timings = [_timing(grid, repeats) for grid in every]
    axes = " x ".join(f"{len(values)} {key}" for key, values in _MANY.items())
    header = (
        f"processor: {processor.here()}",
        f"designs: {MODEL}; 576 are {axes}; 36 are the first four of these axes",
        f"run: 1 thread, {repeats} repeats, load {os.getloadavg()[0]:.1f} at the end",
    )
    footer = (
        f"checked: {2 * _CHECKED} random points equal the mean of their sentences to {checked:.1e}",
        "a point: energy (PU, SFU, memories, clock, leakage, ADPLL, rail), latency and late share of a "
        f"histogram of {LAYERS} layers, written to memory",
        "a design's cycles and energies are computed once; voltages once a target, or once a stretch of "
        "targets that need the same ones, in which energy is a straight line",
        "rows without a floor have so few points a design that building designs takes much of the time",
    )
    return Result(header, tuple(timings), footer, peak_mib())


def explore(grid: Grid, used: Sequence[ExitStatistics], threads: int = 1) -> Exploration:
    """All points of a grid."""
    return hardware.explore(MODEL, used, grid.targets_ms, grid.voltages, threads=threads, **grid.axes)


def _checked(grid: Grid) -> float:
    used = statistics(grid.histograms)
    return check(explore(grid, used), used)


def check(grid: Exploration, used: Sequence[ExitStatistics]) -> float:
    """The largest difference of random points, whose voltages are planned, from all their sentences."""
    worst = 0.0
    for index in np.random.default_rng(1).integers(0, len(grid), _CHECKED):
        at = np.unravel_index(index, grid.energy.shape)
        worst = max(worst, difference(grid, used[at[3]], tuple(int(i) for i in at)))
    if worst > LARGEST_DIFFERENCE:
        raise RuntimeError(
            f"bench: points must equal their sentences to {LARGEST_DIFFERENCE}, got {worst:.1e}"
        )
    return worst


def difference(grid: Exploration, used: ExitStatistics, at: tuple[int, ...]) -> float:
    """Largest relative difference of a point from acc.sentences on the expanded histogram."""
    changes, work = split(grid.designs[at[0]])
    machine = hardware.accelerator("edgebert-12nm", **changes)
    layer, predicted = (np.repeat(k + 1, used.histogram.astype(int).ravel()) for k in _places())
    run = machine.sentences(MODEL, layer, predicted, grid.targets_ms[at[2]], **work)
    pairs = (
        (grid.energy[at], run.energy.mean()),
        (grid.latency[at], run.latency.mean()),
        (1 + grid.late[at], 1 + (~run.feasible).mean()),
    )
    return float(max(abs(ours / theirs - 1) for ours, theirs in pairs))


def _places() -> tuple[np.ndarray, np.ndarray]:
    exits, predicted = np.indices((LAYERS, LAYERS))
    return exits.ravel(), predicted.ravel()


def _timing(grid: Grid, repeats: int) -> Timing:
    """Million points a second."""
    used, rates = statistics(grid.histograms), []
    for _ in range(repeats):
        start = time.process_time()
        points = len(explore(grid, used))
        rates.append(points / (time.process_time() - start))
    rate = median(rates)
    ratio, floor = (rate / FLOOR, 1.0) if grid.floor else (None, None)
    return Timing(grid.name, rate / 1e6, min(rates) / 1e6, max(rates) / 1e6, ratio, floor)
