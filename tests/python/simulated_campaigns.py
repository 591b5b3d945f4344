"""Campaigns whose true accuracy is known: sentences of unequal difficulty, trials of unequal damage."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siliconbert.campaign import quantiles, statistics

SENTENCES = 400
ACCURACY = 0.9
COLLAPSED = 0.53  # what is left when a model gives one answer to all
BATCH, MOST = 20, 160  # sequential: trials between two looks, and at most


@dataclass(frozen=True)
class World:
    """smooth trials move every sentence a little; a share `collapse` of them makes one answer of all."""

    collapse: float
    sentence = 1.0
    trial = 0.06
    rest = 0.10

    @property
    def middle(self) -> float:
        """The mean easiness at which a share ACCURACY is right without a collapse."""
        spread = math.sqrt(self.sentence**2 + self.trial**2 + self.rest**2)
        return spread * quantiles.normal(ACCURACY)

    def draw(self, trials: int, rng: np.random.Generator) -> tuple[NDArray[np.bool_], float, float]:
        """Answers (trials, sentences); the true mean for these sentences, and for all there could be."""
        easy = self.middle + rng.normal(0.0, self.sentence, SENTENCES)
        shift = rng.normal(0.0, self.trial, (trials, 1))
        right = easy + shift + rng.normal(0.0, self.rest, (trials, SENTENCES)) > 0
        only = rng.random(SENTENCES) < COLLAPSED
        gone = rng.random(trials) < self.collapse
        right[gone] = only
        of_these = _normal_below(easy / math.hypot(self.trial, self.rest)).mean()
        left = 1.0 - self.collapse
        return (
            right,
            left * of_these + self.collapse * only.mean(),
            left * ACCURACY + self.collapse * COLLAPSED,
        )


@dataclass(frozen=True)
class Coverage:
    """Shares of campaigns whose interval holds the truth, and mean widths."""

    over_trials: float
    trials_width: float
    over_both: float
    both_width: float
    student: float
    student_width: float


def coverage(collapse: float, trials: int | None, campaigns: int, seed: int) -> Coverage:
    """The intervals of many campaigns against the truth; trials None stops when 5 points wide."""
    rng, world, rows = np.random.default_rng(seed), World(collapse), []
    for _ in range(campaigns):
        right, of_these, of_all = world.draw(trials or MOST, rng)
        right = right if trials else right[: _stop(right)]
        seen = right.mean(1)
        alone = (statistics.bounded_mean if trials else statistics.anytime_mean)(seen)
        both = statistics.campaign_interval(right, anytime=trials is None)
        naive = statistics.mean_interval(seen)
        rows.append(
            (
                of_these in alone,
                alone.high - alone.low,
                of_all in both,
                both.high - both.low,
                of_these in naive,
                naive.high - naive.low,
            )
        )
    return Coverage(*(float(x) for x in np.mean(rows, axis=0)))


def ever_wrong(collapse: float, campaigns: int, seed: int) -> float:
    """The share of campaigns in which the sequential interval misses the truth at any of its looks."""
    rng, world, wrong = np.random.default_rng(seed), World(collapse), 0
    for _ in range(campaigns):
        right, truth, _ = world.draw(MOST, rng)
        seen = right.mean(1)
        wrong += any(truth not in statistics.anytime_mean(seen[:count]) for count in _LOOKS)
    return wrong / campaigns


_LOOKS = range(BATCH, MOST + 1, BATCH)


def _stop(right: NDArray[np.bool_]) -> int:
    seen = right.mean(1)
    return next((count for count in _LOOKS if statistics.enough(seen[:count], 0.05)), MOST)


def _normal_below(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.5 * np.vectorize(math.erfc)(-x / math.sqrt(2.0))
