"""What every exit says about the sentences of a task, and how good that is by the task's metrics."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from siliconbert.data import metrics
from siliconbert.data.answers import Answers
from siliconbert.train.batches import Texts, batches
from siliconbert.train.network import Network

Scores = dict[str, list[float]]


def logits(network: Network, texts: Texts, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """(sentences, exits, outputs), float32."""
    training = network.training
    network.eval()
    out = torch.zeros(len(texts), network.shape.layers, network.shape.labels, device=network.device)
    with torch.no_grad():
        for b in batches(texts, 8000, None):
            out[b.index] = torch.stack(network.logits(network.hidden(b.ids, b.types, dtype)), 1)
    network.train(training)
    return out


def answers(network: Network, texts: Texts, dtype: torch.dtype = torch.bfloat16) -> Answers:
    """The class or score that every exit gives each sentence."""
    labels = np.asarray(texts.labels)
    given = metrics.answers(logits(network, texts, dtype).cpu().numpy(), scored=labels.dtype.kind == "f")
    return Answers(labels, given, tuple(range(1, given.shape[1] + 1)))


def scores(found: Answers, task: str) -> Scores:
    """Metric -> 100 times its value at every exit, first layer first."""
    exits = [metrics.scores(task, found.labels, column) for column in found.given.T]
    return {name: [round(100 * one[name], 2) for one in exits] for name in exits[0]}


def line(network: Network, texts: Texts, task: str) -> str:
    """Every metric of every exit, for the log."""
    return said(scores(answers(network, texts), task))


def said(found: Scores) -> str:
    """Scores as one line.

    >>> said({"f1": [50.0, 60.0]})
    'f1 [50.0, 60.0]'
    """
    return "  ".join(f"{name} {values}" for name, values in found.items())
