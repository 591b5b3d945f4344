"""Where a layer's time and energy and the accelerator's area go."""

from __future__ import annotations

from dataclasses import dataclass

from siliconbert.campaign.accelerator import AcceleratorPlan, assumed_line
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity

CYCLES = Quantity("cycles", "cycles of a layer", "", 0)
TIME = Quantity("time_share", "share of the time", "%", 1)
ENERGY = Quantity("energy", "energy of a layer", "uJ", 2)
ENERGY_SHARE = Quantity("energy_share", "share of the energy", "%", 1)
AREA = Quantity("area", "area", "mm^2", 3)
POWER = Quantity("power", "average power", "mW", 1)


@dataclass(frozen=True)
class Plan(AcceleratorPlan):
    """The accelerator and the shape."""


def run(table: str, plan: Plan) -> Outcome:
    """Cycles by unit, energy and area by part, and the two totals that were calibrated."""
    machine = plan.machine()
    cost = machine.layer(plan.shape)
    cycles, energy = sum(cost.cycles.values()), sum(cost.energy_pj.values())
    rows = []
    for unit, count in cost.cycles.items():
        rows += [Measurement(unit, CYCLES, count), Measurement(unit, TIME, 100 * count / cycles)]
    for part, pj in cost.energy_pj.items():
        rows += [
            Measurement(f"energy: {part}", ENERGY, pj * 1e-6),
            Measurement(f"energy: {part}", ENERGY_SHARE, 100 * pj / energy),
        ]
    areas = machine.area()
    rows += [Measurement(f"area: {part}", AREA, area) for part, area in areas.items()]
    rows += [
        Measurement("whole", AREA, sum(areas.values())),
        Measurement("whole", POWER, 1e3 * cost.joules / cost.seconds),
    ]
    header = (
        f"{plan.line}, 128 tokens, nominal voltage and frequency",
        "row 'whole' is what the model was calibrated to; the shares are its own",
        "the figure's shares are not published",
        assumed_line(plan.accelerator),
    )
    return Outcome(table, "*", "model", header, tuple(rows))
