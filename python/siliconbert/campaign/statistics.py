"""What a finite number of sentences and trials says for certain: intervals and paired comparisons.

Every function takes `confidence` (default 0.95) and returns an `Interval`; sources are in the docstrings.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
    "accuracy",
    "anytime_mean",
    "bootstrap",
    "bounded_mean",
    "campaign_drop",
    "campaign_interval",
    "enough",
    "mcnemar",
    "mean_interval",
    "paired_bootstrap",
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


def accuracy(right: NDArray[np.bool_]) -> Interval:
    """Wilson's interval of the share of sentences that are right, (N,).

    >>> accuracy(np.array([True, True, False, True])).value
    0.75
    """
    return wilson(int(right.sum()), len(right))


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """The mean of independent values (at least 2) without rare outliers, by Student's t.

    Not for the accuracies of fault trials: there `bounded_mean`.

    errors : ValueError for fewer than 2 values, or more than 1 dimension

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
    """Accuracy of `second` minus accuracy of `first` on the same sentences.

    first, second : bool, (sentences,), or (runs, sentences) for a mean over runs, seeds say: the interval is
                    then over sentences, for these runs
    source        : D. G. Bonett, R. M. Price, J. Educ. Behav. Stat. 37 (2012), 479-488 (adjusted Wald)

    >>> x = paired_difference([True] * 90 + [False] * 10, [True] * 85 + [False] * 15)
    >>> f"{x.value:.2f} in {x.low:.3f}..{x.high:.3f}"
    '-0.05 in -0.099..0.001'
    """
    a, b = _paired(first, second)
    return paired_mean((b.astype(np.float64) - a).mean(axis=0), confidence)


def paired_bootstrap(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> Interval:
    """The same difference with the percentiles of its bootstrap over sentences, as if resampled without end.

    Nothing is drawn: the sum over N resampled sentences takes whole numbers only, whose probabilities are the
    N-fold convolution of those of one sentence. Where no sentence differs, the interval is a point.

    first, second : as in paired_difference
    source        : B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap (1993), Sec. 13.3

    >>> x = paired_bootstrap([True] * 90 + [False] * 10, [True] * 85 + [False] * 15)
    >>> f"{x.value:.2f} in {x.low:.2f}..{x.high:.2f}"
    '-0.05 in -0.10..-0.01'
    """
    a, b = _paired(first, second)
    runs, sentences = a.shape
    steps = (b.astype(np.int64) - a).sum(axis=0)
    most = runs * sentences
    one = np.bincount(steps + runs, minlength=2 * runs + 1) / sentences
    # The sum runs from -most to most: 2 most + 1 places, so that nothing wraps around.
    chances = np.fft.ifft(np.fft.fft(one, 2 * most + 1) ** sentences).real
    below = np.cumsum(chances)
    tail = 0.5 - confidence / 2
    low, high = np.searchsorted(below, [tail, 1.0 - tail])
    return Interval(float(steps.sum()) / most, (low - most) / most, (high - most) / most, confidence)


def mcnemar(first: ArrayLike, second: ArrayLike) -> float:
    """P-value of "both are right equally often" from the sentences on which they differ, exact and two-sided.

    first, second : bool, (sentences,), of the same sentences
    source : Q. McNemar, Psychometrika 12 (1947), 153-157, in its exact binomial form

    >>> round(mcnemar([True] * 9 + [False], [False] * 9 + [True]), 4)
    0.0215
    """
    (a,), (b,) = _paired(first, second, dimensions=(1,))
    gained, lost = int((b & ~a).sum()), int((a & ~b).sum())
    n, k = gained + lost, min(gained, lost)
    return min(1.0, float(2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n))


def _poisson_quantile(mean: float, p: float) -> int:
    """The smallest count whose cumulative probability reaches p; P[X <= k] = 1 - lower_gamma(k + 1, mean)."""
    low, high = -1, max(1, int(mean + 20.0 * math.sqrt(mean) + 20.0))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if 1.0 - quantiles.lower_gamma(middle + 1, mean) >= p else (middle, high)
    return high


def _paired(
    first: ArrayLike, second: ArrayLike, dimensions: tuple[int, ...] = (1, 2)
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Both as (runs, sentences)."""
    a, b = np.asarray(first, bool), np.asarray(second, bool)
    if a.shape != b.shape or a.ndim not in dimensions or a.size == 0:
        known = " or ".join(str(each) for each in dimensions)
        raise ValueError(
            f"statistics: first and second must be paired in {known} dimensions, got {a.shape} and {b.shape}"
        )
    return np.atleast_2d(a), np.atleast_2d(b)
