"""The figures of an early-exit table: where sentences leave, and accuracy against energy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from siliconbert.campaign.early_exit import Exits, Rules
from siliconbert.campaign.energy import Machine
from siliconbert.campaign.outcome import Bars, Curves

_POINTS = 40  # thresholds on a curve


def histogram(row: str, conventional: Exits, predicted: Exits | None, layers: int) -> Bars:
    """Share of sentences leaving after each layer."""
    found = {"early exit": conventional.layer}
    if predicted is not None:
        found |= {"latency-aware, predicted": predicted.predicted, "latency-aware, actual": predicted.layer}
    shares = {
        label: 100 * np.bincount(layer, minlength=layers + 1)[1:] / len(layer)
        for label, layer in found.items()
    }
    title = f"Where sentences leave at {row} drop"
    return Bars("exits", title, "layer", "sentences, %", np.arange(1, layers + 1), shares)


def trade(rules: Rules, machine: Machine) -> Curves:
    """Accuracy against energy per sentence, over thresholds."""
    entropy = rules.trace.entropy
    thresholds = [float(t) for t in np.unique(np.quantile(entropy, np.linspace(0.0, 1.0, _POINTS)))]
    conventional = [rules.conventional(t) for t in thresholds]
    predicted = [rules.predicted(t) for t in thresholds]
    series = {
        "early exit": (
            np.array([machine.early_exit(e) for e in conventional]),
            _accuracies(rules, conventional),
        ),
        "latency-aware": (
            np.array([machine.latency_aware(e)[0] for e in predicted]),
            _accuracies(rules, predicted),
        ),
    }
    layers = rules.trace.layers[-1]
    full = 100 * float(rules.trace.accuracy(rules.labels)[-1])
    title = f"Accuracy against energy, {machine.label}"
    return Curves(
        "energy",
        title,
        "energy per sentence, mJ",
        "accuracy, %",
        series,
        {f"all {layers} layers": (machine.base(), full)},
    )


def _accuracies(rules: Rules, found: Sequence[Exits]) -> NDArray[np.float64]:
    return np.array([100 * float(rules.right(e).mean()) for e in found])
