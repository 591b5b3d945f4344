"""Pruning during training: by magnitude or by movement, in a pattern, on a cubic schedule; masks then stay.

Movement pruning: Sanh et al., Movement Pruning: Adaptive Sparsity by Fine-Tuning, NeurIPS 2020, section 4: a
score for each weight learns from the gradient times the weight, and the highest scores stay. A block or a
head has one score for all its weights, as in Lagunas et al., Block Pruning For Faster Transformers (2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from siliconbert.sparsity import NM, Head, Pattern
from siliconbert.train import patterns
from siliconbert.train.network import MATRICES, Network

GROUPS = {
    "encoder": MATRICES,
    "attention": ("query", "key", "value", "output"),
    "ffn": ("up", "down"),
    "word": (),
    "decoder": (),
}  # matrices of a layer; the word table and a language model's decoder are none of them
TABLES = {"word": "word", "decoder": "decoder.weight"}
METHODS = ("magnitude", "movement")


@dataclass(frozen=True)
class Schedule:
    """Density from 1 to `density` between the fractions `begin` and `end` of training; then the masks stay.

    The cubic of Zhu and Gupta, To prune, or not to prune (2017), arXiv 1710.01878, equation 1: `begin` is the
    warm-up, 1 - `end` the cool-down. With `end` 0 the matrices are cut once, before training.
    method  : "magnitude", or "movement" for what has scores to learn (not the word table)
    pattern : which masks are allowed, see patterns; {kind: head} is for "attention", where a head stays or
              goes in all four matrices; N:M groups lose one weight after the other
    """

    density: float
    begin: float = 0.0
    end: float = 0.6
    method: str = "magnitude"
    pattern: dict[str, Any] = field(default_factory=lambda: {"kind": "unstructured"})

    def __post_init__(self) -> None:
        """Refuses what is no schedule."""
        if not 0.0 < self.density <= 1.0 or not 0.0 <= self.begin <= self.end <= 1.0:
            raise ValueError(
                f"train: a schedule needs density in (0, 1] and 0 <= begin <= end <= 1, got {self}"
            )
        if self.method not in METHODS:
            raise ValueError(f"train: method must be one of {', '.join(METHODS)}; got '{self.method}'")
        if self.method == "movement" and self.end == 0:
            raise ValueError("train: movement pruning needs an end after 0, its scores learn until then")
        made = self.made()
        if isinstance(made, NM) and abs(self.density - made.n / made.m) > 1e-6:
            raise ValueError(f"train: density must be {made.n / made.m:g} with {made}, got {self.density}")

    def made(self) -> Pattern:
        """The pattern."""
        return patterns.make(self.pattern)

    def at(self, progress: float) -> float:
        """Density at `progress`, 0..1."""
        if progress >= self.end:
            return self.density
        left = 1.0 - max(0.0, (progress - self.begin) / (self.end - self.begin))
        return self.density + (1.0 - self.density) * min(1.0, left) ** 3


class Gated(torch.autograd.Function):
    """Product of weight and mask; the weight learns where it is kept, and the scores learn everywhere."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, mask: Tensor, scores: Tensor) -> Tensor:
        """The product, whatever the scores are."""
        ctx.save_for_backward(weight, mask)
        return weight * mask

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, Tensor]:
        """Straight through the choice of the highest scores."""
        weight, mask = ctx.saved_tensors
        return gradients[0] * mask, None, gradients[0] * weight


class Cut:
    """Matrices that are decided on together: one, or the four of a layer whose heads stay or go."""

    def __init__(self, group: str, schedule: Schedule, weights: dict[str, nn.Parameter], width: int):
        """Scores of zero, if it has any; `width` is that of a head."""
        self.group, self.schedule, self.weights, self.width = group, schedule, weights, width
        made = schedule.made()
        self.patterns: dict[str, Pattern] = dict.fromkeys(weights, made)
        if isinstance(made, Head):
            self.patterns = {name: Head(width, 1 if name.endswith("output") else 0) for name in weights}
        first = next(iter(weights))
        shape = patterns.grid(self.patterns[first], _shape(weights[first]))
        self.scores: nn.Parameter | None = None
        if schedule.method == "movement":
            self.scores = nn.Parameter(torch.zeros(shape, device=weights[first].device))

    def masks(self, progress: float) -> dict[str, Tensor]:
        """The mask of every matrix at `progress`."""
        density = self.schedule.at(progress)
        if density == 1.0:
            return {name: torch.ones_like(weight, dtype=torch.bool) for name, weight in self.weights.items()}
        name, pattern = next(iter(self.patterns.items()))
        if self.scores is not None:
            units = patterns.best(self.scores, pattern, density)
        elif isinstance(pattern, Head):
            joint = torch.cat([w.T if name.endswith("output") else w for name, w in self.weights.items()], 1)
            units = patterns.largest(joint, pattern, density)[:: pattern.width, :1]
        else:
            return {name: patterns.largest(self.weights[name], pattern, density)}
        return {name: self.spread(units, name) for name in self.weights}

    def spread(self, units: Tensor, name: str) -> Tensor:
        """A number for each unit as one for each weight of the matrix `name`."""
        pattern = self.patterns[name]
        turned = units.T if isinstance(pattern, Head) and pattern.axis == 1 else units
        return patterns.spread(turned, pattern, _shape(self.weights[name]))


class Pruner:
    """The masks of a network: word table (frozen when its schedule ends) and matrices of the encoder."""

    def __init__(self, network: Network, schedules: Mapping[str, Schedule]):
        """Masks at the start; what is to be cut at once is cut."""
        _check(schedules)
        self.network, self.schedules = network, schedules
        self.cuts = cuts(network, schedules)
        self.progress = -1.0  # of the last update
        self.masks: dict[str, Tensor] = {}
        self._places = {id(w): (name, cut) for cut in self.cuts for name, w in cut.weights.items()}
        self.update(0.0)
        for cut in self.cuts:
            if cut.schedule.end == 0:
                for name, weight in cut.weights.items():
                    weight.data.mul_(self.masks[name])

    def update(self, progress: float) -> None:
        """Masks for `progress`; those of a schedule that has ended stay."""
        for cut in self.cuts:
            if self.progress < cut.schedule.end or self.progress < 0:
                self.masks |= cut.masks(progress)
        self._move_to(progress)

    def _move_to(self, progress: float) -> None:
        """Freezes what a schedule that has ended leaves as it is."""
        self.progress = progress
        for cut in self.cuts:
            if cut.scores is not None and progress >= cut.schedule.end:
                cut.scores.requires_grad_(False)
        if "word" in self.schedules and progress >= self.schedules["word"].end:
            self.network.word.requires_grad_(False)

    def apply(self, weight: Tensor) -> Tensor:
        """The pruned weight.

        By magnitude, gradients reach pruned entries too, which may return until the mask stays (of a matrix
        cut at once they never return); by movement, pruned entries keep their value and return if their
        score rises.
        """
        if id(weight) not in self._places:
            return weight
        name, cut = self._places[id(weight)]
        if cut.group == "word" and cut.schedule.end == 0:
            return weight  # a table cut at once is frozen and holds its zeros itself
        if cut.schedule.end == 0:
            return weight * self.masks[name]
        if cut.scores is None:
            return weight + (weight * self.masks[name] - weight).detach()
        gated: Tensor = Gated.apply(weight, self.masks[name], cut.spread(cut.scores, name))
        return gated

    def scores(self) -> list[nn.Parameter]:
        """What movement pruning learns beside the weights; none by magnitude."""
        return [cut.scores for cut in self.cuts if cut.scores is not None]

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold."""
        return {"masks": self.masks, "scores": [s.detach() for s in self.scores()], "progress": self.progress}

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from a state()."""
        self.masks = {name: mask.to(self.network.device) for name, mask in state["masks"].items()}
        self._move_to(state["progress"])
        with torch.no_grad():
            for ours, theirs in zip(self.scores(), state["scores"], strict=True):
                ours.copy_(theirs)

    def finish(self) -> None:
        """Writes exact zeros into the master weights, at the final density."""
        self.update(1.0)
        with torch.no_grad():
            for cut in self.cuts:
                for name, weight in cut.weights.items():
                    weight.mul_(self.masks[name])

    def densities(self) -> dict[str, float]:
        """Kept fraction of every group."""
        kept = {}
        for group in self.schedules:
            masks = [self.masks[name] for cut in self.cuts if cut.group == group for name in cut.weights]
            kept[group] = sum(int(m.sum()) for m in masks) / sum(m.numel() for m in masks)
        return kept


def _check(schedules: Mapping[str, Schedule]) -> None:
    if unknown := schedules.keys() - set(GROUPS):
        raise ValueError(f"train: density must be given for {' or '.join(GROUPS)}, got '{min(unknown)}'")
    if "encoder" in schedules and schedules.keys() & {"attention", "ffn"}:
        raise ValueError("train: density must be given for encoder, or for attention and ffn, not for both")
    for group, schedule in schedules.items():
        if group == "word" and schedule.method != "magnitude":
            raise ValueError("train: the word table is pruned by magnitude, its density asks for movement")
        if group != "attention" and isinstance(schedule.made(), Head):
            raise ValueError(f"train: the head pattern is for attention, got it for {group}")


def cuts(network: Network, schedules: Mapping[str, Schedule]) -> list[Cut]:
    """All matrices that schedules name."""
    width = network.shape.width // network.shape.heads
    found = []
    for group, schedule in schedules.items():
        if group in TABLES:
            found.append(Cut(group, schedule, {group: network.get_parameter(TABLES[group])}, width))
            continue
        for i, layer in enumerate(network.layers):
            weights = {f"{i}.{name}": getattr(layer, name).weight for name in GROUPS[group]}
            apart = [weights] if isinstance(schedule.made(), Head) else [{n: w} for n, w in weights.items()]
            found += [Cut(group, schedule, one, width) for one in apart]
    return found


def _shape(weight: Tensor) -> tuple[int, int]:
    return weight.shape[0], weight.shape[1]
