"""Labelled sentences out of anybody's table: a `datasets` set, a data frame, an Arrow table, a dict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from siliconbert.data.record import Data, Sentence


class Table(Protocol):
    """Anything with named columns: `column_names` or `columns` or keys(), and table[name].

    >>> rows: Table = {"text": ["a fine film", "a dull one"], "label": [1, 0]}  # a mapping is one
    >>> rows["label"], column_names(rows)
    ([1, 0], ['text', 'label'])
    """

    def __getitem__(self, name: Any, /) -> Any:
        """The column of that name."""


def column_names(rows: Any) -> list[str] | None:
    """The names of a table's columns; None where it is no table.

    rows : anything with named columns, see Table

    >>> column_names({"text": ["a fine film"], "label": [1]}), column_names(["a fine film"])
    (['text', 'label'], None)
    """
    if isinstance(rows, Mapping):
        return [str(name) for name in rows]
    for attribute in ("column_names", "columns"):  # of Arrow the latter holds the columns themselves
        names = getattr(rows, attribute, None)
        if names is not None and not isinstance(names, str):
            found = list(names)
            return [str(name) for name in found] if all(isinstance(name, str) for name in found) else None
    return None


def texts(rows: Table, names: str | Sequence[str] | None, caller: str) -> list[Sentence]:
    """Its sentences, or pairs of them: of the named columns, else of all that hold text.

    errors: ValueError for other names, no text, or text in more than two columns

    >>> texts({"text": ["a fine film"], "label": [1]}, None, "me")
    ['a fine film']
    """
    known = column_names(rows) or []
    chosen = [names] if isinstance(names, str) else list(names or ())
    if not chosen:
        chosen = [name for name in known if _is_text(_column(rows, name))]
    if not 1 <= len(chosen) <= 2 or not set(chosen) <= set(known):
        raise ValueError(
            f"{caller}: sentences must name one column of text or two among {', '.join(known)}; got {chosen}"
        )
    found = [_column(rows, name) for name in chosen]
    if not all(_is_text(column) for column in found):
        raise ValueError(f"{caller}: columns {', '.join(chosen)} must hold text in every row")
    return found[0] if len(found) == 1 else list(zip(*found, strict=True))


def from_table(
    rows: Table,
    sentences: str | Sequence[str] | None = None,
    label: str = "label",
    classes: Sequence[str] | None = None,
    task: str = "own",
    split: str = "dev",
    provenance: str = "given as a table",
) -> Data:
    """Labelled sentences from a table; whatever it is an object of, nothing is imported for it.

    rows      : with columns by name: datasets.Dataset, pandas.DataFrame, pyarrow.Table, a dict of lists
    sentences : the column of text, or the two of pairs; None for all columns that hold text
    label     : column of class numbers, of class names (which must be in `classes`), or of scores (floats)
    classes   : names of the classes, in label order; None for those that a `datasets` set knows
    errors    : ValueError naming column and row

    >>> rows = {"text": ["fine", "dull"], "label": [1, 0]}
    >>> from_table(rows, classes=("negative", "positive")).sentences
    ['fine', 'dull']
    """
    known = column_names(rows)
    if known is None or label not in known:
        got = known or type(rows).__name__
        raise ValueError(f"data.from_table: rows must have a column {label}, got {got}")
    others = {name: rows[name] for name in known if name != label}
    found = texts(cast(Table, others), sentences, "data.from_table")
    feature = getattr(rows, "features", {})
    names = tuple(classes or getattr(feature.get(label) if feature else None, "names", None) or ())
    return Data(task, split, found, _labels(_column(rows, label), label, names), names, provenance)


def _labels(
    column: list[Any], name: str, classes: tuple[str, ...]
) -> NDArray[np.int64] | NDArray[np.float64]:
    numbers = [classes.index(each) if isinstance(each, str) and each in classes else each for each in column]
    values = np.asarray(numbers)
    if values.dtype.kind == "f" and not classes:
        return values.astype(np.float64)
    least, most = 0, len(classes) - 1 if classes else np.inf
    bad = [
        i for i, each in enumerate(numbers)
        if isinstance(each, bool) or not isinstance(each, int) or not least <= each <= most
    ]  # fmt: skip
    if bad:
        wanted = f"in 0..{most} or one of {', '.join(classes)}" if classes else "a class number from 0 on"
        raise ValueError(f"data.from_table: {name} must be {wanted}; row {bad[0]} has {column[bad[0]]!r}")
    return values.astype(np.int64)


def _column(rows: Any, name: str) -> list[Any]:
    column = rows[name]
    for method in ("to_pylist", "tolist"):
        if hasattr(column, method):
            return list(getattr(column, method)())
    return list(column)


def _is_text(column: list[Any]) -> bool:
    return len(column) > 0 and all(isinstance(each, str) for each in column)
