"""GLUE's metrics against SciPy, scikit-learn and worked cases; what is not defined is nan."""

import math

import numpy as np
import pytest
import sklearn.metrics as sklearn
from scipy import stats

from siliconbert import data
from siliconbert.campaign import statistics
from siliconbert.data import metrics


@pytest.fixture
def classes():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 400)
    return labels, np.where(rng.random(400) < 0.6, labels, rng.integers(0, 3, 400))


def test_binary_metrics_of_a_worked_table():
    """20 true positives, 5 false positives, 10 false negatives, 65 true negatives."""
    labels = np.repeat([1, 0, 1, 0], [20, 5, 10, 65])
    given = np.repeat([1, 1, 0, 0], [20, 5, 10, 65])
    assert metrics.accuracy(labels, given) == 0.85
    assert metrics.f1(labels, given) == pytest.approx(2 * 20 / (2 * 20 + 5 + 10))
    matthews = (20 * 65 - 5 * 10) / math.sqrt(25 * 30 * 70 * 75)
    assert metrics.matthews(labels, given) == pytest.approx(matthews)
    assert metrics.matthews(1 - labels, 1 - given) == pytest.approx(matthews)


def test_matthews_of_two_classes_is_their_pearson_correlation(classes):
    labels, given = (x > 0 for x in classes)
    assert metrics.matthews(labels, given) == pytest.approx(np.corrcoef(labels, given)[0, 1])


def test_classes_against_scikit_learn(classes):
    assert metrics.matthews(*classes) == pytest.approx(sklearn.matthews_corrcoef(*classes))
    two = [x > 0 for x in classes]
    assert metrics.f1(*two) == pytest.approx(sklearn.f1_score(*two))


def test_scores_against_scipy():
    rng = np.random.default_rng(2)
    labels = np.round(rng.random(300) * 5, 1)  # many equal ones
    given = labels + rng.normal(0, 1, 300)
    assert metrics.pearson(labels, given) == pytest.approx(stats.pearsonr(labels, given).statistic)
    for answers in (given, np.round(given)):
        expected = stats.spearmanr(labels, answers).statistic
        assert metrics.spearman(labels, answers) == pytest.approx(expected)


def test_ranks_of_equal_values_are_shared():
    assert metrics.spearman([1.0, 2.0, 2.0, 4.0], [1.0, 2.5, 2.5, 9.0]) == pytest.approx(1)
    assert metrics.spearman([1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]) == pytest.approx(-1)


def test_what_is_not_defined_is_nan_and_what_is_no_help_is_zero():
    one, both = np.ones(6, int), np.array([0, 0, 1, 1, 1, 0])
    assert math.isnan(metrics.matthews(one, both)) and metrics.matthews(both, one) == 0
    assert math.isnan(metrics.f1(0 * one, both)) and metrics.f1(both, 0 * one) == 0
    assert math.isnan(metrics.pearson(one, both)) and math.isnan(metrics.spearman(both, one))
    with pytest.raises(ValueError, match=r"labels and answers must have .* got shapes \(6,\) and \(5,\)"):
        metrics.accuracy(one, both[1:])


def test_official_metrics_are_those_of_glue():
    found = {task: metrics.official(task) for task in data.glue.TASKS}
    assert found == {
        "cola": ("matthews",),
        "sst2": ("accuracy",),
        "mrpc": ("f1", "accuracy"),
        "stsb": ("pearson", "spearman"),
        "qqp": ("f1", "accuracy"),
        "mnli": ("accuracy",),
        "qnli": ("accuracy",),
        "rte": ("accuracy",),
        "wnli": ("accuracy",),
    }
    assert set(metrics.scores("cola", [0, 1], [0, 1])) == {"matthews", "accuracy"}
    assert set(metrics.scores("stsb", [0.5, 1.0], [0.5, 1.0])) == {"pearson", "spearman"}


def test_the_bootstrap_holds_the_truth_as_often_as_it_says():
    """Accuracy 0.8 of 200 sentences, 95 %: of 50 intervals at least 41 (chance below 1e-3 for 94 %)."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(50):
        labels = np.zeros(200, int)
        found = statistics.bootstrap(_share, labels, (rng.random(200) > 0.8).astype(int))
        held += 0.8 in found
    assert held >= 41


def _share(labels, answers):
    return float(np.mean(labels == answers))


def test_the_bootstrap_of_something_undefined_is_nan():
    found = statistics.bootstrap(metrics.matthews, [1, 1, 1], [1, 0, 1])
    assert math.isnan(found.value) and math.isnan(found.low)
