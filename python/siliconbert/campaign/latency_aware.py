"""Energy per sentence of all layers, of early exit and of latency-aware inference, over drops and targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert.campaign.accelerator import AcceleratorPlan, assumed_line
from siliconbert.campaign.early_exit import Exits
from siliconbert.campaign.outcome import Curves, Measurement, Outcome, Quantity
from siliconbert.hardware import Accelerator, Run

Cases = Mapping[str, tuple[Exits, Exits | None]]
BASE = Quantity("energy_base", "energy, base", "mJ", 3)
EE = Quantity("energy_ee", "energy, EE", "mJ", 3)
LAI = Quantity("energy_lai", "energy, LAI", "mJ", 3)
ALL = Quantity("energy_all", "energy, LAI with spans and sparsity", "mJ", 3)
VOLTAGE = Quantity("voltage", "mean voltage, LAI", "V", 3)
FREQUENCY = Quantity("frequency", "mean frequency, LAI", "MHz", 0)
VOLTAGE_ALL = Quantity("voltage_all", "mean voltage, LAI with spans and sparsity", "V", 3)
LATE = Quantity("late", "LAI sentences over the target", "%", 1)


@dataclass(frozen=True)
class Plan(AcceleratorPlan):
    """An accelerator, a shape, targets, and what attention spans and pruning take away.

    heads_off : heads that the spans switch off; density: kept share of the encoder's weights
    """

    targets_ms: Sequence[float]
    heads_off: int
    density: float

    def at(self, *targets_ms: float) -> Plan:
        """The same with other targets."""
        return replace(self, targets_ms=targets_ms)

    @property
    def reduced(self) -> dict[str, Any]:
        """The work of a layer with spans and pruned weights."""
        return {"heads_off": self.heads_off, "density": self.density}


@dataclass(frozen=True)
class Point:
    """One drop and one target: energies of all layers and early exit (J), runs of latency-aware inference.

    planned : sentences that go on after the prediction, whose voltage is planned
    """

    base: float
    ee: float
    plain: Run
    reduced: Run
    planned: NDArray[np.bool_]

    def saving(self, energy: float, reduced: bool) -> float:
        """How many times less latency-aware inference takes than `energy`."""
        run = self.reduced if reduced else self.plain
        return energy / float(run.energy.mean())


def points(plan: Plan, machine: Accelerator, cases: Cases) -> dict[tuple[str, float], Point]:
    """Every drop at every target; drops that no threshold of latency-aware inference keeps are left out."""
    base = float(machine.base(plan.shape).energy.mean())
    found = {}
    for row, (conventional, planned) in cases.items():
        if planned is None:
            continue
        ee = float(machine.early_exit(plan.shape, conventional.layer).energy.mean())
        for target in plan.targets_ms:
            plain, reduced = (
                machine.sentences(plan.shape, planned.layer, planned.predicted, target_ms=target, **work)
                for work in ({}, plan.reduced)
            )
            found[row, target] = Point(base, ee, plain, reduced, planned.layer > 1)
    return found


def run(table: str, task: str, source: str, plan: Plan, cases: Cases, header: Sequence[str]) -> Outcome:
    """Voltage, frequency and energies at every drop and target."""
    found = points(plan, plan.machine(), cases)
    rows = [
        Measurement(f"{drop}, {target:g} ms", quantity, value, beside=f"{target:g} ms")
        for (drop, target), point in found.items()
        for quantity, value in _values(point)
    ]
    return Outcome(table, task, source, (*header, *lines(plan)), tuple(rows), (_energies(plan, found),))


def lines(plan: Plan) -> tuple[str, ...]:
    """What the energies are of, and what they rest on."""
    return (
        f"energy: {plan.line}, 128 tokens; spans and sparsity: "
        f"{plan.heads_off} heads off, {100 * plan.density:g} % of the encoder's weights kept",
        "voltage and frequency come from the predicted layer, energy and latency from the layers that run; "
        "their means are over the sentences that go on after layer 1",
        "the figures' values are not published; only what the text says of them is compared",
        assumed_line(plan.accelerator),
    )


def _values(point: Point) -> list[tuple[Quantity, float]]:
    plain, reduced = point.plain, point.reduced
    planned = point.planned if point.planned.any() else ...  # all leave at layer 1: nominal
    return [
        (BASE, 1e3 * point.base),
        (EE, 1e3 * point.ee),
        (LAI, 1e3 * float(plain.energy.mean())),
        (ALL, 1e3 * float(reduced.energy.mean())),
        (VOLTAGE, float(plain.voltage[planned].mean())),
        (FREQUENCY, float(plain.frequency[planned].mean()) / 1e6),
        (VOLTAGE_ALL, float(reduced.voltage[planned].mean())),
        (LATE, 100 * (1 - float(np.mean(plain.feasible)))),
    ]


def _energies(plan: Plan, found: Mapping[tuple[str, float], Point]) -> Curves:
    """Energy of latency-aware inference over the target, a line a drop."""
    series = {}
    for drop in dict.fromkeys(drop for drop, _ in found):
        joules = [1e3 * float(found[drop, target].plain.energy.mean()) for target in plan.targets_ms]
        series[f"LAI, {drop}"] = (np.array(plan.targets_ms), np.array(joules))
    return Curves(
        "energy", "Energy of latency-aware inference", "latency target, ms", "mJ a sentence", series
    )
