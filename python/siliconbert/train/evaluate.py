"""What every exit says about the sentences of a task, and how good that is by the task's metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from siliconbert.data import metrics
from siliconbert.train.batches import Texts, batches
from siliconbert.train.network import Network

Scores = dict[str, list[float]]


def logits(network: Network, texts: Texts, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """(sentences, exits, outputs), float32."""
    training = network.training
    network.eval()
    out = torch.zeros(len(texts), network.shape.layers, network.shape.labels)
    with torch.no_grad():
        for b in batches(texts, 8000, None):
            out[b.index] = torch.stack(network.logits(network.hidden(b.ids, b.types, dtype)), 1)
    network.train(training)
    return out


def answers(network: Network, texts: Texts, task: str, dtype: torch.dtype = torch.bfloat16) -> NDArray[Any]:
    """(sentences, exits): class numbers, or the scores of a task of scores."""
    return metrics.answers(task, logits(network, texts, dtype).numpy())


def scores(labels: ArrayLike, given: NDArray[Any], task: str) -> Scores:
    """Metric -> 100 times its value at every exit, first layer first."""
    exits = [metrics.scores(task, labels, column) for column in given.T]
    return {name: [round(100 * one[name], 2) for one in exits] for name in exits[0]}


def line(network: Network, texts: Texts, task: str) -> str:
    """Every metric of every exit, for the log."""
    return said(scores(np.asarray(texts.labels), answers(network, texts, task), task))


def said(found: Scores) -> str:
    """Scores as one line.

    >>> said({"f1": [50.0, 60.0]})
    'f1 [50.0, 60.0]'
    """
    return "  ".join(f"{name} {values}" for name, values in found.items())


def write(path: Path, labels: ArrayLike, given: NDArray[Any], header: tuple[str, ...]) -> None:
    """The file of answers that `siliconbert evaluate --predictions` writes too; scores with six digits."""
    columns = [f"layer_{layer}" for layer in range(1, given.shape[1] + 1)]
    rows = [
        f"{i},{label:.6g},{','.join(f'{x:.6g}' for x in row)}"
        for i, (label, row) in enumerate(zip(np.asarray(labels), given, strict=True))
    ]
    lines = [*(f"# {line}" for line in header), ",".join(["sentence", "label", *columns]), *rows]
    fresh = path.with_name(path.name + ".new")
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(path)
