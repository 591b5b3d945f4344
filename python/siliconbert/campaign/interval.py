"""An estimate with its bounds, and the arithmetic of intervals that others are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siliconbert.campaign import quantiles


@dataclass(frozen=True)
class Interval:
    """An estimate with the bounds that hold it at the stated confidence.

    >>> x = Interval(0.9, 0.85, 0.93)
    >>> 0.88 in x, 0.95 in x
    (True, False)
    """

    value: float
    low: float
    high: float
    confidence: float = 0.95

    def __contains__(self, x: float) -> bool:
        """Whether x lies between the bounds, which belong to it."""
        return self.low <= x <= self.high


def two_sided(confidence: float) -> float:
    """The normal quantile of a two-sided interval; ValueError for a confidence outside (0, 1)."""
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"statistics: confidence must be in (0, 1), got {confidence}")
    return quantiles.normal(0.5 + confidence / 2)


def wilson_share(p: float, total: float, confidence: float) -> Interval:
    """Wilson's interval of a share p of `total`, which need not be whole."""
    z = two_sided(confidence)
    scale = 1.0 + z * z / total
    middle = (p + z * z / (2 * total)) / scale
    half = z / scale * math.sqrt(p * (1.0 - p) / total + z * z / (4 * total * total))
    # The bounds are exactly 0 and 1 at the ends; rounding must not put the estimate outside.
    return Interval(p, min(p, max(0.0, middle - half)), max(p, min(1.0, middle + half)), confidence)


def added(a: Interval, b: Interval) -> Interval:
    """Two independent deviations of one estimate, each bound's distances added as squares."""
    below, above = (
        math.hypot(a.value - a.low, b.value - b.low),
        math.hypot(a.high - a.value, b.high - b.value),
    )
    return Interval(a.value, a.value - below, a.value + above, a.confidence)


def paired_mean(difference: NDArray[np.float64], confidence: float) -> Interval:
    """The mean of differences in -1..1, as if one sentence more had been won and one lost."""
    n, value = len(difference) + 2, float(difference.mean())
    middle = float(difference.sum()) / n
    square = (float((difference**2).sum()) + 2.0) / n
    half = two_sided(confidence) * math.sqrt(max(0.0, square - middle**2) / n)
    low, high = max(-1.0, min(value, middle - half)), min(1.0, max(value, middle + half))
    return Interval(value, low, high, confidence)
