"""Teachers that are asked together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from siliconbert.train import evaluate
from siliconbert.train.batches import Batch, Texts
from siliconbert.train.network import Network


@dataclass(frozen=True)
class Panel:
    """Their logits are averaged; hidden states, attention and the word table are those of the first."""

    networks: tuple[Network, ...]

    @property
    def first(self) -> Network:
        """The recipe's `teacher`."""
        return self.networks[0]

    def logits(self, texts: Texts) -> Tensor:
        """Mean logits of the main classifiers, (sentences, outputs)."""
        return torch.stack([evaluate.logits(one, texts)[:, -1] for one in self.networks]).mean(0)

    def judge(self, b: Batch, states: list[Tensor]) -> Tensor:
        """The same of a batch, of which the first has found `states` already."""
        found = [self.first.logits(states)[-1]]
        found += [one.logits(one.hidden(b.ids, b.types))[-1] for one in self.networks[1:]]
        return torch.stack(found).mean(0)
