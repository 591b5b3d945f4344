"""Energy per sentence on an accelerator: all layers, conventional early exit, and latency-aware inference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from siliconbert import hardware
from siliconbert.campaign.early_exit import Exits
from siliconbert.campaign.outcome import Measurement, Quantity

_RATIOS = ("energy_base_over_lai", "energy_ee_over_lai")


@dataclass(frozen=True)
class Machine:
    """An accelerator that runs sentences of a shape ("albert-base", or a model's) under a latency target.

    label  : the shape in words
    suffix : of the quantities' names; the shape that is compared with the paper has none
    """

    accelerator: Any
    shape: Any
    target_ms: float
    label: str
    suffix: str = ""

    @classmethod
    def make(
        cls, name: str, multipliers: int, shape: Any, target_ms: float, label: str, suffix: str = ""
    ) -> Machine:
        """The catalogue's accelerator of that name with `multipliers` squared multipliers."""
        return cls(hardware.accelerator(name, n=multipliers), shape, target_ms, label, suffix)

    def base(self) -> float:
        """Millijoules per sentence through all layers at nominal voltage and frequency."""
        return 1e3 * float(self.accelerator.base(self.shape).energy.mean())

    def early_exit(self, found: Exits) -> float:
        """Mean millijoules per sentence that leaves early, at nominal voltage and frequency."""
        return 1e3 * float(self.accelerator.early_exit(self.shape, found.layer).energy.mean())

    def latency_aware(self, found: Exits) -> tuple[float, float]:
        """Mean millijoules per sentence, layers after the first as slow as the target allows; share late."""
        run = self.accelerator.sentences(
            self.shape, found.layer, found.predicted, target_ms=self.target_ms, first=found.first
        )
        return 1e3 * float(run.energy.mean()), 1.0 - float(np.mean(run.feasible))

    def quantity(self, name: str, what: str, unit: str, digits: int = 2) -> Quantity:
        """A quantity of this shape."""
        return Quantity(name + self.suffix, f"{what}; {self.label}", unit, digits)


def base(machine: Machine) -> Measurement:
    """The energy of all layers, which no drop changes."""
    return Measurement("model", machine.quantity("energy_base", "energy, base", "mJ", 3), machine.base())


def measure(row: str, machine: Machine, conventional: Exits, predicted: Exits | None) -> list[Measurement]:
    """Energies of EE and, where there is a threshold for it, of LAI; and what LAI saves."""
    base, ee = machine.base(), machine.early_exit(conventional)
    found = [Measurement(row, machine.quantity("energy_ee", "energy, EE", "mJ", 3), ee)]
    if predicted is None:
        return found
    lai, late = machine.latency_aware(predicted)
    found += [
        Measurement(row, machine.quantity("energy_lai", "energy, LAI", "mJ", 3), lai),
        Measurement(row, machine.quantity("energy_base_over_lai", "energy, base / LAI", "x"), base / lai),
        Measurement(row, machine.quantity("energy_ee_over_lai", "energy, EE / LAI", "x"), ee / lai),
    ]
    if late:
        found.append(
            Measurement(row, machine.quantity("late", "LAI sentences over the target", "%"), 100 * late)
        )
    return found


def best(rows: Sequence[Measurement]) -> list[Measurement]:
    """The largest savings over the rows, for a paper that says "up to"."""
    candidates = [[m for m in rows if m.quantity.name == name] for name in _RATIOS]
    return [replace(max(some, key=lambda m: m.value), row="best") for some in candidates if some]
