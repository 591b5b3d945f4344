"""A model's answers to every sentence, compared with those that another one left on file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siliconbert.campaign import statistics
from siliconbert.campaign.statistics import Interval
from siliconbert.data import Data, metrics
from siliconbert.data.answers import Answers, read
from siliconbert.models import Trace


@dataclass(frozen=True)
class Comparison:
    """One model against another on the same sentences, each at its last exit.

    lost       : right answers of the other minus ours
    difference : our accuracy minus the other's, with its interval
    p_value    : McNemar's, that both are right equally often
    """

    lost: int
    difference: Interval
    p_value: float


def of(trace: Trace, data: Data, header: tuple[str, ...] = ()) -> Answers:
    """The class (-1 where a logit is not finite) or the score that every exit gives each sentence."""
    given = metrics.answers(trace.logits, scored=not data.classes)
    if data.classes:
        given = np.where(np.isfinite(trace.logits).all(axis=2), given, -1)
    return Answers(data.labels, given, trace.layers, header)


def compare(ours: Answers, path: Path) -> Comparison:
    """The last exit's answers against those in a file, on the same labels.

    errors: ValueError for scores, which are neither right nor wrong, and naming a file that does not fit
    """
    if ours.labels.dtype.kind == "f":
        raise ValueError("answers.compare: labels must be classes, got scores, which are not right or wrong")
    theirs, mine = right(read(path, ours.labels)), right(ours)
    return Comparison(
        int(theirs.sum() - mine.sum()),
        statistics.paired_difference(theirs, mine),
        statistics.mcnemar(theirs, mine),
    )


def right(answers: Answers) -> np.ndarray:
    """Whether the last exit's answer is the label, (N,)."""
    return np.asarray(answers.given[:, -1] == answers.labels)
