"""Per-sentence answers on file: they stand for a model that is not shipped."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert.data.record import evenly
from siliconbert.text import read_text

_COLUMNS = ("sentence", "label")


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model answered on every sentence at each of its exits.

    labels : (N,) class numbers, or scores
    given  : (N, exits) class numbers, -1 where an exit had no answer; or scores
    layers : the layer of each exit
    header : the file's comment lines: model, data, numeric path
    """

    labels: NDArray[Any]
    given: NDArray[Any]
    layers: tuple[int, ...]
    header: tuple[str, ...] = ()


def write(path: Path, answers: Answers) -> None:
    """Writes number, label and answers of each sentence, scores with six digits; the header as comments."""
    columns = ",".join([*_COLUMNS, *(f"layer_{layer}" for layer in answers.layers)])
    rows = zip(answers.labels, answers.given, strict=True)
    text = [f"{i},{label:.6g},{','.join(f'{x:.6g}' for x in given)}" for i, (label, given) in enumerate(rows)]
    fresh = path.with_name(path.name + ".new")
    lines = [*(f"# {line}" for line in answers.header), columns, *text]
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(path)


def read(path: Path, labels: ArrayLike | None = None, quick: bool = False) -> Answers:
    """The answers in a file that `write` made.

    labels : those that the file must have, where it is to be of certain sentences
    quick  : of those sentences, as many as there are labels, that Data.quick takes
    errors : ValueError naming the file where it is another table or of other sentences
    """
    lines = read_text(path).splitlines()
    header = tuple(line.removeprefix("#").strip() for line in lines if line.startswith("#"))
    columns, *rows = list(csv.reader(line for line in lines if not line.startswith("#"))) or [[]]
    layers = _layers(path, columns)
    table = _table(path, rows, len(columns))
    if labels is not None and quick and np.size(labels) < len(table):
        table = table[evenly(len(table), np.size(labels))]
    if labels is not None and not _same(table[:, 1], np.asarray(labels)):
        raise ValueError(
            f"{path}: must be of the same {np.size(labels)} sentences, got {len(table)} or other labels"
        )
    return Answers(table[:, 1], table[:, 2:], layers, header)


def _table(path: Path, rows: list[list[str]], columns: int) -> NDArray[Any]:
    """Integers where all are; else float64."""
    for kind in (np.int64, np.float64):
        try:
            table = np.array(rows, kind).reshape(-1, columns)
        except (ValueError, OverflowError):
            continue
        if np.isfinite(table).all() and all(len(row) == columns for row in rows):
            return table
    raise ValueError(f"{path}: every row must hold {columns} numbers")


def _same(found: NDArray[Any], labels: NDArray[Any]) -> bool:
    # Scores stand in the file with six digits.
    return found.shape == labels.shape and np.allclose(found, labels, rtol=1e-5, atol=0)


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
