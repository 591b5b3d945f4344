"""FQ-BERT beside a CPU and a GPU: latency, power as published, ratios of printed and of full digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from siliconbert import hardware
from siliconbert.campaign import fq_bert_designs
from siliconbert.campaign.fq_bert_designs import LATENCY
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity

POWER = Quantity("power", "power, as published", "W", 1)
EFFICIENCY = Quantity("efficiency", "efficiency", "fps/W", 2)
FASTER = Quantity("latency_ratio", "latency ratio", "x", 2)
ROUNDED = Quantity("efficiency_ratio", "efficiency ratio, of the printed digits", "x", 2)
EXACT = Quantity("efficiency_ratio_exact", "efficiency ratio, unrounded", "x", 2)


@dataclass(frozen=True)
class Plan:
    """Processors and designs of the catalogue by row, and what they run."""

    processors: Mapping[str, str]
    designs: Mapping[str, str]
    shape: str
    sequence: int


@dataclass(frozen=True)
class Platform:
    """Milliseconds of a sentence, and watts."""

    ms: float
    watts: float

    @property
    def efficiency(self) -> float:
        """Sentences a second and watt."""
        return 1e3 / self.ms / self.watts


def run(table: str, plan: Plan) -> Outcome:
    """A row a platform, then every design over every processor."""
    processors = {row: _processor(name, plan) for row, name in plan.processors.items()}
    designs = {row: _design(name, plan) for row, name in plan.designs.items()}
    rows = [m for row, one in (processors | designs).items() for m in _platform(row, one)]
    for ours, design in designs.items():
        for theirs, processor in processors.items():
            rows += _ratios(f"{ours} over {theirs}", design, processor)
    header = (
        *fq_bert_designs.header(plan.shape, plan.sequence),
        "latency of CPU and GPU: one constant each, set to the published value",
        "power: published; the CPU's equals its thermal design power, of others board or chip is not said",
        "watts so obtained are not the same kind of number: read ratios across platforms with that in mind",
    )
    return Outcome(table, "*", "model", header, tuple(rows))


def _processor(name: str, plan: Plan) -> Platform:
    found = hardware.processor(name)
    return Platform(1e3 * found.seconds(plan.shape, sequence=plan.sequence)[0], found.watts[0])


def _design(name: str, plan: Plan) -> Platform:
    found = fq_bert_designs.machine(name).inference(plan.shape, plan.sequence)
    if found.watts is None:
        raise ValueError(f"fq_bert: design must have a published power, {name} has none")
    return Platform(found.latency_ms, found.watts)


def _platform(row: str, one: Platform) -> list[Measurement]:
    return [
        Measurement(row, LATENCY, one.ms),
        Measurement(row, POWER, one.watts),
        Measurement(row, EFFICIENCY, one.efficiency),
    ]


def _ratios(row: str, design: Platform, processor: Platform) -> list[Measurement]:
    printed = [round(one.efficiency, EFFICIENCY.digits) for one in (design, processor)]
    return [
        Measurement(row, FASTER, processor.ms / design.ms),
        Measurement(row, ROUNDED, printed[0] / printed[1]),
        Measurement(row, EXACT, design.efficiency / processor.efficiency),
    ]
