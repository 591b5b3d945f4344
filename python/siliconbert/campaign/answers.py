"""Per-sentence answers on file: they stand for a model that is not shipped; ours are compared with them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert.campaign import statistics
from siliconbert.campaign.statistics import Interval
from siliconbert.models import Trace
from siliconbert.text import read_text

_COLUMNS = ("sentence", "label")


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model answered on every sentence at each of its exits.

    labels : (N,); given: (N, exits), class numbers, -1 where an exit had no answer
    layers : the layer of each exit
    header : the file's comment lines: model, data, numeric path
    """

    labels: NDArray[np.int64]
    given: NDArray[np.int64]
    layers: tuple[int, ...]
    header: tuple[str, ...] = ()

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the last exit's answer is the label, (N,)."""
        return np.asarray(self.given[:, -1] == self.labels)


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


def write(path: Path, trace: Trace, labels: ArrayLike, header: tuple[str, ...]) -> None:
    """Writes number, label and the answer at every exit of each sentence; `header` lines lead as comments."""
    table = io.StringIO()
    table.writelines(f"# {line}\n" for line in header)
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow([*_COLUMNS, *(f"layer_{layer}" for layer in trace.layers)])
    given = np.where(np.isfinite(trace.logits).all(axis=2), trace.logits.argmax(axis=2), -1)
    numbers = zip(range(len(trace)), np.asarray(labels).tolist(), given.tolist(), strict=True)
    rows.writerows([number, label, *each] for number, label, each in numbers)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(table.getvalue(), encoding="utf-8")
    fresh.replace(path)


def read(path: Path, labels: ArrayLike | None = None) -> Answers:
    """The answers in a file that `write` made.

    labels : those that the file must have, where it is to be of certain sentences
    errors : ValueError naming the file where it is another table or of other sentences
    """
    lines = read_text(path).splitlines()
    header = tuple(line.removeprefix("#").strip() for line in lines if line.startswith("#"))
    columns, *rows = list(csv.reader(line for line in lines if not line.startswith("#"))) or [[]]
    layers = _layers(path, columns)
    try:
        table = np.array(rows, np.int64).reshape(-1, len(columns))
    except (ValueError, OverflowError):
        raise ValueError(f"{path}: every row must hold {len(columns)} integers") from None
    if labels is not None and not np.array_equal(table[:, 1], np.asarray(labels)):
        raise ValueError(
            f"{path}: must be of the same {np.size(labels)} sentences, got {len(table)} or other labels"
        )
    return Answers(table[:, 1], table[:, 2:], layers, header)


def compare(trace: Trace, labels: ArrayLike, path: Path) -> Comparison:
    """The trace's last exit against the last exit's answers in a file, see `read`, on the same labels."""
    theirs = read(path, labels).right
    ours = trace.correct(labels)[:, -1]
    return Comparison(
        int(theirs.sum() - ours.sum()),
        statistics.paired_difference(theirs, ours),
        statistics.mcnemar(theirs, ours),
    )


def _layers(path: Path, columns: list[str]) -> tuple[int, ...]:
    """The layers in the names of the columns after the first two."""
    exits = [re.fullmatch(r"layer_([1-9]\d{0,3})", name, re.ASCII) for name in columns[2:]]
    found = [int(each[1]) for each in exits if each]
    if tuple(columns[:2]) != _COLUMNS or not exits or not all(exits) or found != sorted(set(found)):
        raise ValueError(
            f"{path}: columns must be {', '.join(_COLUMNS)} and layer_1 and so on, "
            f"got {', '.join(columns) or 'none'}"
        )
    return tuple(found)
