"""The embedding table after power-on: every factor of both ways, and what the printed claims would need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from siliconbert import hardware
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity
from siliconbert.hardware import Memories, PowerOn, Table

ACCESSES = Quantity("accesses", "accesses", "", 0)
TIME = Quantity("time", "time", "us", 3)
ENERGY = Quantity("energy", "energy", "uJ", 5)
ENERGY_RATIO = Quantity("energy_ratio", "energy, DRAM and SRAM / ReRAM", "x", 0)
LATENCY_RATIO = Quantity("latency_ratio", "latency, DRAM / ReRAM (SRAM hidden)", "x", 1)
SERIAL_RATIO = Quantity("serial_ratio", "latency, DRAM then SRAM / ReRAM", "x", 1)
DIRECT_RATIO = Quantity("direct_ratio", "energy, rows straight from DRAM / ReRAM", "x", 0)
PER_BIT = Quantity("per_bit", "ReRAM read energy", "fJ/bit", 3)
ACCESS = Quantity("access", "ReRAM access", "byte", 0)


@dataclass(frozen=True)
class Plan:
    """The table, a sentence's tokens, the row that the paper's ratios stand in."""

    table: Table
    tokens: int
    row: str


def run(table: str, plan: Plan, claims: dict[str, float]) -> Outcome:
    """Steps, ratios under every public reading, and what would have to hold for the printed ratios.

    claims : the printed "energy_ratio" and "latency_ratio"
    """
    typical = Memories.get()
    whole = hardware.power_on(plan.table, typical)
    sentence = hardware.power_on(plan.table, typical, plan.tokens)
    rows = [
        *_steps("whole table", whole),
        _as_printed(plan),
        *_steps(f"{plan.tokens} rows from ReRAM", sentence),
        *_ratios(plan),
        *_needed(plan, whole, claims),
    ]
    return Outcome(table, "*", "model", _header(plan, typical), tuple(rows))


def _header(plan: Plan, m: Memories) -> tuple[str, ...]:
    t = plan.table
    return (
        f"table: {t.rows} x {t.columns} values of {t.width} bits, {100 * t.density:g} % kept, a mask bit "
        f"each: {t.bytes / 1e6:.3f} MB; the paper says 1.73 MB and does not say how",
        f"ReRAM: mask in SLC, {m.mask.read_ns:g} ns, values in MLC2, {m.values.read_ns:g} ns (paper, Table "
        f"2); {m.mask.access_bits:g} bits an access, {m.mask.read_pj:g} and {m.values.read_pj:g} pJ (public "
        "arrays, 22 nm; the paper prints neither)",
        f"DRAM: LPDDR4 at {m.dram.bytes_per_second / 1e9:.1f} GB/s, currents of the data sheet, without "
        f"refresh and start-up; SRAM: {m.sram.write_pj:g} pJ to write, {m.sram.read_pj:g} pJ to read 64 bits",
        "DRAM energies: currents times volts times seconds; as DRAMsim3 prints them, a clock cycle counts as "
        "a nanosecond (one row below, and the rows 'best for ReRAM')",
        "the paper's claim reads: all embeddings, ReRAM against DRAM read and SRAM write and read; the "
        "figure's bars are not published",
        f"rows '{plan.tokens} rows': ReRAM is read for one sentence's tokens only, where they lie, while the "
        "other way still loads the whole table",
        "not counted: leakage, refresh, the regulator, the bus of the ReRAM",
    )


def _steps(row: str, found: PowerOn) -> list[Measurement]:
    named = {**{f"ReRAM {k}": t for k, t in found.reram.items()}, **found.conventional}
    return [
        Measurement(f"{row}: {step}", quantity, value)
        for step, t in named.items()
        for quantity, value in ((ACCESSES, t.accesses), (TIME, 1e6 * t.seconds), (ENERGY, 1e6 * t.joules))
    ]


def _as_printed(plan: Plan) -> Measurement:
    """The DRAM's energy in the simulator's own units."""
    found = hardware.power_on(plan.table, Memories.get(dram="as-printed")).conventional["DRAM read"]
    return Measurement("whole table: DRAM read, as DRAMsim3 prints it", ENERGY, 1e6 * found.joules)


def _ratios(plan: Plan) -> list[Measurement]:
    """Ratios at the typical, the most and the least favourable public readings."""
    readings = (
        ("typical", "typical", "corrected"),
        ("best for ReRAM", "low", "as-printed"),
        ("worst for ReRAM", "high", "corrected"),
    )
    found = []
    for words, arrays, dram in readings:
        memories = Memories.get(arrays, dram)
        for what, tokens in (("whole table", None), (f"{plan.tokens} rows", plan.tokens)):
            row = f"{what}, {words}"
            one = hardware.power_on(plan.table, memories, tokens)
            found += [
                Measurement(row, ENERGY_RATIO, one.energy_ratio, beside=plan.row),
                Measurement(row, LATENCY_RATIO, one.latency_ratio(), beside=plan.row),
                Measurement(row, SERIAL_RATIO, one.latency_ratio(hide_sram=False)),
            ]
            if tokens is not None:
                direct = hardware.from_dram_only(plan.table, memories, tokens)
                found.append(Measurement(row, DIRECT_RATIO, direct.joules / one.joules[0]))
    return found


def _needed(plan: Plan, whole: PowerOn, claims: dict[str, float]) -> Sequence[Measurement]:
    """What the whole table would take for the printed ratios: read energy a bit, bytes an access."""
    ours, theirs = whole.joules
    bits = 8 * plan.table.bytes
    row = "whole table: as it is"
    wanted = "whole table: for the claims"
    accesses = sum(t.accesses for t in whole.reram.values())
    seconds, conventional = whole.seconds(hide_sram=True)
    width = plan.table.bytes / accesses
    return [
        Measurement(row, PER_BIT, 1e15 * ours / bits),
        Measurement(wanted, PER_BIT, 1e15 * theirs / claims["energy_ratio"] / bits),
        Measurement(row, ACCESS, width),
        Measurement(wanted, ACCESS, width * seconds * claims["latency_ratio"] / conventional),
    ]
