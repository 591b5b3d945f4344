"""What a finite number of sentences and trials says for certain: intervals and paired comparisons.

Every function takes `confidence` (default 0.95) and returns an `Interval`; sources are in the docstrings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert.campaign import quantiles


@dataclass(frozen=True)
class Interval:
    """An estimate with the bounds that hold it at the stated confidence."""

    value: float
    low: float
    high: float
    confidence: float = 0.95

    def __contains__(self, x: float) -> bool:
        """Whether x lies between the bounds, which belong to it."""
        return self.low <= x <= self.high


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
    z = _two_sided(confidence)
    p, scale = correct / total, 1.0 + z * z / total
    middle = (p + z * z / (2 * total)) / scale
    half = z / scale * math.sqrt(p * (1.0 - p) / total + z * z / (4 * total * total))
    # The bounds are exactly 0 and 1 at the ends; rounding must not put the estimate outside.
    return Interval(p, min(p, max(0.0, middle - half)), max(p, min(1.0, middle + half)), confidence)


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """The mean of independent trials (at least 2), by Student's t.

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


def two_level(correct: ArrayLike, confidence: float = 0.95) -> Interval:
    """The mean accuracy over trials and sentences when every trial sees the same sentences.

    Sentences and trials are both samples, and a sentence hard in one trial is hard in all: the mean varies by
    V(trial means)/T + V(sentence means)/S - V(rest)/(TS). Where all trials agree this is `wilson`.

    correct : bool (trials, sentences)
    errors  : ValueError where `correct` has not two dimensions
    source  : S. R. Searle, G. Casella, C. E. McCulloch, Variance Components (1992), ch. 4 (crossed design);
              degrees of freedom after Satterthwaite

    >>> two_level([[True, True, False, True]] * 3) == wilson(3, 4)
    True
    """
    x = np.asarray(correct, np.float64)
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"statistics.two_level: correct must have shape (trials, sentences), got {x.shape}")
    if (x == x[0]).all():
        return wilson(int(x[0].sum()), x.shape[1], confidence)
    if x.shape[1] == 1:
        return _within(mean_interval(x[:, 0], confidence))
    variance, freedom = _crossed(x)
    half = quantiles.student(0.5 + confidence / 2, freedom) * math.sqrt(variance)
    mean = float(x.mean())
    return _within(Interval(mean, mean - half, mean + half, confidence))


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
    gained, lost, total = _discordant(first, second)
    p, q, n = (gained + 1) / (total + 2), (lost + 1) / (total + 2), total + 2
    half = _two_sided(confidence) * math.sqrt(max(0.0, p + q - (p - q) ** 2) / n)
    value = (gained - lost) / total
    return Interval(
        value, max(-1.0, min(value, p - q - half)), min(1.0, max(value, p - q + half)), confidence
    )


def mcnemar(first: ArrayLike, second: ArrayLike) -> float:
    """P-value of "both are right equally often" from the sentences on which they differ, exact and two-sided.

    source : Q. McNemar, Psychometrika 12 (1947), 153-157, in its exact binomial form

    >>> round(mcnemar([True] * 9 + [False], [False] * 9 + [True]), 4)
    0.0215
    """
    gained, lost, _ = _discordant(first, second)
    n, k = gained + lost, min(gained, lost)
    return min(1.0, float(2.0 * sum(math.comb(n, i) for i in range(k + 1)) / 2.0**n))


def _two_sided(confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"statistics: confidence must be in (0, 1), got {confidence}")
    return quantiles.normal(0.5 + confidence / 2)


def _within(x: Interval) -> Interval:
    return Interval(x.value, max(0.0, x.low), min(1.0, x.high), x.confidence)


def _crossed(x: NDArray[np.float64]) -> tuple[float, float]:
    """Variance of the grand mean of a crossed design and its degrees of freedom."""
    trials, sentences = x.shape
    by_trial, by_sentence = x.mean(1), x.mean(0)
    rest = x - by_trial[:, None] - by_sentence[None, :] + x.mean()
    of_rest = float((rest**2).sum()) / ((trials - 1) * (sentences - 1)) / (trials * sentences)
    of_trials = float(by_trial.var(ddof=1)) / trials
    of_sentences = float(by_sentence.var(ddof=1)) / sentences
    # The rest is in both terms; never let a noisy estimate of it push the variance below either of them.
    variance = max(of_trials + of_sentences - of_rest, of_trials, of_sentences)
    spread = of_trials**2 / (trials - 1) + of_sentences**2 / (sentences - 1)
    return variance, (of_trials + of_sentences) ** 2 / spread


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
