"""Where sentences leave, how right they are there, and the thresholds that keep an accuracy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert import exits
from siliconbert.campaign import statistics
from siliconbert.campaign.statistics import Interval
from siliconbert.models import Trace

Layers = NDArray[np.int32]


def accuracy_by_layer(trace: Trace, labels: ArrayLike) -> dict[int, Interval]:
    """Accuracy after every layer that has a classifier."""
    right = trace.correct(labels)
    return {layer: statistics.accuracy(right[:, i]) for i, layer in enumerate(trace.layers)}


def right_at(trace: Trace, labels: ArrayLike, layer: Layers) -> NDArray[np.bool_]:
    """Whether each sentence is right at its own exit layer."""
    column = np.searchsorted(trace.layers, layer)
    return trace.correct(labels)[np.arange(len(trace)), column]


def leave_at(trace: Trace, labels: ArrayLike, threshold: float) -> tuple[float, Interval]:
    """Average exit layer and accuracy when every sentence leaves at the first entropy below `threshold`."""
    layer = exits.by_entropy(trace.entropy, threshold)
    return float(layer.mean()), statistics.accuracy(right_at(trace, labels, layer))
