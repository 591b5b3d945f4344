"""Intervals over sentences and counts: textbook values, exact tails, coverage where the truth is known."""

import math

import numpy as np
import pytest

from siliconbert.campaign import quantiles, statistics


@pytest.mark.parametrize(
    ("p", "freedom", "expected"),
    # Tables of Student's t in any textbook.
    [(0.975, 1, 12.7062), (0.975, 9, 2.2622), (0.975, 19, 2.0930), (0.995, 4, 4.6041), (0.95, 30, 1.6973)],
)
def test_student_agrees_with_the_tables(p, freedom, expected):
    assert quantiles.student(p, freedom) == pytest.approx(expected, abs=5e-5)
    assert quantiles.student(1 - p, freedom) == pytest.approx(-expected, abs=5e-5)


def test_student_becomes_normal():
    assert quantiles.student(0.975, 1e7) == pytest.approx(quantiles.normal(0.975), abs=1e-6)


@pytest.mark.parametrize("shape", [1, 2, 7, 50])
@pytest.mark.parametrize("x", [0.01, 0.5, 3.0, 40.0, 90.0])
def test_whole_gamma_is_a_poisson_sum(shape, x):
    below = math.fsum(math.exp(-x + k * math.log(x) - math.lgamma(k + 1)) for k in range(shape))
    assert quantiles.lower_gamma(shape, x) == pytest.approx(1 - below, abs=1e-12)


def test_poisson_interval_has_exact_tails():
    interval = statistics.poisson(17, 0.999)
    assert 1 - quantiles.lower_gamma(18, interval.high) == pytest.approx(0.0005, rel=1e-9)
    assert quantiles.lower_gamma(17, interval.low) == pytest.approx(0.0005, rel=1e-9)
    assert statistics.poisson(0).low == 0.0


@pytest.mark.parametrize("mean", [0.001, 0.7, 12.0, 400.0, 25_000.0])
def test_poisson_range_holds_its_share_and_is_tight(mean):
    found = statistics.poisson_range(mean, 0.999)
    below = 1 - quantiles.lower_gamma(found.low, mean) if found.low else 0.0
    above = quantiles.lower_gamma(found.high + 1, mean)
    assert below < 0.0005 + 1e-9 and above <= 0.0005 + 1e-9
    assert quantiles.lower_gamma(found.high, mean) > 0.0005 if found.high else True


def test_wilson_agrees_with_the_published_example():
    # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, Table I: 81 of 263 and 15 of 148, method 3.
    for correct, total, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
    ]:
        interval = statistics.wilson(correct, total)
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    "interval", [statistics.wilson(0, 7), statistics.wilson(7, 7), statistics.wilson(3, 7)]
)
def test_estimate_lies_inside(interval):
    assert interval.value in interval and interval.low >= 0.0 and interval.high <= 1.0


def test_more_confidence_is_wider():
    assert statistics.wilson(80, 100, 0.99).low < statistics.wilson(80, 100, 0.9).low


def test_paired_difference_and_mcnemar_see_only_the_discordant():
    first = np.array([True] * 50 + [False] * 6 + [True] * 2)
    second = np.array([True] * 50 + [True] * 6 + [False] * 2)
    assert statistics.paired_difference(first, second).value == pytest.approx(4 / 58)
    assert statistics.mcnemar(first, second) == pytest.approx(2 * (1 + 8 + 28) / 256)
    assert statistics.mcnemar(first, first) == 1.0


def test_paired_difference_covers_the_truth():
    rng = np.random.default_rng(9)
    hits = 0
    for _ in range(400):
        u = rng.random(300)
        first, second = u < 0.85, (u < 0.80) | (u > 0.97)
        hits += -0.02 in statistics.paired_difference(first, second)
    assert hits / 400 >= 0.95 - 0.054


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: statistics.wilson(3, 0), "statistics.wilson: correct must be in 0..total"),
        (lambda: statistics.wilson(5, 4), "got 5 of 4"),
        (lambda: statistics.wilson(3, 4, 1.0), r"confidence must be in \(0, 1\), got 1.0"),
        (lambda: statistics.mean_interval([0.5]), "statistics.mean_interval: values must be at least 2"),
        (lambda: statistics.mcnemar([True], [True, False]), "must be paired in 1 dimension"),
    ],
)
def test_wrong_arguments_are_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parametrize(("runs", "won", "lost"), [(1, 12, 5), (1, 0, 3), (3, 10, 20)])
def test_the_exact_bootstrap_is_what_resampling_approaches(runs, won, lost):
    random = np.random.default_rng(4)
    first, second = np.ones((2, runs, 200), bool)
    for run in range(runs):
        order = random.permutation(200)
        first[run, order[:won]] = False
        second[run, order[won : won + lost]] = False
    found = statistics.paired_bootstrap(*((first, second) if runs > 1 else (first[0], second[0])))
    difference = (second.astype(float) - first).mean(axis=0)
    drawn = difference[random.integers(0, 200, (100_000, 200))].mean(axis=1)
    assert found.value == pytest.approx(difference.mean())
    # One step of the distribution more or less; five standard errors of a drawn quantile are below it.
    assert (found.low, found.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=1.01 / 200 / runs)


def test_a_bootstrap_without_differences_is_a_point():
    same = np.ones(50, bool)
    found = statistics.paired_bootstrap(same, same)
    assert (found.low, found.value, found.high) == (0.0, 0.0, 0.0)


def test_differences_of_runs_are_means_over_sentences():
    first, second = np.ones((2, 3, 100), bool)
    second[:, :4] = False
    one = statistics.paired_difference(first[0], second[0])
    assert statistics.paired_difference(first, second) == one
    second[1:] = True
    assert statistics.paired_difference(first, second).value == pytest.approx(-4 / 300)
    with pytest.raises(ValueError, match="must be paired in 1 dimensions"):
        statistics.mcnemar(first, second)


def test_mcnemar_of_thousands_of_sentences():
    first, second = np.zeros((2, 4000), bool)
    first[:1500], second[1500:3000] = True, True
    assert statistics.mcnemar(first, second) == 1.0
