"""What a finite number of sentences and trials says for certain: intervals and paired comparisons.

Every function takes `confidence` (default 0.95) and returns an `Interval`; sources are in the docstrings.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from siliconbert.campaign import quantiles
from siliconbert.campaign.interval import Interval, paired_mean, wilson_share
from siliconbert.campaign.over_trials import (
    anytime_mean,
    bounded_mean,
    campaign_drop,
    campaign_interval,
    enough,
)
from siliconbert.campaign.resampling import bootstrap

__all__ = [
    "Interval",
    "anytime_mean",
    "bootstrap",
    "bounded_mean",
    "campaign_drop",
    "campaign_interval",
    "enough",
    "mcnemar",
    "mean_interval",
    "paired_difference",
    "poisson",
    "poisson_range",
    "wilson",
]


def wilson(correct: int, total: int, confidence: float = 0.95) -> Interval:
    """The accuracy of one run over `total` independent sentences, `correct` of them right.

    errors : ValueError for total < 1 or correct outside 0..total
    source : E. B. Wilson, JASA 22 (1927), 209-212

    >>> x = wilson(800, 872)
    >>> f"{x.value:.3f} in {x.low:.3f}..{x.high:.3f}"
    '0.917 in 0.897..0.934'
    """
    if total < 1 or not 0 <= correct <= total:
        raise ValueError(
            f"statistics.wilson: correct must be in 0..total and total at least 1, got {correct} of {total}"
        )
    return wilson_share(correct / total, total, confidence)


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """The mean of independent values (at least 2) without rare outliers, by Student's t.

    Not for the accuracies of fault trials: there `bounded_mean`.

    >>> x = mean_interval([0.90, 0.91, 0.92])
    >>> f"{x.value:.2f} in {x.low:.3f}..{x.high:.3f}"
    '0.91 in 0.885..0.935'
    """
    x = np.asarray(values, np.float64)
    if x.ndim != 1 or x.size < 2:
        raise ValueError(
            f"statistics.mean_interval: values must be at least 2 in 1 dimension, got shape {x.shape}"
        )
    half = quantiles.student(0.5 + confidence / 2, x.size - 1) * x.std(ddof=1) / math.sqrt(x.size)
    return Interval(float(x.mean()), float(x.mean() - half), float(x.mean() + half), confidence)


def poisson(count: int, confidence: float = 0.999) -> Interval:
    """The mean of a Poisson distribution of which `count` events were seen.

    source : F. Garwood, Biometrika 28 (1936), 437-442 (exact, two-sided)

    >>> x = poisson(10, 0.95)
    >>> f"{x.low:.3f}..{x.high:.3f}"
    '4.795..18.390'
    """
    tail = (1.0 - confidence) / 2
    low = quantiles.gamma(tail, count) if count else 0.0
    return Interval(float(count), low, quantiles.gamma(1.0 - tail, count + 1), confidence)


def poisson_range(mean: float, confidence: float = 0.999) -> Interval:
    """The counts low..high that a Poisson distribution of this mean gives with at least `confidence`.

    >>> x = poisson_range(100.0)
    >>> x.low, x.high
    (69.0, 134.0)
    """
    tail = (1.0 - confidence) / 2
    return Interval(
        mean, float(_poisson_quantile(mean, tail)), float(_poisson_quantile(mean, 1.0 - tail)), confidence
    )


def paired_difference(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> Interval:
    """Accuracy of `second` minus accuracy of `first` on the same sentences (bool arrays of one length).

    source : D. G. Bonett, R. M. Price, J. Educ. Behav. Stat. 37 (2012), 479-488 (adjusted Wald, paired)

    >>> x = paired_difference([True] * 90 + [False] * 10, [True] * 85 + [False] * 15)
    >>> f"{x.value:.2f} in {x.low:.3f}..{x.high:.3f}"
    '-0.05 in -0.099..0.001'
    """
    _discordant(first, second)
    return paired_mean(np.asarray(second, np.float64) - np.asarray(first, np.float64), confidence)


def mcnemar(first: ArrayLike, second: ArrayLike) -> float:
    """P-value of "both are right equally often" from the sentences on which they differ, exact and two-sided.

    source : Q. McNemar, Psychometrika 12 (1947), 153-157, in its exact binomial form

    >>> round(mcnemar([True] * 9 + [False], [False] * 9 + [True]), 4)
    0.0215
    """
    gained, lost, _ = _discordant(first, second)
    n, k = gained + lost, min(gained, lost)
    return min(1.0, float(2.0 * sum(math.comb(n, i) for i in range(k + 1)) / 2.0**n))


def _poisson_quantile(mean: float, p: float) -> int:
    """The smallest count whose cumulative probability reaches p; P[X <= k] = 1 - lower_gamma(k + 1, mean)."""
    low, high = -1, max(1, int(mean + 20.0 * math.sqrt(mean) + 20.0))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if 1.0 - quantiles.lower_gamma(middle + 1, mean) >= p else (middle, high)
    return high


def _discordant(first: ArrayLike, second: ArrayLike) -> tuple[int, int, int]:
    a, b = np.asarray(first, bool), np.asarray(second, bool)
    if a.shape != b.shape or a.ndim != 1 or a.size == 0:
        raise ValueError(
            f"statistics: first and second must be paired in 1 dimension, got {a.shape} and {b.shape}"
        )
    return int((b & ~a).sum()), int((a & ~b).sum()), a.size
