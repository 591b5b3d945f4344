"""Intervals of what has no formula: sentences drawn again, with replacement."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from siliconbert.campaign.interval import Interval

DRAWS = 1000


def bootstrap(
    metric: Callable[[ArrayLike, ArrayLike], float],
    labels: ArrayLike,
    answers: ArrayLike,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """A metric of labels and answers with the quantiles it takes when sentences are drawn with replacement.

    Draws in which the metric is not defined do not count; where it is not defined at all, all three are nan.

    source : B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13 (percentiles)

    >>> x = bootstrap(lambda labels, answers: float(np.mean(labels == answers)), [0, 1] * 50, [1, 1] * 50)
    >>> f"{x.value:.2f} in {x.low:.2f}..{x.high:.2f}"
    '0.50 in 0.40..0.60'
    """
    truth, given = np.asarray(labels), np.asarray(answers)
    value = metric(truth, given)
    if np.isnan(value):
        return Interval(value, value, value, confidence)
    rng = np.random.default_rng(seed)
    drawn = [metric(truth[i], given[i]) for i in rng.integers(len(truth), size=(DRAWS, len(truth)))]
    low, high = np.nanquantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    # Few sentences can leave the value itself outside; the interval never does.
    return Interval(value, min(value, float(low)), max(value, float(high)), confidence)
