"""Designs of FQ-BERT's accelerator that the scheduler finds for its boards, beside the paper's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from siliconbert import hardware, schedule
from siliconbert.campaign import fq_bert_designs
from siliconbert.campaign.accelerator import assumed_line
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity
from siliconbert.hardware import FqBert

SIZES = {
    "pus": Quantity("pus", "PUs", "", 0),
    "n": Quantity("n", "PEs a PU", "", 0),
    "m": Quantity("m", "multipliers a PE", "", 0),
}
SHARES = {
    "dsp": Quantity("dsp_share", "of the board's DSP slices", "%", 1),
    "lut": Quantity("lut_share", "of its look-up tables", "%", 1),
    "bram18": Quantity("bram18_share", "of its block RAM, at the most", "%", 1),
}
FASTER = Quantity("faster", "times as fast as the paper's", "x", 2)
SLOWEST_CLOCK = Quantity("slowest_clock", "clock at which it is as fast as the paper's", "MHz", 0)
IN_RANGE = Quantity("in_range", "within the model's range (1: yes)", "", 0)


@dataclass(frozen=True)
class Plan:
    """The paper's best design by board, shares of a board to use, sizes to choose from, and what runs.

    seen : PEs and multipliers within the model's range; of equal designs the first PUs, then PEs, are taken
    """

    boards: Mapping[str, str]
    shares: Sequence[float]
    pus: Sequence[int]
    pes: Sequence[int]
    multipliers: Sequence[int]
    seen: Sequence[int]
    shape: str
    sequence: int


@dataclass(frozen=True)
class Found:
    """A design and what it takes."""

    machine: FqBert
    latency_ms: float
    resources: Mapping[str, float]
    outside: tuple[str, ...]


def run(table: str, plan: Plan) -> Outcome:
    """The paper's design of each board, then what the scheduler finds."""
    full = max(max(_shares(_published(name, plan)).values()) for name in plan.boards.values())
    rows, outside = [], []
    for board, name in plan.boards.items():
        paper = _published(name, plan)
        for row, found in {f"{board}, the paper's": paper, **_plans(board, paper, full, plan)}.items():
            rows += _measurements(row, found, paper)
            outside += [f"  {row}: {'; '.join(found.outside)}"] if found.outside else []
    header = (
        *fq_bert_designs.header(plan.shape, plan.sequence),
        f"the paper's designs use up to {100 * full:.1f} % of a board; a fuller one is to keep the clock",
        "extrapolated beyond the paper's designs:",
        *outside,
        assumed_line(fq_bert_designs.RECORD),
    )
    return Outcome(table, "*", "model", header, tuple(rows))


def _plans(board: str, paper: Found, full: float, plan: Plan) -> dict[str, Found]:
    """Rows: in range, as full as the paper's fullest and fuller; of any size; with the fewest DSP slices.

    Two products a DSP slice: of two PEs with the same activation, which slices of 27 x 18 bits can hold.
    """
    seen = {"n": plan.seen, "m": [m for m in plan.seen if m in plan.multipliers]}
    free = {"pus": plan.pus, "n": plan.pes, "m": plan.multipliers}
    asked: dict[str, dict[str, Any]] = {
        f"in range, up to {100 * share:.0f} %": {"share": share, **seen} for share in (full, *plan.shares)
    }
    asked["any size"] = free
    asked["any size, two products a DSP slice"] = {"multiplier_dsp": 0.5, **free}
    asked["fewest DSP slices"] = {"at_most_ms": paper.latency_ms, **free}
    found = {}
    for words, options in asked.items():
        made = schedule.plan_fq_bert(
            paper.machine.values["device"], model=plan.shape, sequence=plan.sequence, **options
        )
        if made.machine is not None and made.inference is not None:
            taken = made.inference
            found[f"{board}, {words}"] = Found(made.machine, taken.latency_ms, made.resources, taken.outside)
    return found


def _published(name: str, plan: Plan) -> Found:
    machine = fq_bert_designs.machine(name)
    taken = machine.inference(plan.shape, plan.sequence)
    have = machine.resources(plan.shape, plan.sequence)
    resources = {key: have["bram18_separate" if key == "bram18" else key] for key in SHARES}
    return Found(machine, taken.latency_ms, resources, taken.outside)


def _shares(found: Found) -> dict[str, float]:
    board = hardware.device(found.machine.values["device"]).resources
    return {key: found.resources[key] / board[key] for key in SHARES}


def _measurements(row: str, found: Found, paper: Found) -> list[Measurement]:
    board = hardware.device(paper.machine.values["device"]).resources
    return [
        *(Measurement(row, quantity, getattr(found.machine, key)) for key, quantity in SIZES.items()),
        Measurement(row, fq_bert_designs.LATENCY, found.latency_ms),
        Measurement(row, FASTER, paper.latency_ms / found.latency_ms),
        Measurement(row, SLOWEST_CLOCK, _slowest_clock(found, paper)),
        *(
            Measurement(row, quantity, 100 * found.resources[key] / board[key])
            for key, quantity in SHARES.items()
        ),
        Measurement(row, IN_RANGE, float(not found.outside)),
    ]


def _slowest_clock(found: Found, paper: Found) -> float:
    """The constant time does not change with the clock."""
    constant = found.machine.fits["latency"].constants["constant_ms"]
    clock = float(found.machine.values["clock"])
    return clock * (found.latency_ms - constant) / (paper.latency_ms - constant)
