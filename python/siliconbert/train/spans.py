"""Adaptive attention spans: a network's windows, and how they are learnt.

What a span means is in siliconbert.models.Spans. Going off is a jump: even at span 0 the ramp lets a head
see, off it sees nothing. So while spans are learnt, the output of a head with a span below `fade` tokens is
scaled by (span / fade)^2. The slope falls towards 0, so a head that gives way to the penalty slips to 0 for
good, and does so without a jump; the others rest at the upper edge, unscaled. What is left of the scale when
spans freeze is multiplied into the output projection, so that the deployed model, which knows no fade,
computes the same.
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
DOUBLING = 0.1  # of training; a head needs about half of that to fall off the fade


@dataclass(frozen=True)
class SpanPlan:
    """How a task phase learns spans.

    start       : span of every head at first, tokens; spans that the network starts with are kept instead
    coefficient : the loss grows by this times the mean span in tokens (max_span * mean(z / max_span))
    heads_off   : fraction of heads that shall go off. Once the mean span is below 2 fades, the coefficient
                  doubles every DOUBLING of training until so many are off, and then goes back; if they are
                  not by `freeze_at`, those with the smallest spans go off then
    lr          : tokens a step, by Adam; a span that the task does not hold falls at about this speed
    fade        : tokens below which a head's output is scaled down while spans are learnt
    freeze_at   : fraction of training after which spans are whole numbers and stay; the weights recover
    zero_off    : weights of heads that are off become 0; magnitude pruning then takes them first, until its
                  schedule ends, and leaves more to the other heads
    ramp, variant, renormalise : as in siliconbert.models.Spans
    """

    start: float = 64.0
    ramp: float = 32.0
    coefficient: float = 0.02
    heads_off: float = 0.0
    lr: float = 0.2
    fade: float = 8.0
    freeze_at: float = 0.7
    zero_off: bool = False
    variant: str = "window"
    renormalise: bool = True

    def __post_init__(self) -> None:
        """Refuses what is no plan."""
        rules = {
            f"start in (0, {LONGEST:g}]": 0 < self.start <= LONGEST,
            "coefficient >= 0": self.coefficient >= 0,
            "heads_off in 0..1": 0 <= self.heads_off <= 1,
            "lr > 0": self.lr > 0,
            f"fade in (0, {LONGEST:g}]": 0 < self.fade <= LONGEST,
            "freeze_at in 0..1": 0 <= self.freeze_at <= 1,
        }
        if broken := [rule for rule, holds in rules.items() if not holds]:
            raise ValueError(f"train: spans need {', '.join(broken)}, got {self}")
        models.Spans([[self.start]], self.ramp, self.variant, self.renormalise)


class Spans(nn.Module):
    """The spans of a network, (weight sets, heads); a head at exactly 0 is off.

    fade     : tokens, see above; 0: as deployed
    pressure : factor of SpanPlan.coefficient while too few heads are off
    """

    values: nn.Parameter
    fade: Tensor
    pressure: Tensor

    def __init__(self, record: models.Spans, fade: float = 0.0):
        """Frozen spans with the record's values."""
        super().__init__()
        self.values = nn.Parameter(torch.from_numpy(record.values.copy()), requires_grad=False)
        self.register_buffer("fade", torch.tensor(fade))
        self.register_buffer("pressure", torch.tensor(1.0))
        self.ramp, self.variant, self.renormalise = record.ramp, record.variant, record.renormalise

    def record(self) -> models.Spans:
        """As models carry them."""
        return models.Spans(self.values.detach().cpu().numpy(), self.ramp, self.variant, self.renormalise)

    def on(self, group: int) -> Tensor:
        """Numbers of the heads of a weight set that are on."""
        return torch.nonzero(self.amplitude(group)).flatten()

    def amplitude(self, group: int) -> Tensor:
        """Scale of the output of every head of a weight set: 1 where nothing fades."""
        z = self.values[group]
        if self.fade == 0:
            return (z > 0).to(z.dtype)
        return (z / self.fade).clamp(0.0, 1.0).square()

    def windows(self, group: int, length: int) -> Tensor:
        """What every head that is on keeps of a probability: (heads on, queries or 1, keys)."""
        z = self.values[group][self.on(group)][:, None, None]
        place = torch.arange(length, dtype=z.dtype, device=z.device)
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
        self.spans = network.spans = Spans(record, plan.fade).to(network.device)
        self.spans.values.requires_grad_(True)

    def penalty(self) -> Tensor:
        """What the spans add to the loss."""
        return self.plan.coefficient * self.spans.pressure * self.spans.values.mean()

    def settle(self, step: int, total: int) -> None:
        """After an optimizer step: spans back to 0..128, the pressure of the next, frozen when it is time."""
        spans = self.spans
        with torch.no_grad():
            spans.values.clamp_(0.0, LONGEST)
            if self._wanted() <= 0:
                spans.pressure.fill_(1.0)
            elif spans.values.mean() < 2 * self.plan.fade:
                spans.pressure.mul_(2.0 ** (1.0 / (DOUBLING * total)))
        if step >= self.plan.freeze_at * total:
            self.freeze()
        if self.plan.zero_off:
            self._zero_off()

    def _zero_off(self) -> None:
        """Every step, since Adam's momentum moves weights on that get no gradient."""
        size = self.network.shape.width // self.network.shape.heads
        with torch.no_grad():
            for group, layer in enumerate(self.network.layers):
                kept = (self.spans.values[group] > 0).repeat_interleave(size)
                if not kept.all():
                    for product in (layer.query, layer.key, layer.value):
                        product.weight.mul_(kept[:, None])
                        product.bias.mul_(kept)
                    layer.output.weight.mul_(kept)

    def _wanted(self) -> int:
        """How many more heads shall go off."""
        values = self.spans.values
        wanted: int = round(self.plan.heads_off * values.numel())
        return wanted - int((values == 0).sum())

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
            if (wanted := self._wanted()) > 0:
                left = spans.values.flatten().masked_fill(spans.values.flatten() == 0, torch.inf)
                spans.values.view(-1)[left.topk(wanted, largest=False).indices] = 0.0

    def summary(self) -> str:
        """Mean span and number of heads off, for the log."""
        record = self.spans.record()
        return f" span {record.mean:.1f} off {record.heads_off}/{record.values.size}"
