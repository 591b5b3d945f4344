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
    """One line that names an accelerator's assumed numbers."""
    keys = ", ".join(assumed("accelerators", accelerator))
    return f"assumed, not published: {keys} of {accelerator} (siliconbert list accelerators --sources)"
