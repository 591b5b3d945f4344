"""Twins of a model that are not shipped, trained otherwise or with another seed: their answers on file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from siliconbert.campaign import answers, statistics
from siliconbert.campaign.setup import Subject
from siliconbert.campaign.statistics import Interval
from siliconbert.data.answers import read

Right = NDArray[np.bool_]


@dataclass(frozen=True)
class Twins:
    """Where answers of a subject's twins lie: FOLDER/NAME_predictions.csv, NAME-seed2_predictions.csv, ...

    The first is of seed 1, the others of the seeds in their names. NAME is FAMILY-TASK, with a suffix.
    """

    folder: Path
    subject: Subject

    def name(self, suffix: str = "") -> str:
        """The name of the files of seed 1, less its end."""
        return f"{self.subject.model.name.replace('/', '-').removesuffix('-split')}{suffix}"

    def of(self, suffix: str = "") -> dict[int, Right]:
        """Seed -> whether its last exit is right on each sentence.

        errors : ValueError for a file of other sentences
        """
        pattern = re.compile(rf"{re.escape(self.name(suffix))}(?:-seed([1-9]\d?))?_predictions\.csv")
        found = {}
        for path in self.folder.glob("*_predictions.csv"):
            if match := pattern.fullmatch(path.name):
                found[int(match[1] or 1)] = self._right(path)
        return dict(sorted(found.items()))

    def _right(self, path: Path) -> Right:
        quick = len(self.subject.data) < self.subject.available
        return answers.right(read(path, self.subject.data.labels, quick))


@dataclass(frozen=True)
class Change:
    """Right answers of one kind of model against another's, seed by seed, on the same sentences.

    difference : accuracy won, mean over seeds; its interval is over sentences (Wald, paired)
    bootstrap  : the same mean with the interval of the paired bootstrap
    lost       : seed -> right answers lost; p_values: McNemar's
    """

    difference: Interval
    bootstrap: Interval
    lost: dict[int, int]
    p_values: dict[int, float]

    def line(self) -> str:
        """What the seeds lost, in words."""
        seeds = ", ".join(
            f"{lost:+d} (seed {seed}, McNemar p = {self.p_values[seed]:.3f})"
            for seed, lost in self.lost.items()
        )
        return f"right answers lost: {seeds}"


def change(first: Mapping[int, Right], second: Mapping[int, Right]) -> Change | None:
    """From the first to the second, over the seeds that both have; None where there is none."""
    seeds = [seed for seed in first if seed in second]
    if not seeds:
        return None
    pair = [first[seed] for seed in seeds], [second[seed] for seed in seeds]
    return Change(
        statistics.paired_difference(*pair),
        statistics.paired_bootstrap(*pair),
        {seed: int(first[seed].sum() - second[seed].sum()) for seed in seeds},
        {seed: statistics.mcnemar(first[seed], second[seed]) for seed in seeds},
    )
