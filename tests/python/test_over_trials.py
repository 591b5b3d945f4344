"""Intervals over trials: exact cases, laws, and coverage in simulated campaigns."""

import math

import numpy as np
import pytest

import simulated_campaigns as simulated
from siliconbert.campaign import bounded, statistics

RNG = np.random.default_rng(11)
MEANS = [statistics.bounded_mean, statistics.anytime_mean]


def low(bound, values, tail=0.025):
    distinct, counts = np.unique(values, return_counts=True)
    return bound(distinct, counts.astype(float), tail)


@pytest.mark.parametrize(("right", "total"), [(1, 1), (1, 10), (3, 5), (18, 20), (95, 100)])
def test_of_zeros_and_ones_it_is_clopper_pearson(right, total):
    bound = low(bounded.dirichlet_low, [1.0] * right + [0.0] * (total - right))
    above = sum(math.comb(total, i) * bound**i * (1 - bound) ** (total - i) for i in range(right, total + 1))
    assert above == pytest.approx(0.025, rel=1e-8)


@pytest.mark.parametrize("trials", [1, 2, 20, 100, 1000])
def test_equal_trials_leave_room_for_one_not_seen(trials):
    best = 0.9 * 0.025 ** (1 / trials)
    assert low(bounded.dirichlet_low, np.full(trials, 0.9)) == pytest.approx(best, abs=1e-8)
    gap = 1 - low(bounded.betting_low, np.full(trials, 0.9)) / 0.9
    assert gap <= 1.07 * (1 - 0.025 ** (1 / trials))
    assert gap <= 3.95 / trials


@pytest.mark.parametrize("spread", [0.01, 0.15])
def test_the_quantile_is_that_of_drawn_weights(spread):
    # 40,000 draws leave the tail of 0.025 uncertain by 0.0008; 4.5 of that is exceeded once in 100,000.
    values = np.clip(RNG.normal(0.8, spread, 30), 0, 1)
    drawn = RNG.dirichlet(np.ones(31), 40_000) @ np.append(0.0, values)
    assert (drawn < low(bounded.dirichlet_low, values)).mean() == pytest.approx(0.025, abs=0.0035)


def test_many_different_values_come_close_to_the_normal_interval():
    values = np.clip(RNG.normal(0.7, 0.15, 3000), 0, 1)
    half = 1.96 * values.std() / math.sqrt(values.size)
    found = statistics.bounded_mean(values)
    assert 0.95 < (found.value - found.low) / half < 1.2
    assert (found.value - statistics.anytime_mean(values).low) / half < 2.2


@pytest.mark.parametrize("mean", MEANS)
def test_bounds_mirror_and_stay_in_range(mean):
    values = RNG.random(7)
    found, other = mean(values), mean(1 - values)
    assert (1 - other.high, 1 - other.low) == pytest.approx((found.low, found.high), abs=1e-12)
    for end in (0.0, 1.0):
        sure = mean(np.full(5, end))
        assert sure.value == end and 0 <= sure.low <= end <= sure.high <= 1
    assert mean(values, 0.99).low < mean(values, 0.9).low < mean(values).value in mean(values)


def test_the_order_of_trials_does_not_matter():
    values = RNG.random(50)
    assert statistics.anytime_mean(values) == statistics.anytime_mean(values[::-1])


def test_enough_is_the_width_of_the_sequential_interval():
    values = np.full(150, 0.8)
    found = statistics.anytime_mean(values)
    assert statistics.enough(values, found.high - found.low)
    assert not statistics.enough(values, 0.999 * (found.high - found.low))


def test_without_any_fault_the_interval_is_that_of_one_run():
    clean = np.array([True] * 350 + [False] * 50)
    same = np.tile(clean, (20, 1))
    assert statistics.campaign_interval(same, clean=clean, unchanged=1.0) == statistics.wilson(350, 400)
    wider = statistics.campaign_interval(same)
    assert wider.low < statistics.wilson(350, 400).low and wider.value == 0.875
    partly = statistics.campaign_interval(same, clean=clean, unchanged=0.99)
    assert wider.low < partly.low < statistics.wilson(350, 400).low


def test_a_known_share_of_quiet_trials_never_excludes_the_estimate():
    clean = np.ones(10, bool)
    broken = np.zeros((3, 10), bool)
    assert statistics.campaign_interval(broken, clean=clean, unchanged=0.9).value == 0.0


def test_both_levels_are_wider_than_either():
    correct, _, _ = simulated.World(0.0).draw(100, np.random.default_rng(1))
    both, trials = statistics.campaign_interval(correct), statistics.bounded_mean(correct.mean(1))
    assert both.high - both.low > trials.high - trials.low
    assert both.value == trials.value == pytest.approx(correct.mean())


def test_drop_is_the_clean_accuracy_less_the_mean():
    clean = RNG.random(200) < 0.9
    correct = np.where(RNG.random((50, 200)) < 0.02, ~clean, clean)
    drop = statistics.campaign_drop(clean, correct)
    assert drop.value == pytest.approx(clean.mean() - correct.mean()) and drop.value in drop
    none = statistics.campaign_drop(clean, np.tile(clean, (9, 1)), unchanged=1.0)
    pair = statistics.paired_difference(clean, clean)
    assert (none.value, none.low, none.high) == pytest.approx((0.0, pair.low, pair.high))


CASES = [(trials, collapse) for trials in (20, 100, None) for collapse in (0.0, 0.01)]


@pytest.mark.parametrize(("trials", "collapse"), CASES)
def test_intervals_cover(trials, collapse):
    # Of 60 campaigns that cover at 95 %, fewer than 51 do so once in 1,000.
    found = simulated.coverage(collapse, trials, campaigns=60, seed=7)
    assert min(found.over_trials, found.over_both) >= 51 / 60


@pytest.mark.long
@pytest.mark.parametrize(("trials", "collapse"), CASES)
def test_intervals_cover_in_2000_campaigns(trials, collapse):
    found = simulated.coverage(collapse, trials, campaigns=2000, seed=3)
    print(trials, collapse, found)
    assert min(found.over_trials, found.over_both) >= 0.94
    if collapse:
        assert found.student < 0.85  # the reason for these intervals


@pytest.mark.long
@pytest.mark.parametrize("collapse", [0.0, 0.01, 0.1])
def test_the_sequential_interval_is_right_at_all_its_looks(collapse):
    assert simulated.ever_wrong(collapse, campaigns=2000, seed=4) <= 0.06


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: statistics.bounded_mean([]), "statistics.bounded_mean: values must be numbers in 0..1"),
        (lambda: statistics.anytime_mean([0.5, 1.5]), r"got shape \(2,\) from 0.5 to 1.5"),
        (lambda: statistics.anytime_mean([0.5], 1.0), r"confidence must be in \(0, 1\), got 1.0"),
        (lambda: statistics.campaign_interval([True]), r"must have shape \(trials, sentences\)"),
        (lambda: statistics.campaign_drop([True], [[True, False]]), "one answer for each of 2 sentences"),
        (lambda: statistics.campaign_drop([True], [[True]], unchanged=2), r"and 2$"),
    ],
)
def test_wrong_arguments_are_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()
