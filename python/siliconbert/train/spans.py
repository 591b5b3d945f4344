"""Adaptive attention spans: a network's windows, and how they are learnt.

What a span means is in siliconbert.models.Spans. Going off is a jump: even at span 0 the ramp lets a head
see, off it sees nothing. So while spans are learnt, the output of a head with a span below `fade` tokens is
scaled by a smooth step from 1 down to 0. Its slope is 0 at both ends: heads that count for little slip to 0
for good, the others stay high on the step. What is left of the scale when spans freeze is multiplied into the
output projection, so that the deployed model, which knows no fade, computes the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from siliconbert import models

if TYPE_CHECKING:
    from siliconbert.train.network import Network

LONGEST = 128.0  # tokens; the largest span


@dataclass(frozen=True)
class SpanPlan:
    """How a task phase learns spans.

    start       : span of every head at first, tokens; spans that the network starts with are kept instead
    coefficient : the loss grows by this times the mean span in tokens (max_span * mean(z / max_span))
    lr          : tokens a step, by Adam; a span that the task does not hold falls at about this speed
    fade        : tokens below which a head's output is scaled down while spans are learnt
    freeze_at   : fraction of training after which spans are whole numbers and stay; the weights recover
    ramp, variant, renormalise : as in siliconbert.models.Spans
    """

    start: float = 64.0
    ramp: float = 32.0
    coefficient: float = 0.02
    lr: float = 0.2
    fade: float = 8.0
    freeze_at: float = 0.7
    variant: str = "window"
    renormalise: bool = True

    def __post_init__(self) -> None:
        """Refuses what is no plan."""
        rules = {
            f"start in (0, {LONGEST:g}]": 0 < self.start <= LONGEST,
            "coefficient >= 0": self.coefficient >= 0,
            "lr > 0": self.lr > 0,
            f"fade in (0, {LONGEST:g}]": 0 < self.fade <= LONGEST,
            "freeze_at in 0..1": 0 <= self.freeze_at <= 1,
        }
        if broken := [rule for rule, holds in rules.items() if not holds]:
            raise ValueError(f"train: spans need {', '.join(broken)}, got {self}")
        models.Spans([[self.start]], self.ramp, self.variant, self.renormalise)


class Spans(nn.Module):
    """The spans of a network, (weight sets, heads); a head at exactly 0 is off. `fade` 0: as deployed."""

    values: nn.Parameter
    fade: Tensor

    def __init__(self, record: models.Spans, fade: float = 0.0):
        """Frozen spans with the record's values."""
        super().__init__()
        self.values = nn.Parameter(torch.from_numpy(record.values.copy()), requires_grad=False)
        self.register_buffer("fade", torch.tensor(fade))
        self.ramp, self.variant, self.renormalise = record.ramp, record.variant, record.renormalise

    def record(self) -> models.Spans:
        """As models carry them."""
        return models.Spans(self.values.detach().numpy(), self.ramp, self.variant, self.renormalise)

    def on(self, group: int) -> Tensor:
        """Numbers of the heads of a weight set that are on."""
        return torch.nonzero(self.amplitude(group)).flatten()

    def amplitude(self, group: int) -> Tensor:
        """Scale of the output of every head of a weight set: 1 where nothing fades."""
        z = self.values[group]
        if self.fade == 0:
            return (z > 0).to(z.dtype)
        s = (z / self.fade).clamp(0.0, 1.0)
        return s * s * (3.0 - 2.0 * s)

    def windows(self, group: int, length: int) -> Tensor:
        """What every head that is on keeps of a probability: (heads on, queries or 1, keys)."""
        z = self.values[group][self.on(group)][:, None, None]
        place = torch.arange(length, dtype=z.dtype)
        if self.variant == "window":
            seen = self.ramp + z - (place[:, None] - place).abs()
        else:
            seen = self.ramp + z + place - (LONGEST - 1)
        return (seen / self.ramp).clamp(0.0, 1.0)


class Learner:
    """Trains a network's spans beside its weights; the loop tells it how far training is."""

    def __init__(self, network: Network, plan: SpanPlan):
        """Gives the network spans that can be learnt."""
        self.network, self.plan = network, plan
        values = network.spans.record().values if network.spans else None
        if values is None:
            values = torch.full((len(network.layers), network.shape.heads), plan.start).numpy()
        record = models.Spans(values, plan.ramp, plan.variant, plan.renormalise)
        self.spans = network.spans = Spans(record, plan.fade)
        self.spans.values.requires_grad_(True)

    def penalty(self) -> Tensor:
        """What the spans add to the loss."""
        return self.plan.coefficient * self.spans.values.mean()

    def settle(self, progress: float) -> None:
        """After an optimizer step: spans back to 0..128, heads at 0 stay off, frozen when it is time."""
        with torch.no_grad():
            self.spans.values.clamp_(0.0, LONGEST)
        if progress >= self.plan.freeze_at:
            self.freeze()

    def freeze(self) -> None:
        """Rounds the spans to whole tokens and moves what is left of the fade into the output projections."""
        spans = self.spans
        spans.values.requires_grad_(False)
        if spans.fade == 0:
            return
        size = self.network.shape.width // self.network.shape.heads
        with torch.no_grad():
            for group, layer in enumerate(self.network.layers):
                layer.output.weight.mul_(spans.amplitude(group).repeat_interleave(size))
            spans.values.round_()
            spans.fade.zero_()

    def summary(self) -> str:
        """Mean span and number of heads off, for the log."""
        record = self.spans.record()
        return f" span {record.mean:.1f} off {record.heads_off}/{record.values.size}"
