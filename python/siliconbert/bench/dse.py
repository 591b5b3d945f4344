"""`siliconbert bench dse`: design points a second, after the points were checked sentence by sentence."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from siliconbert import hardware
from siliconbert.bench import processor
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.worker import peak_mib
from siliconbert.hardware import ExitStatistics, Exploration, exploration
from siliconbert.hardware.exploration import WORK

MODEL = "albert-base"
LAYERS = 12
SENTENCES = 872  # of a histogram, as SST-2's development set
FLOOR = 1e8  # points a second on one core; set before the first measurement
LARGEST_DIFFERENCE = 1e-9
_AXES: dict[str, Any] = {
    "n": [8, 16, 32],
    "density": [0.4, 0.7, 1.0],
    "width": [4, 8],
    "leakage_mw": [0, 8.6],
}
_TARGETS = [float(t) for t in np.linspace(35, 100, 16)]
_CHECKED = 60


@dataclass(frozen=True)
class Grid:
    """One grid to time: what it is called, its targets and histograms."""

    name: str
    targets_ms: Sequence[float]
    histograms: int


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
    """Checks points of the grid against acc.sentences, then times grids on one thread.

    Times are the process's own, from tables of layers to the arrays of results.

    errors: RuntimeError where a point and its sentences differ
    """
    grids = (
        Grid(f"{len(_TARGETS)} targets, {histograms} histograms", _TARGETS, histograms),
        Grid("1024 targets, 32 histograms", [float(t) for t in np.linspace(35, 100, 1024)], 32),
        Grid("16384 targets, 1 histogram", [float(t) for t in np.linspace(35, 100, 16384)], 1),
    )
    checked = check(explore(grids[0]), statistics(grids[0].histograms))
    timings = [_timing(grid, repeats, FLOOR if grid is grids[0] else None) for grid in grids]
    axes = " x ".join(f"{len(values)} {key}" for key, values in _AXES.items())
    header = (
        f"processor: {processor.here()}",
        f"grid: {MODEL}, {axes}, times targets and histograms",
        f"run: 1 thread, {repeats} repeats, load {os.getloadavg()[0]:.1f} at the end",
    )
    footer = (
        checked,
        "a point: energy (PU, SFU, memories, clock, leakage, ADPLL, rail), latency and late share of a "
        f"histogram of {LAYERS} layers, written to memory; cycles and energies of a layer are computed once "
        "a design, voltage and frequency of each predicted layer once a design and target",
    )
    return Result(header, tuple(timings), footer, peak_mib())


def explore(grid: Grid) -> Exploration:
    """All points of a grid."""
    return hardware.explore(MODEL, statistics(grid.histograms), grid.targets_ms, threads=1, **_AXES)


def check(grid: Exploration, used: Sequence[ExitStatistics]) -> str:
    """Compares random points with the means of all their sentences."""
    worst = 0.0
    for index in np.random.default_rng(1).integers(0, len(grid), _CHECKED):
        at = np.unravel_index(index, grid.energy.shape)
        worst = max(worst, difference(grid, used[at[3]], tuple(int(i) for i in at)))
    if worst > LARGEST_DIFFERENCE:
        raise RuntimeError(
            f"bench: points must equal their sentences to {LARGEST_DIFFERENCE}, got {worst:.1e}"
        )
    return f"checked: {_CHECKED} random points equal the mean of their sentences to {worst:.1e}"


def difference(grid: Exploration, used: ExitStatistics, at: tuple[int, ...]) -> float:
    """Largest relative difference of a point from acc.sentences on the expanded histogram."""
    design = grid.designs[at[0]]
    machine = hardware.accelerator(
        "edgebert-12nm", **{key: value for key, value in design.items() if key not in WORK}
    )
    layer, predicted = (np.repeat(k + 1, used.histogram.astype(int).ravel()) for k in _places())
    work = {key: value for key, value in design.items() if key in WORK}
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


def _timing(grid: Grid, repeats: int, floor: float | None) -> Timing:
    """Million points a second, once the designs and histograms are made."""
    task = exploration.Grid.make(MODEL, statistics(grid.histograms), grid.targets_ms, **_AXES)
    rates = []
    for _ in range(repeats):
        start = time.process_time()
        points = task.run(threads=1)["energy"].size
        rates.append(points / (time.process_time() - start))
    rate = median(rates)
    ratio = None if floor is None else rate / floor
    return Timing(grid.name, rate / 1e6, min(rates) / 1e6, max(rates) / 1e6, ratio, floor and 1.0)
