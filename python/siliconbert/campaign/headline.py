"""The largest savings of latency-aware inference, over models of the unpublished, and what moves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from siliconbert import catalog, hardware
from siliconbert.campaign.latency_aware import Cases, Plan, lines, points
from siliconbert.campaign.outcome import Bars, Measurement, Outcome, Quantity

OVER_BASE = Quantity("energy_base_over_lai", "energy, base / LAI with spans and sparsity", "x")
OVER_EE = Quantity("energy_ee_over_lai", "energy, EE / LAI with spans and sparsity", "x")
PLAIN_BASE = Quantity("energy_base_over_plain", "energy, base / LAI alone", "x")
PLAIN_EE = Quantity("energy_ee_over_plain", "energy, EE / LAI alone", "x")
OVER_GPU = Quantity("energy_gpu_over_base", "energy, GPU / accelerator, spans and sparsity", "x", 0)
SWING = Quantity("swing", "energy, base / LAI with spans and sparsity", "x")
_BARS = 12  # constants in the tornado plot
_AS_IS = "as catalogued"
_RATIOS = (
    (OVER_BASE, "base", True),
    (OVER_EE, "ee", True),
    (PLAIN_BASE, "base", False),
    (PLAIN_EE, "ee", False),
)


@dataclass(frozen=True)
class Variants:
    """Other models of what is not published: name -> changed values; and the processor to compare with.

    leakage : name -> share of the average power that leaks at nominal voltage
    """

    changes: Mapping[str, Mapping[str, Any]]
    leakage: Mapping[str, float]
    processor: str

    def all(self, average_power: float) -> dict[str, dict[str, Any]]:
        """Every variant as changes of an accelerator."""
        leaks = {name: {"leakage_power": share * average_power} for name, share in self.leakage.items()}
        return {_AS_IS: {}, **{k: dict(v) for k, v in self.changes.items()}, **leaks}


def run(
    table: str,
    task: str,
    source: str,
    plan: Plan,
    variants: Variants,
    cases: Cases,
    header: Sequence[str],
) -> Outcome:
    """Best savings by variant, the constants that move them most, and the processor's energy."""
    rows: list[Measurement] = []
    power = plan.machine().values["average_power"]
    for name, changes in variants.all(power).items():
        best = _best(plan, cases, changes)
        # A stand-in's row says nothing about the printed value, so its variants are set beside none.
        beside = "best" if source == "authors" else None
        rows += [
            Measurement("best" if name == _AS_IS else f"best, {name}", q, v, beside=beside)
            for q, v in best.items()
        ]
    middle = next(m.value for m in rows if m.quantity == OVER_BASE)
    swings = _swings(plan, cases, middle)
    rows += [
        Measurement(f"{key} x {factor:g}", SWING, value)
        for key, pair in swings.items()
        for factor, value in zip((0.5, 2.0), pair, strict=True)
    ]
    rows += _processor(plan, variants.processor)
    return Outcome(table, task, source, (*header, *lines(plan)), tuple(rows), (_tornado(swings, middle),))


def _best(plan: Plan, cases: Cases, changes: Mapping[str, Any]) -> dict[Quantity, float]:
    found = points(plan, plan.machine(**changes), cases).values()
    return {
        quantity: max(point.saving(getattr(point, over), reduced) for point in found)
        for quantity, over, reduced in _RATIOS
    }


def _swings(plan: Plan, cases: Cases, middle: float) -> dict[str, tuple[float, float]]:
    """Constant -> best saving over base with it halved and doubled, those that move it most first.

    middle : the saving with no constant changed
    """
    found = {}
    for kind in ("accelerators", "actions"):
        for name, key, quantity in catalog.quantities(kind):
            foreign = kind == "accelerators" and name != plan.accelerator
            if foreign or isinstance(quantity.value, list) or not quantity.value:
                continue
            halved, doubled = (_changed(plan, cases, (kind, name, key), factor) for factor in (0.5, 2.0))
            if not np.isnan(halved + doubled):
                found[key if kind == "accelerators" else f"{name} {key}"] = (halved, doubled)
    far = sorted(found, key=lambda key: -max(abs(value - middle) for value in found[key]))
    return {key: found[key] for key in far[:_BARS]}


def _changed(plan: Plan, cases: Cases, number: tuple[str, str, str], factor: float) -> float:
    """The best saving with one number of the catalogue changed; NaN where the model refuses it."""
    with catalog.scaled(*number, factor):
        try:
            return _best(plan, cases, {})[OVER_BASE]
        except ValueError:
            return np.nan


def _processor(plan: Plan, name: str) -> list[Measurement]:
    """Energy of a processor over the accelerator's, all layers, at its least and most."""
    ours = float(plan.machine().base(plan.shape, **plan.reduced).energy.mean())
    least, most = hardware.processor(name).joules(plan.shape, heads_off=plan.heads_off)
    return [
        Measurement(f"{name}, {words}", OVER_GPU, joules / ours, beside=name)
        for words, joules in (("least", least), ("most", most))
    ]


def _tornado(swings: Mapping[str, tuple[float, float]], middle: float) -> Bars:
    halved, doubled = (np.array([100 * (pair[i] / middle - 1) for pair in swings.values()]) for i in range(2))
    return Bars(
        "tornado",
        "Best saving over base with one constant changed",
        "constant",
        "change of the saving, %",
        np.arange(len(swings)),
        {"x 0.5": halved, "x 2": doubled},
        labels=tuple(swings),
    )
