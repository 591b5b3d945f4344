"""The accelerator that a table is about, and which of its numbers no publication gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from siliconbert import catalog, hardware
from siliconbert.hardware import Accelerator


@dataclass(frozen=True)
class AcceleratorPlan:
    """An accelerator of the catalogue at one size, and the shape it runs: the start of a table's plan."""

    accelerator: str
    multipliers: int
    shape: str

    def machine(self, **changes: Any) -> Accelerator:
        """The accelerator with changed values."""
        return hardware.accelerator(self.accelerator, n=self.multipliers, **changes)

    @property
    def line(self) -> str:
        """All three in words."""
        n = self.multipliers
        return f"{self.accelerator}, {n} x {n} multipliers, {self.shape}"


def assumed(kind: str, name: str) -> list[str]:
    """Keys of a record's numbers whose source is "assumed"."""
    return [key for record, key, q in catalog.quantities(kind) if record == name and q.source == "assumed"]


def assumed_line(accelerator: str) -> str:
    """One line that names an accelerator's assumed numbers, those that move the energy saved most first."""
    keys, order = assumed("accelerators", accelerator), ""
    if accelerator in hardware.names():
        keys = sorted(keys, key=lambda key: -_strength(accelerator, key))
        order = ", strongest first (energy saved at 50 ms, each halved and doubled)"
    return (
        f"assumed, not published{order}: {', '.join(keys)} of {accelerator} "
        "(siliconbert list accelerators --sources)"
    )


def _strength(name: str, key: str) -> float:
    """By how much a number moves the energy saved, the larger of its half and its double.

    What is 0 has neither: a share is set to 1, the leakage to a tenth of the average power.
    """
    values = hardware.accelerator(name).values
    value = values[key]
    if isinstance(value, list):
        return 0.0
    other = 1.0 if catalog.records("accelerators")[name][key].unit == "1" else values["average_power"] / 10
    tried = (0.5 * value, 2 * value) if value else (other,)
    middle = _saving(name, {})
    return max(abs(_saving(name, {key: each}) / middle - 1) for each in tried)


def _saving(name: str, changes: dict[str, Any]) -> float:
    """Energy of all layers over that of a sentence that leaves halfway, as predicted, within 50 ms."""
    try:
        machine = hardware.accelerator(name, **changes)
        planned = machine.sentences("albert-base", [6], [6], target_ms=50)
        return float(machine.base("albert-base").energy[0] / planned.energy[0])
    except ValueError:  # half or double is out of the model's range: as if it moved nothing
        return _saving(name, {})
