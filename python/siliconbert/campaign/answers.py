"""Per-sentence answers on file: they stand for a model that is not shipped; ours are compared with them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert.campaign import statistics
from siliconbert.campaign.statistics import Interval
from siliconbert.models import Trace
from siliconbert.text import read_text

_COLUMNS = ["sentence", "label", "answer"]


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
    """Writes label and answer at the last exit for every sentence; `header` lines lead as comments."""
    table = io.StringIO()
    table.writelines(f"# {line}\n" for line in header)
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(_COLUMNS)
    answers = trace.logits[:, -1].argmax(axis=-1)
    rows.writerows(zip(range(len(trace)), np.asarray(labels).tolist(), answers.tolist(), strict=True))
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(table.getvalue(), encoding="utf-8")
    fresh.replace(path)


def compare(trace: Trace, labels: ArrayLike, path: Path) -> Comparison:
    """The trace's last exit against the answers in a file that `write` made, on the same labels.

    errors: ValueError naming the file where it is another table or of other sentences
    """
    given = np.asarray(labels)
    theirs = _read(path, given) == given
    ours = trace.correct(labels)[:, -1]
    return Comparison(
        int(theirs.sum() - ours.sum()),
        statistics.paired_difference(theirs, ours),
        statistics.mcnemar(theirs, ours),
    )


def _read(path: Path, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    lines = [line for line in read_text(path).splitlines() if not line.startswith("#")]
    rows = list(csv.reader(lines))
    if not rows or rows[0] != _COLUMNS:
        raise ValueError(
            f"{path}: columns must be {', '.join(_COLUMNS)}; got {', '.join(rows[0]) if rows else 'none'}"
        )
    try:
        table = np.array(rows[1:], np.int64).reshape(-1, len(_COLUMNS))
    except (ValueError, OverflowError):
        raise ValueError(f"{path}: every row must hold {len(_COLUMNS)} integers") from None
    if len(table) != len(labels) or (table[:, 1] != labels).any():
        raise ValueError(
            f"{path}: must be of the same {len(labels)} sentences, got {len(table)} or other labels"
        )
    return np.asarray(table[:, 2])
