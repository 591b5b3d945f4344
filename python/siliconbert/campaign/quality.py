"""How good a model is on a task: the official metrics at every exit, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from siliconbert import data
from siliconbert.campaign import answers, statistics
from siliconbert.campaign.setup import Progress, Subject
from siliconbert.campaign.statistics import Interval
from siliconbert.data import metrics
from siliconbert.data.answers import Answers
from siliconbert.models import Trace

LABELS = {
    "accuracy": "accuracy %",
    "f1": "F1 %",
    "matthews": "Matthews x 100",
    "pearson": "Pearson x 100",
    "spearman": "Spearman x 100",
}
Scores = dict[str, Interval]


@dataclass(frozen=True)
class Quality:
    """One model on one split.

    answers : of every sentence at every exit, with the header that names model, data and numeric path
    scores  : for every exit metric -> its value in -1..1, nan where it is not defined
    """

    subject: Subject
    trace: Trace
    answers: Answers
    scores: tuple[Scores, ...]

    def by_layer(self) -> list[tuple[int, Scores]]:
        """The scores of every exit with its layer."""
        return list(zip(self.answers.layers, self.scores, strict=True))

    @property
    def doubt(self) -> str | None:
        """A sentence about labels that are all the same, which leave metrics without a meaning."""
        labels, classes = self.answers.labels, self.subject.data.classes
        if len(np.unique(labels)) > 1:
            return None
        one = classes[int(labels[0])] if classes else f"{labels[0]:g}"
        return f"all {len(labels)} sentences have the label {one}: what compares classes is not defined"


def measure(subject: Subject, threads: int | None = None, progress: Progress | None = None) -> Quality:
    """The metrics of every exit of the subject's model on its sentences."""
    trace = subject.trace(threads=threads, progress=progress)
    found = answers.of(trace, subject.data, subject.header(trace))
    return Quality(subject, trace, found, by_exit(subject.data.task, found))


def mismatched(subject: Subject, glue: data.Folder = None) -> Subject | None:
    """The same model on MNLI's second dev split; None for another task or split, or where there is none."""
    found = subject.data
    if (found.task, found.split) != ("mnli", "dev") or "dev_mismatched" not in data.splits("mnli", glue):
        return None
    other = data.load("mnli", "dev_mismatched", glue)
    return replace(subject, data=other.quick(len(found)), available=len(other))


def by_exit(task: str, found: Answers) -> tuple[Scores, ...]:
    """The task's official metrics, and accuracy, of every exit."""
    return tuple(of(task, found.labels, column) for column in found.given.T)


def of(task: str, labels: ArrayLike, given: ArrayLike) -> Scores:
    """Accuracy with Wilson's interval, any other metric with the bootstrap's."""
    return {name: _interval(name, labels, given) for name in metrics.scores(task, labels, given)}


def _interval(name: str, labels: ArrayLike, given: ArrayLike) -> Interval:
    if name != "accuracy":
        return statistics.bootstrap(metrics.METRICS[name], labels, given)
    right = np.asarray(labels) == np.asarray(given)
    return statistics.accuracy(right)
