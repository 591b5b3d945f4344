"""What each feature of an accelerator saves in this model of it, beside which accelerators have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from siliconbert import hardware
from siliconbert.campaign.accelerator import AcceleratorPlan
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity
from siliconbert.hardware import Memories, Table

HAS = Quantity("edgebert", "EdgeBERT has it (1: yes; ours: it saves something here)", "", 0)
SAVES = Quantity("saves", "saves", "x", 2)
Marks = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Plan(AcceleratorPlan):
    """The accelerator and shape, and how far each feature goes.

    heads_off : by attention spans; exit_layer: of an early exit; density: kept share of the encoder's weights
    table     : the pruned embeddings, against single precision and against DRAM
    """

    heads_off: int
    exit_layer: int
    density: float
    table: Table


def run(table: str, plan: Plan, marks: Mapping[str, Marks]) -> Outcome:
    """One row a feature that saves at inference; marks: accelerator -> its printed (feature, 0 or 1)."""
    rows = [
        Measurement(feature, quantity, value)
        for feature, saving in _savings(plan).items()
        for quantity, value in ((HAS, float(saving > 1)), (SAVES, saving))
    ]
    header = (
        f"{plan.line}, 128 tokens",
        "compression: bytes of the embeddings in single precision / pruned, 8 bits, bitmask; spans: energy "
        f"of a layer / with {plan.heads_off} heads off; early exit: energy of all layers / leaving after "
        f"layer {plan.exit_layer}; sparse execution: energy of a layer / at a density of {plan.density:g}; "
        "eNVM: energy of reading the embeddings after power-on, DRAM and SRAM / ReRAM",
        "knowledge distillation shapes the training and costs nothing at inference: no row",
        *(f"{name} is marked for: {_marked(found)}" for name, found in marks.items()),
    )
    return Outcome(table, "*", "model", header, tuple(rows))


def _savings(plan: Plan) -> dict[str, float]:
    machine = plan.machine()
    t = plan.table
    dense = machine.layer(plan.shape).joules
    all_layers = float(machine.base(plan.shape).energy[0])
    return {
        "model compression": 4 * t.rows * t.columns / t.bytes,
        "attention spans": dense / machine.layer(plan.shape, heads_off=plan.heads_off).joules,
        "early exit assessment": all_layers
        / float(machine.early_exit(plan.shape, [plan.exit_layer]).energy[0]),
        "compressed sparse execution": dense / machine.layer(plan.shape, density=plan.density).joules,
        "eNVM storage for embeddings": hardware.power_on(t, Memories.get()).energy_ratio,
    }


def _marked(found: Marks) -> str:
    return ", ".join(feature for feature, mark in found if mark) or "nothing"
