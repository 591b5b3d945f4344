"""The regulator and the clock generator: what is printed of them, and what that means for a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from siliconbert import hardware
from siliconbert.campaign.accelerator import AcceleratorPlan, assumed_line
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity
from siliconbert.hardware.supply import slew_ns

RESPONSE = Quantity("response", "LDO response time for 50 mV", "ns", 1)
EFFICIENCY = Quantity("efficiency", "LDO peak current efficiency", "%", 1)
CURRENT = Quantity("current", "LDO highest load current", "mA", 0)
CLOCK = Quantity("clock_power", "ADPLL power at 1 GHz", "mW", 2)
SLEW = Quantity("slew", "LDO moves", "ns", 1)
SETTLED = Quantity("settled", "settled within", "ns", 0)
LOAD = Quantity("load", "load current", "mA", 0)
SHARE = Quantity("share", "of the accelerator's power", "%", 1)
TIME = Quantity("time", "time of two changes, of the target", "%", 6)
RAIL = Quantity("rail", "energy of charging the rail again, of the sentence", "%", 6)
PASSED = Quantity("passed", "share of its input energy that a linear regulator passes on", "%", 1)


@dataclass(frozen=True)
class Plan(AcceleratorPlan):
    """An accelerator, and the sentence that shows what a change of voltage costs."""

    target_ms: float
    predicted: int


def run(table: str, plan: Plan) -> Outcome:
    """The printed numbers as the model holds them, and what follows from them."""
    machine = plan.machine()
    v = machine.values
    low, high = v["voltage_levels"][0], v["voltage_levels"][-1]
    printed = "as printed"
    rows = [
        Measurement(printed, RESPONSE, v["response_time"] * 50 / v["response_step"]),
        Measurement(printed, EFFICIENCY, 100 * v["regulator_efficiency"]),
        Measurement(printed, CURRENT, v["maximum_current"]),
        Measurement(printed, CLOCK, v["clock_power"] * machine.fastest(high) / 1e9),
        Measurement(f"{low:g} to {high:g} V", SLEW, slew_ns(v, high - low)),
        Measurement(f"{low:g} to {high:g} V", SETTLED, v["settle_time"]),
        Measurement(f"nominal, {high:g} V", LOAD, (v["average_power"] - v["clock_power"]) / high),
        Measurement(f"nominal, {high:g} V", SHARE, 100 * v["clock_power"] / v["average_power"]),
        *_sentence(plan, machine),
        *(_passed(v, level) for level in v["voltage_levels"][::4]),
    ]
    header = (
        plan.line,
        "rows 'as printed' and 'settled within' are inputs of the model, beside the paper to check their "
        "reading; the others follow from them",
        "the paper's V^2 counts energy at the logic; a linear regulator passes on its current, so energy at "
        'its input falls only with V (regulator = "linear")',
        assumed_line(plan.accelerator),
    )
    return Outcome(table, "*", "model", header, tuple(rows))


def _sentence(plan: Plan, machine: hardware.Accelerator) -> list[Measurement]:
    run = machine.sentences(plan.shape, [plan.predicted], [plan.predicted], target_ms=plan.target_ms)
    row = f"exit after layer {plan.predicted} in {plan.target_ms:g} ms"
    changes = 2 * machine.values["settle_time"] * 1e-6  # ms
    return [
        Measurement(row, TIME, 100 * changes / plan.target_ms),
        Measurement(row, RAIL, 100 * float(run.by_part["transition"][0] / run.energy[0])),
    ]


def _passed(values: dict[str, float], level: float) -> Measurement:
    passed = level / values["regulator_input"] * values["regulator_efficiency"]
    return Measurement(f"{level:g} V", PASSED, 100 * passed)
