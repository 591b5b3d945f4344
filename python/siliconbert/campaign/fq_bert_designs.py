"""FQ-BERT's published designs: what the model says of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from siliconbert import hardware
from siliconbert.campaign.accelerator import assumed_line
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity
from siliconbert.hardware import Device, FqBert
from siliconbert.hardware.fq_bert import fq_bert

LATENCY = Quantity("latency", "latency", "ms", 2)
RESOURCES = {
    "dsp": Quantity("dsp", "DSP slices", "DSP48E", 0),
    "ff": Quantity("ff", "flip-flops", "FF", 0),
    "lut": Quantity("lut", "look-up tables", "LUT", 0),
    "bram18_packed": Quantity("bram18_packed", "block RAM, double buffers packed", "BRAM18K", 0),
    "bram18_separate": Quantity("bram18", "block RAM, double buffers separate", "BRAM18K", 0),
}
BLOCK_RAM = Quantity("bram18", "block RAM", "BRAM18K", 0)
PEAK = Quantity("peak", "peak, 8 x 4 bits", "GOPS", 0)
EFFECTIVE = Quantity("effective", "reached", "GOPS", 0)
WEIGHTS = Quantity("weights", "weights read", "GB/s", 2)
RECORD = "fq-bert"


@dataclass(frozen=True)
class Plan:
    """Boards and designs of the catalogue by row, and what these run."""

    boards: Mapping[str, str]
    designs: Mapping[str, str]
    shape: str
    sequence: int


def run(table: str, plan: Plan) -> Outcome:
    """A row a board and a design, and how free the constants were."""
    rows = [m for row, name in plan.boards.items() for m in _board(row, hardware.device(name))]
    rows += [m for row, name in plan.designs.items() for m in _design(row, machine(name), plan)]
    return Outcome(
        table, "*", "model", (*header(plan.shape, plan.sequence), assumed_line(RECORD)), tuple(rows)
    )


def header(shape: str, sequence: int) -> tuple[str, ...]:
    """Lines on what runs, and on the freedom of the constants."""
    one = machine("fq-bert-zcu102")
    return (
        f"{shape}, {sequence} tokens, {one.pus} PUs, {one.values['clock']} MHz",
        "constants are solved from the paper's own designs, so the points they met test nothing:",
        *(f"  {fit}" for fit in one.fits.values()),
    )


def machine(name: str, **changes: Any) -> FqBert:
    """The design of that name, with other values."""
    return fq_bert(name, None, changes)


def _board(row: str, board: Device) -> list[Measurement]:
    counted = (*(RESOURCES[key] for key in ("dsp", "ff", "lut")), BLOCK_RAM)
    return [Measurement(row, each, board.resources[each.name], among=board.name) for each in counted]


def _design(row: str, one: FqBert, plan: Plan) -> list[Measurement]:
    found = one.inference(plan.shape, plan.sequence)
    have = one.resources(plan.shape, plan.sequence)
    return [
        Measurement(row, LATENCY, found.latency_ms),
        *(
            Measurement(row, quantity, have[key], among=f"designs on {one.values['device']}")
            for key, quantity in RESOURCES.items()
        ),
        Measurement(row, PEAK, one.peak_gops),
        Measurement(row, EFFECTIVE, found.gops),
        Measurement(row, WEIGHTS, found.weights_gbs),
    ]
