"""One design on an FPGA, row by row: resources and latency of its units, its stages and of all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from siliconbert import schedule
from siliconbert.campaign.accelerator import assumed
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity
from siliconbert.hardware.fpga import CALIBRATION
from siliconbert.schedule import Plan as Schedule

LATENCY = Quantity("latency", "latency", "ms", 3)
AMOUNTS = {
    "dsp": Quantity("dsp", "DSP", "DSP", 0),
    "ff": Quantity("ff", "FF", "FF", 0),
    "lut": Quantity("lut", "LUT", "LUT", 0),
}
SHARES = {
    "dsp": Quantity("dsp_share", "share of the DSP", "%", 1),
    "ff": Quantity("ff_share", "share of the FF", "%", 1),
    "lut": Quantity("lut_share", "share of the LUT", "%", 1),
}
BRAM = Quantity("bram18", "BRAM18 of the weights", "BRAM18", 0)


@dataclass(frozen=True)
class Plan:
    """A network with given parallelism on a device.

    rows    : the table's row -> operator
    stages  : the table's row -> operators of one of its stages, and the stage
    whole   : the row of everything
    printed : resource -> row -> what the paper prints; row "total": of the whole board
    registers : rows with a named term for registers of whole rows, and their operator
    """

    network: str
    device: str
    parallelism: Mapping[str, int]
    rows: Mapping[str, str]
    stages: Mapping[str, tuple[tuple[str, ...], str]]
    whole: str
    printed: Mapping[str, Mapping[str, float]]
    registers: Mapping[str, str]


def run(table: str, plan: Plan) -> Outcome:
    """Every row's resources and latency, and shares of the printed totals and of the device's true ones."""
    found = schedule.allocate(
        plan.network, device=plan.device, budget={}, fixed=plan.parallelism, memory="bram18"
    )
    measured = [*_device(found), *_units(plan, found), *_stages(plan, found), *_whole(plan, found)]
    lanes = ", ".join(f"{row} {plan.parallelism[name]}" for row, name in plan.rows.items())
    header = (
        f"{found.network.title}, on {found.device.title}",
        f"{found.network.rows} rows, {found.model.mhz:g} MHz, {found.model.arithmetic}; lanes: {lanes}. The "
        "paper states none of them: they are read off its table",
        "of the latencies MM1, MM2 and MM4 follow one rule, attention, add-norm and MM3 were met by one or "
        "two constants each, the others are sums; DSP of products: two constants for four rows; FF and LUT: "
        "a line through MM2 and MM4, MM1's excess as the term row_registers, the others by one row each",
        "memory is not in the paper's table: with 32-bit weights it would not fit the chip's block RAM",
        f"assumed, not published: {', '.join(assumed('fpga', CALIBRATION))} of fpga.toml",
    )
    return Outcome(table, "*", "model", header, tuple(measured))


def _device(found: Schedule) -> Iterator[Measurement]:
    for r, quantity in AMOUNTS.items():
        yield Measurement("total", quantity, found.device.resources[r])


def _units(plan: Plan, found: Schedule) -> Iterator[Measurement]:
    for row, name in plan.rows.items():
        amounts = found.unit_resources(name)
        yield from _row(row, amounts, found.operator_ms[name])
        if amounts["bram18"]:
            yield Measurement(row, BRAM, amounts["bram18"])
        if row in plan.registers:
            other = found.unit_resources(plan.registers[row])
            yield from _registers(row, found, amounts, other, name, plan.registers[row])


def _registers(
    row: str, found: Schedule, amounts: Mapping[str, float], other: Mapping[str, float], name: str, like: str
) -> Iterator[Measurement]:
    """The term that the line of the other products does not explain."""
    constants = found.model.numbers()
    lanes = found.parallelism[name] - found.parallelism[like]
    for r in ("ff", "lut"):
        line = other[r] + lanes * constants[f"product_{r}"]
        yield Measurement(f"{row}, of it row_registers", AMOUNTS[r], amounts[r] - line)
    values = 4 * constants["row_registers_width"] * found.model.width
    yield Measurement(f"{row}, rows of X, Q, K and V in registers", AMOUNTS["ff"], values)


def _stages(plan: Plan, found: Schedule) -> Iterator[Measurement]:
    for row, (names, stage) in plan.stages.items():
        amounts = _sum(found, {name: 1 for name in names})
        yield from _row(row, amounts, found.stage_ms[stage])
        yield from _shares(plan, found, row, amounts)


def _whole(plan: Plan, found: Schedule) -> Iterator[Measurement]:
    amounts = _sum(found, {o.name: o.units for o in found.network.operators})
    yield from _row(plan.whole, amounts, found.latency_ms)
    yield Measurement(plan.whole, BRAM, amounts["bram18"])
    yield from _shares(plan, found, plan.whole, amounts)


def _row(row: str, amounts: Mapping[str, float], ms: float) -> Iterator[Measurement]:
    for r, quantity in AMOUNTS.items():
        yield Measurement(row, quantity, amounts[r])
    yield Measurement(row, LATENCY, ms)


def _shares(plan: Plan, found: Schedule, row: str, amounts: Mapping[str, float]) -> Iterator[Measurement]:
    have = found.device.resources
    for r, quantity in SHARES.items():
        total = plan.printed[r]["total"]
        yield Measurement(f"{row}, of the printed total", quantity, 100 * amounts[r] / total)
    for r, quantity in SHARES.items():
        yield Measurement(f"{row}, of the device", quantity, 100 * amounts[r] / have[r])
    if row in plan.printed["lut"]:
        lut = plan.printed["lut"][row]
        yield Measurement(f"{row}, printed, of the device", SHARES["lut"], 100 * lut / have["lut"])
        yield Measurement(f"{row}, printed, not explained", AMOUNTS["lut"], lut - amounts["lut"])


def _sum(found: Schedule, units: Mapping[str, int]) -> dict[str, float]:
    parts = {name: found.unit_resources(name) for name in units}
    return {r: sum(count * parts[name][r] for name, count in units.items()) for r in (*AMOUNTS, "bram18")}
