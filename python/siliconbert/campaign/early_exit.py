"""Early exit at a given loss of accuracy: thresholds, exit layers, accuracy, energy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert import exits
from siliconbert.campaign import statistics
from siliconbert.campaign.exits import Layers, right_at
from siliconbert.campaign.outcome import Measurement, Quantity, percent
from siliconbert.exits import Lut
from siliconbert.models import Trace

EE_THRESHOLD = Quantity("ee_threshold", "EE entropy threshold", "nat", 3)
EE_LAYER = Quantity("ee_layer", "EE average exit layer", "layers")
EE_ACCURACY = Quantity("ee_accuracy", "EE accuracy", "%")
LAI_THRESHOLD = Quantity("lai_threshold", "LAI entropy threshold", "nat", 3)
LAI_PREDICTED = Quantity("lai_predicted", "LAI average predicted exit layer", "layers")
LAI_LAYER = Quantity("lai_layer", "LAI average actual exit layer", "layers")
LAI_ACCURACY = Quantity("lai_accuracy", "LAI accuracy", "%")


@dataclass(frozen=True)
class Exits:
    """Exit layers (and predicted ones) of every sentence under one rule at one threshold.

    first : the layer after which exits are predicted
    """

    threshold: float
    layer: Layers
    predicted: Layers
    first: int = 1


@dataclass(frozen=True)
class Rules:
    """The two ways to leave, on one trace: conventional early exit, and the look-up table's prediction."""

    trace: Trace
    labels: ArrayLike
    lut: Lut

    def conventional(self, threshold: float) -> Exits:
        """Leave at the first exit whose entropy is below the threshold."""
        layer = exits.by_entropy(self.trace.entropy, threshold)
        return Exits(threshold, layer, layer)

    def predicted(self, threshold: float) -> Exits:
        """Leave at the predicted layer, or earlier where the entropy allows it."""
        found = exits.by_prediction(self.trace.entropy, self.lut, threshold)
        return Exits(threshold, *found, self.lut.first)

    def conventional_within(self, max_drop: float) -> Exits:
        """Conventional exits at the largest threshold that, like all smaller ones, keeps `max_drop`."""
        return self.conventional(exits.threshold_for(self.trace, self.labels, max_drop))

    def predicted_within(self, max_drop: float) -> Exits | None:
        """The same for predicted exits; None where even the smallest threshold loses more."""
        rule = exits.PredictionRule(self.lut)
        threshold = exits.threshold_for(self.trace, self.labels, max_drop, rule)
        return None if math.isnan(threshold) else self.predicted(threshold)

    def right(self, found: Exits) -> NDArray[np.bool_]:
        """Whether each sentence is right where it leaves."""
        return right_at(self.trace, self.labels, found.layer)


def at_drops(rules: Rules, drops: Sequence[float]) -> dict[str, tuple[Exits, Exits | None]]:
    """For every allowed drop ("1 %", ...) the conventional and the predicted exits."""
    return {
        f"{100 * drop:g} %": (rules.conventional_within(drop), rules.predicted_within(drop)) for drop in drops
    }


def measure(row: str, rules: Rules, conventional: Exits, predicted: Exits | None) -> list[Measurement]:
    """A table row: thresholds, layers, accuracies."""
    found = [
        Measurement(row, EE_THRESHOLD, conventional.threshold),
        _mean(row, EE_LAYER, conventional.layer),
        percent(row, EE_ACCURACY, statistics.accuracy(rules.right(conventional))),
    ]
    if predicted is None:
        return found
    return [
        *found,
        Measurement(row, LAI_THRESHOLD, predicted.threshold),
        _mean(row, LAI_PREDICTED, predicted.predicted),
        _mean(row, LAI_LAYER, predicted.layer),
        percent(row, LAI_ACCURACY, statistics.accuracy(rules.right(predicted))),
    ]


def _mean(row: str, quantity: Quantity, layers: Layers) -> Measurement:
    interval = statistics.mean_interval(layers)
    return Measurement(row, quantity, interval.value, interval.low, interval.high)
