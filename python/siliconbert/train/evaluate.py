"""Accuracy of every exit."""

from __future__ import annotations

import torch
from torch import Tensor

from siliconbert.train.batches import Texts, batches
from siliconbert.train.network import Network


def logits(network: Network, texts: Texts, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """(sentences, exits, classes), float32."""
    training = network.training
    network.eval()
    out = torch.zeros(len(texts), network.shape.layers, network.shape.labels)
    with torch.no_grad():
        for b in batches(texts, 8000, None):
            out[b.index] = torch.stack(network.logits(network.hidden(b.ids, b.types, dtype)), 1)
    network.train(training)
    return out


def accuracies(network: Network, texts: Texts, dtype: torch.dtype = torch.bfloat16) -> list[float]:
    """Percent right at every exit, first layer first."""
    right = logits(network, texts, dtype).argmax(-1) == torch.from_numpy(texts.labels)[:, None]
    return [round(100 * x, 2) for x in right.float().mean(0).tolist()]
