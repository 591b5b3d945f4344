"""Training towards a pruning pattern by the alternating direction method of multipliers (ADMM).

Zhang et al., A Systematic DNN Weight Pruning Framework using Alternating Direction Method of Multipliers,
ECCV 2018: minimise loss(W) + rho / 2 |W - Z + U|^2, where Z is the matrix nearest to W + U that obeys the
pattern and U collects the differences W - Z. Matrices stay dense; what is to be pruned becomes small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from siliconbert.train.network import Network
from siliconbert.train.pruning import Cut, Schedule, cuts


@dataclass(frozen=True)
class AdmmPlan:
    """How a phase pulls its matrices towards their patterns.

    rho     : of the formula, the pull a step as a multiple of the learning rate: W loses
              learning rate * rho * (W - Z + U), apart from Adam, as AdamW's weight decay does
    updates : how many times Z and U are renewed, evenly over the phase
    """

    rho: float = 20.0
    updates: int = 18


class Admm:
    """Z and U of every matrix that the schedules name; their densities are those wanted in the end."""

    def __init__(self, network: Network, schedules: Mapping[str, Schedule], plan: AdmmPlan):
        """U = 0 and Z from the weights as they are."""
        self.network, self.plan = network, plan
        self.cuts = cuts(network, schedules)
        self.renewed = 0
        weights = {name: weight for cut in self.cuts for name, weight in cut.weights.items()}
        self.weights: dict[str, nn.Parameter] = weights
        self.u = {name: torch.zeros_like(weight.data) for name, weight in weights.items()}
        self.z = {name: z for cut in self.cuts for name, z in _nearest(cut, self.u).items()}

    def apply(self, weight: Tensor) -> Tensor:
        """The weight as it is."""
        return weight

    def update(self, progress: float) -> None:
        """New Z and U where they are due at `progress`, 0..1."""
        if int(progress * self.plan.updates) <= self.renewed:
            return
        self.renewed = int(progress * self.plan.updates)
        for cut in self.cuts:
            self.z |= _nearest(cut, self.u)
        for name, weight in self.weights.items():
            self.u[name] += weight.data - self.z[name]

    def pull(self, rate: float) -> None:
        """Moves the weights towards Z - U, after a step at learning rate `rate`."""
        share = min(1.0, rate * self.plan.rho)
        for name, weight in self.weights.items():
            weight.data.lerp_(self.z[name] - self.u[name], share)

    def scores(self) -> list[nn.Parameter]:
        """Nothing is learnt beside the weights."""
        return []

    def finish(self) -> None:
        """The weights stay dense."""

    def densities(self) -> dict[str, float]:
        """Share of |W|^2 that hard pruning would keep; 1 is what ADMM strives for."""
        kept = sum(float((self.weights[name].data * (z != 0)).square().sum()) for name, z in self.z.items())
        return {"kept": kept / sum(float(w.data.square().sum()) for w in self.weights.values())}

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold."""
        return {"z": self.z, "u": self.u, "renewed": self.renewed}

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from a state()."""
        place = self.network.device
        self.z, self.u = ({name: x.to(place) for name, x in state[key].items()} for key in ("z", "u"))
        self.renewed = state["renewed"]


def _nearest(cut: Cut, u: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Z of a cut's matrices: W + U where the pattern's mask keeps it."""
    moved = {name: nn.Parameter(weight.data + u[name]) for name, weight in cut.weights.items()}
    masks = Cut(cut.group, cut.schedule, moved, cut.width).masks(1.0)
    return {name: x.data * masks[name] for name, x in moved.items()}
