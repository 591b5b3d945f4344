"""Which share of the energy that latency-aware inference saves comes from which of EdgeBERT's steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siliconbert import hardware
from siliconbert.campaign.accelerator import AcceleratorPlan
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity
from siliconbert.hardware import Memories, Table

# In the order in which they are taken.
STEPS = {
    "exit": Quantity("share_exit", "share of the saving: exit prediction", "%", 0),
    "spans": Quantity("share_spans", "share of the saving: spans", "%", 0),
    "dvfs": Quantity("share_dvfs", "share of the saving: DVFS", "%", 0),
    "sparse": Quantity("share_sparse", "share of the saving: sparse execution", "%", 0),
    "envm": Quantity("share_envm", "share of the saving: eNVM", "%", 0),
}


@dataclass(frozen=True)
class Plan(AcceleratorPlan):
    """An accelerator and a shape, a target, what spans and pruning take away, the embeddings.

    beside : the published row
    """

    target_ms: float
    heads_off: int
    density: float
    table: Table
    beside: str

    @property
    def line(self) -> str:
        """What the shares are of, and what they rest on."""
        return (
            f"shares, {self.beside}: each step on top of those before it, {self.heads_off} heads off, "
            f"{100 * self.density:g} % of the weights kept; exits are the printed averages of the predicted "
            "layer, by sentences at the two layers around it; eNVM: the embeddings once after power-on"
        )


def added(outcome: Outcome, plan: Plan, predicted: Sequence[tuple[str, float]]) -> Outcome:
    """An outcome with the five shares, in %, at each average predicted layer: (drop, layer) each."""
    found = (
        Measurement(f"{plan.beside}, {drop}", STEPS[step], value, beside=plan.beside)
        for drop, mean in predicted
        for step, value in shares(plan, around(mean)).items()
    )
    return replace(outcome, header=(*outcome.header, plan.line), measurements=(*outcome.measurements, *found))


def around(mean: float) -> NDArray[np.int64]:
    """A hundred sentences at the two layers around a mean.

    >>> np.unique(around(10.52), return_counts=True)[1].tolist()
    [48, 52]
    """
    low = int(mean)
    later = round(100 * (mean - low))
    return np.repeat([low, low + 1], [100 - later, later])


def shares(plan: Plan, layer: NDArray[np.int64]) -> dict[str, float]:
    """The five shares, in %, of sentences that leave after the layers predicted for them."""
    machine, kept = plan.machine(), {"heads_off": plan.heads_off}
    embeddings = hardware.power_on(plan.table, Memories.get()).joules
    energies = [
        machine.base(plan.shape).energy.mean(),
        machine.early_exit(plan.shape, layer).energy.mean(),
        machine.early_exit(plan.shape, layer, **kept).energy.mean(),
        machine.sentences(plan.shape, layer, layer, plan.target_ms, **kept).energy.mean(),
        machine.sentences(
            plan.shape, layer, layer, plan.target_ms, **kept, density=plan.density
        ).energy.mean(),
    ]
    saved = [*(-np.diff(energies)), embeddings[1] - embeddings[0]]
    return {step: float(100 * each / sum(saved)) for step, each in zip(STEPS, saved, strict=True)}
