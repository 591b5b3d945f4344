"""Latency and energy of a sentence over the size of the array, with spans and with pruned weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from siliconbert import hardware
from siliconbert.campaign.accelerator import assumed_line
from siliconbert.campaign.outcome import Curves, Measurement, Outcome, Quantity
from siliconbert.hardware import Run

CYCLES = {
    "pu": Quantity("pu_cycles", "PU cycles of a layer", "", 0),
    "sfu": Quantity("sfu_cycles", "SFU cycles of a layer", "", 0),
}
LATENCY = Quantity("latency", "latency", "ms", 2)
ENERGY = Quantity("energy", "energy", "mJ", 3)
SPEED_UP = Quantity("speed_up", "latency, n / 2n", "x", 2)
OPTIMUM = Quantity("optimum", "n of least energy, spans and sparsity", "lanes", 0)
SPAN_TIME = Quantity("span_time", "time saved by spans", "x", 2)
SPAN_ENERGY = Quantity("span_energy", "energy saved by spans", "x", 2)
SPARSE = Quantity("sparse_energy", "energy saved by sparsity, beside spans", "x", 2)
OVERTAKES = Quantity("overtakes", "smallest n faster than the GPU", "lanes", 0)


@dataclass(frozen=True)
class Task:
    """What a task's spans and pruning take away: heads off, and pruned share of the encoder in %."""

    heads_off: int
    sparsity: float


@dataclass(frozen=True)
class Plan:
    """An accelerator at several sizes, its best size, a shape, tasks, and a processor to compare with."""

    accelerator: str
    sizes: Sequence[int]
    best: int
    shape: str
    tasks: Mapping[str, Task]
    processor: str


@dataclass(frozen=True)
class Sentence:
    """All layers dense, with spans, and with spans and sparsity."""

    dense: Run
    spans: Run
    sparse: Run


def run(table: str, plan: Plan) -> Outcome:
    """Rows by size and by task; ratios beside what the paper's text says."""
    found = {
        (name, n): _sentence(hardware.accelerator(plan.accelerator, n=n), plan.shape, task)
        for name, task in plan.tasks.items()
        for n in plan.sizes
    }
    rows = [*_by_size(plan, found), *_by_task(plan, found), *_processor(plan, found)]
    header = (
        f"{plan.accelerator}, {plan.shape}, 128 tokens, all layers at nominal voltage and frequency",
        "heads off and pruned shares as the paper prints them, pruned weights placed at random",
        "the figure's values are not published; only what the text says of them is compared",
        assumed_line(plan.accelerator),
    )
    return Outcome(table, "*", "model", header, tuple(rows), (_curves(plan, found),))


def _sentence(machine: hardware.Accelerator, shape: str, task: Task) -> Sentence:
    density = 1 - task.sparsity / 100
    return Sentence(
        machine.base(shape),
        machine.base(shape, heads_off=task.heads_off),
        machine.base(shape, heads_off=task.heads_off, density=density),
    )


Found = Mapping[tuple[str, int], Sentence]


def _by_size(plan: Plan, found: Found) -> list[Measurement]:
    first = next(iter(plan.tasks))
    rows = []
    for n in plan.sizes:
        dense = found[first, n].dense
        cycles = hardware.accelerator(plan.accelerator, n=n).layer(plan.shape).cycles
        rows += [
            *(Measurement(f"n = {n}, dense", quantity, cycles[unit]) for unit, quantity in CYCLES.items()),
            Measurement(f"n = {n}, dense", LATENCY, 1e3 * _mean(dense.latency)),
            Measurement(f"n = {n}, dense", ENERGY, 1e3 * _mean(dense.energy)),
        ]
    for n, wider in pairwise(plan.sizes):
        ratio = _mean(found[first, n].dense.latency) / _mean(found[first, wider].dense.latency)
        rows.append(Measurement(f"{n} to {wider}", SPEED_UP, ratio, beside="n doubled"))
    return rows


def _by_task(plan: Plan, found: Found) -> list[Measurement]:
    rows = []
    for task in plan.tasks:
        s = found[task, plan.best]
        least = min(plan.sizes, key=lambda n: _mean(found[task, n].sparse.energy))
        rows += [
            Measurement(task, OPTIMUM, least, beside="every task"),
            Measurement(task, SPAN_TIME, _mean(s.dense.latency) / _mean(s.spans.latency), beside="most"),
            Measurement(task, SPAN_ENERGY, _mean(s.dense.energy) / _mean(s.spans.energy), beside="most"),
            Measurement(task, SPARSE, _mean(s.spans.energy) / _mean(s.sparse.energy), beside=task),
        ]
    return rows


def _processor(plan: Plan, found: Found) -> list[Measurement]:
    """The smallest size that is faster than the processor at its fastest and at its slowest."""
    first = next(iter(plan.tasks))
    rows = []
    for words, seconds in zip(
        ("fastest", "slowest"), hardware.processor(plan.processor).seconds(plan.shape), strict=True
    ):
        row = f"{plan.processor}, {words}"
        rows.append(Measurement(row, LATENCY, 1e3 * seconds))
        faster = [n for n in plan.sizes if _mean(found[first, n].dense.latency) < seconds]
        if faster:
            rows.append(Measurement(row, OVERTAKES, min(faster), beside=plan.processor))
    return rows


def _curves(plan: Plan, found: Found) -> Curves:
    sizes = np.array(plan.sizes)
    series = {
        task: (sizes, np.array([1e3 * _mean(found[task, n].sparse.energy) for n in plan.sizes]))
        for task in plan.tasks
    }
    return Curves("energy", "Energy with spans and sparsity", "n", "mJ a sentence", series)


def _mean(values: np.ndarray) -> float:
    return float(values.mean())
