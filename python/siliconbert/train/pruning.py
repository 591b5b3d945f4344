"""Magnitude pruning during training: a cubic schedule per group of matrices, then a mask that stays."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from siliconbert.train.network import MATRICES, Network

GROUPS = ("word", "encoder")


@dataclass(frozen=True)
class Schedule:
    """Density from 1 to `density` between the fractions `begin` and `end` of training.

    The cubic of Zhu and Gupta, To prune, or not to prune (2017), arXiv 1710.01878, equation 1.
    With `end` 0 the matrices are cut once, before training.
    """

    density: float
    begin: float = 0.0
    end: float = 0.6

    def __post_init__(self) -> None:
        """Refuses what is no schedule."""
        if not 0.0 < self.density <= 1.0 or not 0.0 <= self.begin <= self.end <= 1.0:
            raise ValueError(
                f"train: a schedule needs density in (0, 1] and 0 <= begin <= end <= 1, got {self}"
            )

    def at(self, progress: float) -> float:
        """Density at `progress`, 0..1."""
        if progress >= self.end:
            return self.density
        left = 1.0 - max(0.0, (progress - self.begin) / (self.end - self.begin))
        return self.density + (1.0 - self.density) * min(1.0, left) ** 3


def magnitude_mask(weight: Tensor, density: float) -> Tensor:
    """True for the round(density * size) largest magnitudes."""
    drop = weight.numel() - round(density * weight.numel())
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    if drop:
        mask[torch.topk(weight.detach().abs().flatten(), drop, largest=False, sorted=False).indices] = False
    return mask.view_as(weight)


class Pruner:
    """The masks of a network: word table (frozen when its schedule ends) and every encoder matrix."""

    def __init__(self, network: Network, schedules: dict[str, Schedule]):
        """Masks at the start; what is to be cut at once is cut."""
        if unknown := schedules.keys() - set(GROUPS):
            raise ValueError(f"train: density must be given for {' or '.join(GROUPS)}, got '{min(unknown)}'")
        self.network, self.schedules = network, schedules
        self.masks: dict[str, Tensor] = {}
        self.targets: dict[str, tuple[str, nn.Parameter]] = {}  # name -> group, weight
        if "word" in schedules:
            self.targets["word"] = ("word", network.word)
        if "encoder" in schedules:
            for i, layer in enumerate(network.layers):
                for name in MATRICES:
                    self.targets[f"{i}.{name}"] = ("encoder", getattr(layer, name).weight)
        self._names = {id(weight): name for name, (_, weight) in self.targets.items()}
        self.update(0.0)
        for group, weight in self.targets.values():
            if schedules[group].end == 0:
                weight.data.mul_(magnitude_mask(weight, schedules[group].density))

    def update(self, progress: float) -> None:
        """Masks for `progress`; a mask that has reached its final density stays."""
        for name, (group, weight) in self.targets.items():
            schedule = self.schedules[group]
            if not self._final(name, schedule):
                self.masks[name] = magnitude_mask(weight, schedule.at(progress))
        if "word" in self.schedules and progress >= self.schedules["word"].end:
            self.network.word.requires_grad_(False)

    def _final(self, name: str, schedule: Schedule) -> bool:
        mask = self.masks.get(name)
        return mask is not None and int(mask.sum()) == round(schedule.density * mask.numel())

    def apply(self, weight: Tensor) -> Tensor:
        """The pruned weight; gradients reach pruned entries too, which may return until the mask stays."""
        name = self._names.get(id(weight))
        if name is None or (name == "word" and self.schedules["word"].end == 0):
            return weight  # a table cut at once is frozen and holds its zeros itself
        return weight + (weight * self.masks[name] - weight).detach()

    def finish(self) -> None:
        """Writes exact zeros into the master weights, at the final density."""
        self.update(1.0)
        with torch.no_grad():
            for name, (_, weight) in self.targets.items():
                weight.mul_(self.masks[name])

    def densities(self) -> dict[str, float]:
        """Kept fraction of every group."""
        kept = {}
        for group in self.schedules:
            masks = [mask for name, mask in self.masks.items() if self.targets[name][0] == group]
            kept[group] = sum(int(m.sum()) for m in masks) / sum(m.numel() for m in masks)
        return kept
