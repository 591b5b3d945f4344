"""Other ways to build the same network on the same board, each with its best plan, beside a given design."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from siliconbert import schedule
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity
from siliconbert.hardware import FpgaModel
from siliconbert.schedule import Plan as Schedule

LATENCY = Quantity("latency", "latency of a batch", "ms", 3)
INTERVAL = Quantity("interval", "from one batch to the next", "ms", 3)
THROUGHPUT = Quantity("throughput", "throughput", "rows/s", 0)
AMOUNTS = {r: Quantity(r, r.upper(), r.upper(), 0) for r in ("dsp", "ff", "lut", "bram18", "uram")}


@dataclass(frozen=True)
class Way:
    """A way to build: layout and arithmetic as in allocate(), stages in series or as a pipeline."""

    name: str
    layout: str
    pipeline: bool
    arithmetic: str


@dataclass(frozen=True)
class Plan:
    """A network on a device, ways to build it, and the design to compare with."""

    network: str
    device: str
    ways: Sequence[Way]
    design: Mapping[str, int]
    name: str


def run(table: str, plan: Plan) -> Outcome:
    """The design, then every way within the design's DSP, FF and LUT, and on the whole board."""
    design = schedule.allocate(plan.network, device=plan.device, budget={}, fixed=plan.design, memory="none")
    alike = {r: design.resources[r] for r in ("dsp", "ff", "lut")}
    rows = [*_row(plan.name, design, False), *_row(f"{plan.name}, stages as a pipeline", design, True)]
    binding = []
    for title, budget, memory in (("as much as the design", alike, "none"), ("whole board", None, "auto")):
        for way in plan.ways:
            found = _best(plan, way, budget, memory)
            rows += _row(f"{title}: {way.name}", found, way.pipeline)
            binding.append(f"{title}, {way.name}: {found.binding or 'nothing'}")
    header = (
        f"{design.network.title}, {design.network.rows} rows, on {design.device.title}, "
        f"{design.model.mhz:g} MHz",
        "exact: no plan under its budget has a lower latency (in series) or interval (pipeline)",
        "as much as the design: its DSP, FF and LUT, memory not counted, as in the paper; whole board: "
        "weights in block RAM or UltraRAM too, activations not counted",
        "latency of a pipeline: a batch waits for the slowest stage at each; 16 bits: assumed costs",
        "what binds: " + "; ".join(binding),
    )
    return Outcome(table, "*", "model", header, tuple(rows))


def _best(plan: Plan, way: Way, budget: Mapping[str, float] | None, memory: str) -> Schedule:
    return schedule.allocate(
        plan.network,
        device=plan.device,
        budget=budget,
        objective="slowest_stage" if way.pipeline else "sum",
        layout=way.layout,
        memory=memory,
        fpga=FpgaModel(arithmetic=way.arithmetic),
    )


def _row(row: str, found: Schedule, pipeline: bool) -> Iterator[Measurement]:
    stages = len(found.network.stages)
    latency = stages * found.interval_ms if pipeline else found.latency_ms
    interval = found.interval_ms if pipeline else found.latency_ms
    yield Measurement(row, LATENCY, latency)
    yield Measurement(row, INTERVAL, interval)
    yield Measurement(row, THROUGHPUT, 1e3 * found.network.rows / interval)
    for r, quantity in AMOUNTS.items():
        if found.memory_kind != "none" or r in ("dsp", "ff", "lut"):
            yield Measurement(row, quantity, found.resources[r])
