"""FQ-BERT's integers in training (Liu, Li, Cheng, DATE 2021); embeddings and heads stay in floating point.

The arithmetic is siliconbert.reference.integer's, on the values of codes instead of the codes; float32's
rounding now and then moves a code by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812, the usual name
from torch import Tensor, nn

from siliconbert import models
from siliconbert.models.integer.trained import plain
from siliconbert.models.model import CALIBRATION_SENTENCES
from siliconbert.train import coded
from siliconbert.train.batches import Batch
from siliconbert.train.codes import SMALL, eight_bits, fixed_point, magnitude, snapped, tuned
from siliconbert.train.network import EPS, MATRICES, Network

CLIPS = ("max", "tuned")
LARGEST_BIAS = 2**31 - 1
# Sums halfway between two codes, which 8-bit scales make often, go to the upper one: this share of a step is
# added, more than float32 is off.
UPWARD = 2.0**-15


class Working(NamedTuple):
    """What a layer computes with: matrix -> values of its codes, step; gain and shift of both norms."""

    weights: dict[str, tuple[Tensor, Tensor]]
    norms: Tensor


@dataclass(frozen=True)
class IntegerPlan(models.Integer):
    """Which numbers of the encoder are integers, see models.Integer, and how their scales are found.

    clip      : the largest weight magnitude of a matrix: "max", its own, or "tuned" to the least squared
                error of the codes before the first step
    momentum  : share of the largest activation magnitude that stays at every step of its running average
    sentences : of the training split, which calibrate the activations before the first step
    errors    : ValueError naming the field
    """

    clip: str = "max"
    momentum: float = 0.99
    sentences: int = CALIBRATION_SENTENCES

    def __post_init__(self) -> None:
        """Refuses settings that there are not."""
        super().__post_init__()
        _require(self.clip in CLIPS, f"clip must be one of {', '.join(CLIPS)}", repr(self.clip))
        by_row = self.per_channel and self.clip == "tuned"
        _require(not by_row, "clip must be max where per_channel is true", repr(self.clip))
        _require(0 <= self.momentum < 1, "momentum must be at least 0 and below 1", self.momentum)
        _require(self.sentences > 0, "calibration must have sentences", self.sentences)

    @property
    def label(self) -> str:
        """Widths and what else is quantized, for files and logs.

        >>> IntegerPlan(layer_norm=False).label
        'w4a8-scales-softmax'
        """
        on = [name for name in ("scales", "softmax", "layer_norm") if getattr(self, name)]
        return "-".join([f"w{self.weights}a{self.activations}", *(on or ["float"] if len(on) < 3 else ())])


def _require(holds: bool, rule: str, got: object) -> None:
    if not holds:
        raise ValueError(f"IntegerPlan: {rule}, got {got}")


class Integers(nn.Module):
    """The integer side of a BERT: plan, largest magnitudes of its activations, clips of its weights.

    places  : of activations with a scale, as models.integer_places has them
    largest : their magnitudes that get the largest code; seen: batches that the averages have met
    clips   : the same of every matrix, (layers, MATRICES), where it is below the largest weight; else inf
    """

    largest: Tensor
    seen: Tensor
    clips: Tensor

    def __init__(self, plan: IntegerPlan, network: Network):
        """Nothing calibrated yet; on the network's device."""
        super().__init__()
        model_type, device = network.shape.model_type, network.device
        _require(model_type == "bert", "the model must be a bert", model_type)
        _require(network.spans is None, "the model must have no attention spans", "some")
        self.plan, self.calibrating = plan, False
        self.places: list[str] = []
        self.register_buffer("largest", torch.zeros(0, device=device))
        self.register_buffer("seen", torch.zeros((), device=device))
        clips = torch.full((network.shape.layers, len(MATRICES)), torch.inf, device=device)
        self.register_buffer("clips", clips)
        self._found: dict[str, Tensor] = {}  # place -> largest magnitude in the present batch
        self._steps: dict[str, Tensor] = {}

    def record(self) -> dict[str, Any]:
        """What config.json holds for models.load_integer."""
        clips = {
            f"layers.{i}.{name}.weight": clip
            for i, row in enumerate(self.clips.tolist())
            for name, clip in zip(MATRICES, row, strict=True)
            if clip < torch.inf
        }
        return plain(dict(zip(self.places, self.largest.tolist(), strict=True)), self.plan, clips)

    @classmethod
    def restored(
        cls, largest: dict[str, float], settings: models.Integer, clips: dict[str, float], network: Network
    ) -> Integers:
        """The integers that record() described."""
        found = cls(IntegerPlan(**vars(settings), clip="tuned" if clips else "max"), network)
        found.places, found.largest = list(largest), torch.tensor(list(largest.values()))
        for name, clip in clips.items():
            _, layer, matrix, _ = name.split(".")
            found.clips[int(layer), MATRICES.index(matrix)] = clip
        found.eval()
        return found

    def calibrate(self, network: Network, batches: Iterator[Batch]) -> None:
        """Tunes the clips and starts the running averages; errors: ValueError for no sentences."""
        if self.plan.clip == "tuned":
            self._tune(network)
        training, self.calibrating = network.training, True
        network.eval()
        with torch.no_grad():
            for b in batches:
                self.hidden(network, b.ids, b.types)
        network.train(training)
        self.calibrating = False
        _require(len(self.places) > 0, "calibration must have sentences", "none")

    def _tune(self, network: Network) -> None:
        with torch.no_grad():
            for i, layer in enumerate(network.layers):
                for j, name in enumerate(MATRICES):
                    weight = network.effective(getattr(layer, name))
                    self.clips[i, j] = tuned(weight, self.plan.limits[0])

    def hidden(self, network: Network, ids: Tensor, types: Tensor) -> list[Tensor]:
        """Hidden states of layers 0..L, float32, each of them the values of its codes."""
        steps = 1 / self._scale(self.plan.limits[1] / self.largest.clamp_min(SMALL))
        self._found, self._steps = {}, dict(zip(self.places, steps, strict=True))
        states = [self._code("layer.1.input", network.embed(ids, types, torch.float32))]
        for number, working in enumerate(self._working(network)):
            states.append(self._layer(network, number, working, states[-1]))
        if self._found:
            self._settle()
        return states

    def _scale(self, scales: Tensor) -> Tensor:
        return eight_bits(scales) if self.plan.scales else scales

    def _settle(self) -> None:
        """Moves the running averages; the first batches count alike."""
        found, self.seen = torch.stack(list(self._found.values())), self.seen + 1
        if not self.places:
            self.places, self.largest = list(self._found), found
        self.largest = self.largest.lerp(found, (1 / self.seen).clamp_min(1 - self.plan.momentum))

    def _code(self, place: str, x: Tensor) -> Tensor:
        """The values of the codes of x; looks at x first where the averages run."""
        if self.training or self.calibrating:
            self._found[place] = magnitude(x)
        if self.calibrating:
            return x
        limit = self.plan.limits[1]
        return snapped(x, self._steps[place], -limit, limit)

    def _working(self, network: Network) -> list[Working]:
        """What every layer computes with; all at once, so that a GPU has few small kernels to start."""
        weights, norms = self._weights(network), self._norms(network)
        rows = [weights[i : i + len(MATRICES)] for i in range(0, len(weights), len(MATRICES))]
        return [
            Working(dict(zip(MATRICES, row, strict=True)), norms[4 * i : 4 * i + 4])
            for i, row in enumerate(rows)
        ]

    def _weights(self, network: Network) -> list[tuple[Tensor, Tensor]]:
        """Values of the codes of every matrix, and their step or steps."""
        limit, by_row = self.plan.limits[0], self.plan.per_channel
        weights = [network.effective(getattr(layer, name)) for layer in network.layers for name in MATRICES]
        if by_row:
            largest = torch.cat([w.detach().abs().amax(1) for w in weights])
        else:
            largest = torch.stack([magnitude(w) for w in weights])
            largest = torch.minimum(largest, self.clips.flatten())
        all_steps = 1 / self._scale(limit / largest.clamp_min(SMALL))
        steps = all_steps.split([len(w) for w in weights]) if by_row else all_steps.unbind()
        return [(snapped(w, step, -limit, limit), step) for w, step in zip(weights, steps, strict=True)]

    def _norms(self, network: Network) -> Tensor:
        """Gain and shift of every layer norm, one below the other."""
        norms = [norm for layer in network.layers for norm in (layer.norm1, layer.norm2)]
        rows = torch.stack([p for norm in norms for p in (norm.weight, norm.bias)])
        return fixed_point(rows) if self.plan.layer_norm and not self.calibrating else rows

    def _product(
        self, product: nn.Linear, weight: tuple[Tensor, Tensor], source: str, to: str, x: Tensor
    ) -> Tensor:
        """A product of codes, its bias in codes of the sums' step, requantized."""
        values, step = weight
        if self.calibrating:
            return self._code(to, F.linear(x, values, product.bias))
        bias = snapped(product.bias, step * self._steps[source], -LARGEST_BIAS, LARGEST_BIAS)
        sums = coded.linear(x, self._steps[source], values, step, bias + UPWARD * self._steps[to])
        return self._code(to, sums)

    def _requantized(self, place: str, sums: Tensor) -> Tensor:
        return self._code(place, sums if self.calibrating else sums + UPWARD * self._steps[place])

    def _layer(self, network: Network, number: int, working: Working, x: Tensor) -> Tensor:
        layer, at = network.layers[number], f"layer.{number + 1}."
        out = "main.token" if number + 1 == network.shape.layers else f"layer.{number + 2}.input"

        def product(name: str, source: str, place: str, x: Tensor) -> Tensor:
            return self._product(getattr(layer, name), working.weights[name], at + source, at + place, x)

        size = network.shape.width // network.shape.heads
        query, key, value = (
            product(name, "input", name, x).unflatten(-1, (-1, size)).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        p = self._softmax(at, torch.matmul(query, key.transpose(-1, -2)) * size**-0.5)
        context = self._requantized(at + "context", torch.matmul(p, value).transpose(1, 2).flatten(2))
        x = self._norm(
            at + "attended", x + product("output", "context", "projected", context), *working.norms[:2]
        )
        f = F.gelu(product("up", "attended", "expanded", x), approximate=network.gelu)
        f = self._code(at + "activated", f)
        return self._norm(out, x + product("down", "activated", "reduced", f), *working.norms[2:])

    def _softmax(self, at: str, scores: Tensor) -> Tensor:
        codes, unit = self._requantized(at + "scores", scores), self.plan.most_probable
        if self.calibrating:
            return torch.softmax(scores, -1)
        if not self.plan.softmax:
            return snapped(torch.softmax(scores, -1), 1 / unit, 0, unit)
        raised = snapped(torch.exp(codes - codes.amax(-1, keepdim=True)), 1 / unit, 0, unit)
        return snapped(raised / raised.sum(-1, keepdim=True), 1 / unit, 0, unit)

    def _norm(self, place: str, x: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
        return self._code(place, F.layer_norm(x, gain.shape, gain, shift, EPS))
