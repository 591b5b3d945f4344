"""GLUE's metrics, and which of them is official for which task. A metric that is not defined is nan.

labels, given : classes or scores, (N,) each: what is right, and what was answered
errors        : ValueError for other shapes
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["METRICS", "accuracy", "answers", "f1", "matthews", "official", "pearson", "scores", "spearman"]


def accuracy(labels: ArrayLike, given: ArrayLike) -> float:
    """Share of right answers.

    >>> accuracy([0, 1, 1, 1], [0, 1, 0, 1])
    0.75
    """
    truth, found = _paired(labels, given)
    return float((truth == found).mean())


def f1(labels: ArrayLike, given: ArrayLike) -> float:
    """Harmonic mean of precision and recall of class 1; nan where no label is 1, 0 where no answer is.

    >>> f1([0, 1, 1, 1], [0, 1, 0, 1])
    0.8
    """
    truth, found = _paired(labels, given)
    real, said = int((truth == 1).sum()), int((found == 1).sum())
    both = int(((truth == 1) & (found == 1)).sum())
    return 2.0 * both / (real + said) if real else float("nan")


def matthews(labels: ArrayLike, given: ArrayLike) -> float:
    """Matthews' correlation of any number of classes; nan for labels of one class, 0 for answers of one.

    source : J. Gorodkin, Comput. Biol. Chem. 28 (2004), 367-374, equation 8

    >>> f"{matthews([0, 1, 1, 1], [0, 1, 0, 1]):.4f}"
    '0.5774'
    """
    truth, found = _paired(labels, given)
    classes = np.unique(np.concatenate([truth, found]))
    real, said = (x[:, None] == classes for x in (truth, found))
    covariance = _covariance(real, said)
    spread = _covariance(real, real)
    if spread == 0:
        return float("nan")
    return covariance / (spread * _covariance(said, said)) ** 0.5 if covariance else 0.0


def pearson(labels: ArrayLike, given: ArrayLike) -> float:
    """Pearson's correlation; nan where labels or answers are all equal.

    >>> f"{pearson([1.0, 2.0, 3.0], [2.0, 4.0, 9.0]):.4f}"
    '0.9707'
    """
    truth, found = (x.astype(np.float64) for x in _paired(labels, given))
    truth, found = truth - truth.mean(), found - found.mean()
    scale = float(np.sqrt((truth**2).sum() * (found**2).sum()))
    return float((truth * found).sum()) / scale if scale > 0 else float("nan")


def spearman(labels: ArrayLike, given: ArrayLike) -> float:
    """Pearson's correlation of the ranks, equal values sharing their mean rank.

    >>> spearman([1.0, 2.0, 3.0], [2.0, 4.0, 9.0])
    1.0
    """
    truth, found = _paired(labels, given)
    return pearson(_ranks(truth), _ranks(found))


METRICS: dict[str, Callable[[ArrayLike, ArrayLike], float]] = {
    "accuracy": accuracy,
    "f1": f1,
    "matthews": matthews,
    "pearson": pearson,
    "spearman": spearman,
}
_OFFICIAL = {
    "cola": ("matthews",),
    "mrpc": ("f1", "accuracy"),
    "qqp": ("f1", "accuracy"),
    "stsb": ("pearson", "spearman"),
}


def official(task: str) -> tuple[str, ...]:
    """Names of a task's official metrics, accuracy where GLUE names no other.

    source : GLUE, Wang et al., ICLR 2019, Table 1

    >>> official("qqp"), official("sst2")
    (('f1', 'accuracy'), ('accuracy',))
    """
    return _OFFICIAL.get(task, ("accuracy",))


def answers(logits: ArrayLike, scored: bool = False) -> NDArray[np.int64] | NDArray[np.float32]:
    """The class, or where the one output is a score the score, that logits (..., outputs) say: (...).

    >>> answers([[0.1, 0.2], [0.5, 0.4]]).tolist(), answers([[2.5], [4.0]], scored=True).tolist()
    ([1, 0], [2.5, 4.0])
    """
    given = np.asarray(logits, np.float32)
    return given[..., 0] if scored else np.argmax(given, axis=-1).astype(np.int64)


def scores(task: str, labels: ArrayLike, given: ArrayLike) -> dict[str, float]:
    """Every official metric of the task, and accuracy where the labels are classes.

    >>> scores("qqp", [0, 1, 1, 1], [0, 1, 0, 1])
    {'f1': 0.8, 'accuracy': 0.75}
    """
    names = official(task)
    if np.asarray(labels).dtype.kind != "f" and "accuracy" not in names:
        names = (*names, "accuracy")
    return {name: METRICS[name](labels, given) for name in names}


def _paired(labels: ArrayLike, given: ArrayLike) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    truth, found = np.asarray(labels), np.asarray(given)
    if truth.ndim != 1 or truth.shape != found.shape or truth.size == 0:
        raise ValueError(
            "metrics: labels and answers must have one dimension and the same length, at least 1, "
            f"got shapes {truth.shape} and {found.shape}"
        )
    return truth, found


def _covariance(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Sentences squared times the covariance of two one-hot tables, summed over the classes; exact."""
    count = len(first)
    return float(count * int((first & second).sum()) - int(np.dot(first.sum(0), second.sum(0))))


def _ranks(values: NDArray[np.generic]) -> NDArray[np.float64]:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place], np.float64)
