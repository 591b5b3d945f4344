"""Intervals over fault trials, which often agree to a fraction of a percent until one loses everything.

They allow for such a trial even before one was seen, as Student's t does not. Of 2,000 simulated campaigns of
400 sentences, 90 % right: the share whose interval holds the true mean over trials, and the mean width in
points of accuracy. "collapse": 53 % right in 1 % of the trials. "sequential": stopped at the first of 20, 40
... trials whose interval is at most 5 points wide. The last columns are for trials and sentences together.

    trials      world     Student's t      these intervals   over sentences too
    20          smooth    0.950    1.1     1.000   16.9      0.997   18.5
    20          collapse  0.757    2.3     1.000   17.2      0.993   18.6
    100         smooth    0.951    0.5     1.000    3.7      0.970    6.9
    100         collapse  0.681    1.3     0.996    4.0      0.972    7.0
    sequential  smooth    0.946    0.5     1.000    4.8      0.971    7.8
    sequential  collapse  0.666    1.3     0.999    4.6      0.968    7.4

(tests/python/test_over_trials.py makes them.) No much shorter interval holds for every distribution: a trial
that gets nothing right may have a chance of 3.7 / trials and not have been seen.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert.campaign import bounded
from siliconbert.campaign.interval import Interval, added, paired_mean, two_sided, wilson_share


def bounded_mean(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """The mean of a number of independent trials in 0..1 that was fixed beforehand, by uniform weights.

    Wide towards 0 where values are high: 20 trials of 0.9 cannot exclude that one in ten gives 0.

    source : see bounded.dirichlet_low

    >>> x = bounded_mean([0.9] * 100)
    >>> f"{x.value:.3f} in {x.low:.3f}..{x.high:.3f}"
    '0.900 in 0.867..0.904'
    """
    return _bounds(values, confidence, bounded.dirichlet_low, "bounded_mean")


def anytime_mean(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """The mean of independent trials in 0..1 when one may stop at any trial, whatever was seen so far.

    Looking again after every trial costs little: it is hardly wider than `bounded_mean` where values agree.

    source : see bounded.betting_low

    >>> x = anytime_mean([0.9] * 100)
    >>> f"{x.value:.3f} in {x.low:.3f}..{x.high:.3f}"
    '0.900 in 0.866..0.904'
    """
    return _bounds(values, confidence, bounded.betting_low, "anytime_mean")


def enough(values: ArrayLike, width: float, confidence: float = 0.95) -> bool:
    """Whether `anytime_mean` is at most `width` wide, so that a sequence of trials may stop here.

    values, confidence : as in `anytime_mean`
    width : 0..1, between the two bounds; never below about 3.9 / trials

    >>> enough([0.9] * 20, 0.02), enough([0.9] * 200, 0.02)
    (False, True)
    """
    found = anytime_mean(values, confidence)
    return found.high - found.low <= width


def campaign_interval(
    correct: ArrayLike,
    anytime: bool = False,
    confidence: float = 0.95,
    clean: ArrayLike | None = None,
    unchanged: float = 0.0,
) -> Interval:
    """The mean accuracy over trials and sentences, both samples, when every trial sees the same sentences.

    The distances of the bounds over trials alone and over sentences alone (`wilson`, of the size that has
    the variance seen over sentences) are added as squares. Where no trial can change anything it is `wilson`.

    correct   : bool (trials, sentences)
    anytime   : whether the number of trials depends on what was seen: `anytime_mean`, else `bounded_mean`
    clean     : bool (sentences,), the answers without faults, given together with
    unchanged : a probability, known beforehand, that a trial has no fault and so the clean answers
    errors    : ValueError for other shapes, a probability outside 0..1
    source    : G. Y. Zou, A. Donner, Statistics in Medicine 27 (2008), 1693-1702 (recovered variances)

    >>> x = campaign_interval([[True] * 89 + [False] * 11] * 100)
    >>> f"{x.value:.2f} in {x.low:.3f}..{x.high:.3f}"
    '0.89 in 0.807..0.938'
    """
    x = _answers(correct, "campaign_interval")
    trials = _over_trials(x, anytime, confidence, clean, unchanged)
    by_sentence = x.mean(0)
    p, variance = trials.value, float(by_sentence.var())
    size = len(by_sentence) * (p * (1.0 - p) / variance if variance else 1.0)
    found = added(trials, wilson_share(p, size, confidence))
    return Interval(p, max(0.0, found.low), min(1.0, found.high), confidence)


def campaign_drop(
    clean: ArrayLike,
    correct: ArrayLike,
    anytime: bool = False,
    confidence: float = 0.95,
    unchanged: float = 0.0,
) -> Interval:
    """The loss of accuracy against the clean answers to the same sentences, over trials and sentences.

    clean, correct, anytime, unchanged : as in `campaign_interval`; positive is a loss
    source : as there; sentences after Bonett and Price, see `paired_difference`

    >>> x = campaign_drop([True] * 90 + [False] * 10, [[True] * 89 + [False] * 11] * 100)
    >>> f"{x.value:.2f} in {x.low:.3f}..{x.high:.3f}"
    '0.01 in -0.024..0.056'
    """
    x = _answers(correct, "campaign_drop")
    trials = _over_trials(x, anytime, confidence, clean, unchanged)
    answers = np.asarray(clean, np.float64)
    before = float(answers.mean())
    lost = Interval(before - trials.value, before - trials.high, before - trials.low, confidence)
    return added(lost, paired_mean(answers - x.mean(0), confidence))


def _bounds(values: ArrayLike, confidence: float, low: Callable[..., float], name: str) -> Interval:
    x = np.asarray(values, np.float64)
    if x.ndim != 1 or x.size == 0 or not ((x >= 0.0) & (x <= 1.0)).all():
        raise ValueError(
            f"statistics.{name}: values must be numbers in 0..1, at least one, in 1 dimension; "
            f"got shape {x.shape}" + (f" from {x.min()} to {x.max()}" if x.size else "")
        )
    two_sided(confidence)
    distinct, whole = np.unique(x, return_counts=True)
    counts, tail = whole.astype(np.float64), (1.0 - confidence) / 2
    mean = float(distinct @ counts) / x.size  # not x.mean(), which depends on the order
    least, most = low(distinct, counts, tail), 1.0 - low(1.0 - distinct, counts, tail)
    return Interval(mean, min(mean, least), max(mean, most), confidence)


def _answers(correct: ArrayLike, name: str) -> NDArray[np.bool_]:
    x = np.asarray(correct, bool)
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"statistics.{name}: correct must have shape (trials, sentences), got {x.shape}")
    return x


def _over_trials(
    x: NDArray[np.bool_], anytime: bool, confidence: float, clean: ArrayLike | None, unchanged: float
) -> Interval:
    """The mean over trials for these sentences; what is known of it beforehand cuts the bounds."""
    found = (anytime_mean if anytime else bounded_mean)(x.mean(1), confidence)
    if clean is None:
        return found
    answers = np.asarray(clean, bool)
    if answers.shape != x.shape[1:] or not 0.0 <= unchanged <= 1.0:
        raise ValueError(
            f"statistics: clean must be one answer for each of {x.shape[1]} sentences and unchanged in 0..1, "
            f"got shape {answers.shape} and {unchanged}"
        )
    least = unchanged * float(answers.mean())
    low, high = max(found.low, least), min(found.high, least + 1.0 - unchanged)
    return Interval(found.value, min(found.value, low), max(found.value, high), confidence)
