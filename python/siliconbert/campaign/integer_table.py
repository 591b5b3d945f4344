"""Accuracy of networks in integers beside their floating-point ones, from answers that runs left on file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from siliconbert.campaign import statistics
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity, percent
from siliconbert.campaign.statistics import Interval
from siliconbert.data.answers import read

CHANGE = Quantity("change", "change from floating point", "points")
NOTE = (
    "intervals of 95 %: over seeds Student's t; of one run Wilson's, of its change the paired difference "
    "over sentences"
)


@dataclass(frozen=True)
class Plan:
    """Rows of one task.

    folder   : holds NAME_predictions.csv of every run
    quantity : under which a row's accuracy stands
    rows     : row -> its runs, one a seed; the first row is the floating-point run that all started from
    starts   : run -> the floating-point run that it started from, where that is another
    beside   : row -> the published row that it is compared with, where that has another name
    """

    task: str
    folder: Path
    quantity: Quantity
    rows: Mapping[str, Sequence[str]]
    beside: Mapping[str, str] = field(default_factory=dict)
    starts: Mapping[str, str] = field(default_factory=dict)

    @property
    def first(self) -> str:
        """The floating-point run of the first row."""
        return next(iter(self.rows.values()))[0]

    def pairs(self, row: str) -> list[tuple[str, str]]:
        """Every run of a row with its floating-point run; floating-point runs themselves have none."""
        floats = {self.first, *self.starts.values()}
        return [(self.starts.get(name, self.first), name) for name in self.rows[row] if name not in floats]


@dataclass(frozen=True)
class Found:
    """Measurements, and lines on what they come from and on what is missing."""

    measurements: list[Measurement]
    header: list[str]


def run(table: str, plan: Plan, lines: tuple[str, ...]) -> Outcome:
    """A table of one task, below these lines; errors: ValueError where no run has answers on file."""
    found = measure(plan)
    if not found.measurements:
        needs = f"answers in {plan.folder}, {plan.first}_predictions.csv first"
        raise ValueError(f"reproduce: {table} needs {needs}")
    return Outcome(table, plan.task, "model", (*lines, NOTE, *found.header), tuple(found.measurements))


def measure(plan: Plan) -> Found:
    """Accuracy of every row, and its change from floating point; runs without answers on file are named."""
    names = dict.fromkeys([name for names in plan.rows.values() for name in names] + [*plan.starts.values()])
    given = {name: _right(plan, name) for name in names}
    missing = [name for name, right in given.items() if right is None]
    right = {name: each for name, each in given.items() if each is not None}
    rows: list[Measurement] = []
    for row, runs in plan.rows.items():
        found = [right[name] for name in runs if name in right]
        if found:
            rows.append(percent(row, plan.quantity, _accuracy(found)))
        pairs = [(right[a], right[b]) for a, b in plan.pairs(row) if a in right and b in right]
        if pairs:
            rows.append(percent(row, CHANGE, _change(pairs)))
    rows = [replace(m, beside=plan.beside.get(m.row)) for m in rows]
    header = [f"{plan.task}: {len(right)} runs, answers in {plan.folder.name}/NAME_predictions.csv"]
    if missing:
        header.append(f"{plan.task}: no answers on file yet: {', '.join(missing)}")
    return Found(rows, header)


def _right(plan: Plan, name: str) -> NDArray[np.bool_] | None:
    """Which sentences a run's last exit got right; None where it has no file."""
    path = plan.folder / f"{name}_predictions.csv"
    if not path.is_file():
        return None
    answers = read(path)
    if not any(line.startswith(f"data: {plan.task} ") for line in answers.header):
        raise ValueError(
            f"{path}: must say `data: {plan.task} ...` in its header, got {list(answers.header)}"
        )
    return np.asarray(answers.labels == answers.given[:, -1])


def _accuracy(right: list[NDArray[np.bool_]]) -> Interval:
    if len(right) == 1:
        return statistics.accuracy(right[0])
    return statistics.mean_interval([each.mean() for each in right])


def _change(pairs: list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]) -> Interval:
    if len(pairs) == 1:
        return statistics.paired_difference(*pairs[0])
    return statistics.mean_interval([after.mean() - before.mean() for before, after in pairs])
