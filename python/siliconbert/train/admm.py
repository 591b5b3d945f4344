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

    rho     : of the formula at the end of the phase, as the share of W - Z + U that W loses in a step, apart
              from Adam as AdamW's weight decay does
    growth  : how many times as large it is there as in the beginning; U, in units of 1 / rho, shrinks by as
              much on the way. A small constant rho lets U pile up, and weights swing through zero
    updates : how many times Z and U are renewed and rho grows, evenly over the phase
    """

    rho: float = 0.02
    growth: float = 100.0
    updates: int = 18

    def __post_init__(self) -> None:
        """Refuses what is no plan."""
        if not 0 < self.rho <= 1 or self.growth < 1 or self.updates < 1:
            raise ValueError(f"train: admm needs rho in (0, 1], growth and updates of at least 1, got {self}")


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

    @property
    def rho(self) -> float:
        """After as many renewals as there were."""
        left = 1 - self.renewed / self.plan.updates
        return float(self.plan.rho / self.plan.growth**left)

    def apply(self, weight: Tensor) -> Tensor:
        """The weight as it is."""
        return weight

    def update(self, progress: float) -> None:
        """New Z and U where they are due at `progress`, 0..1."""
        if int(progress * self.plan.updates) <= self.renewed:
            return
        before = self.rho
        self.renewed = int(progress * self.plan.updates)
        for cut in self.cuts:
            self.z |= _nearest(cut, self.u)
        for name, weight in self.weights.items():
            self.u[name].add_(weight.data - self.z[name]).mul_(before / self.rho)

    def pull(self) -> None:
        """Moves the weights towards Z - U, after a step of the optimizer."""
        for name, weight in self.weights.items():
            weight.data.lerp_(self.z[name] - self.u[name], self.rho)

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
