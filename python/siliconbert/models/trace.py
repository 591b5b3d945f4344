"""What one pass over some sentences gives: logits and entropy after every layer."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert import html
from siliconbert.text import first_line

_KEY = b"siliconbert.trace"
_TEXT = ("layers", "path", "model", "sentences", "truncated")


@dataclass(frozen=True, eq=False)
class Trace:
    """Logits and entropy of N sentences at each of X exits.

    logits    : float32 (N, X, classes)
    entropy   : float32 (N, X), nats; NaN where a logit is not finite or the one output is a score
    layers    : the layer of each exit, 1-based; the last is the main classifier's
    path      : library and instruction set that computed it; other paths may differ in the last bits
    model     : name and weights' fingerprint of the model
    sentences : fingerprint of the token ids
    truncated : sentences that were cut to the model's position limit

    >>> from siliconbert import models
    >>> trace = models.load("edgebert-mini/sst2").trace(["a fine film", "a dull one"])
    >>> trace.entropy.shape, trace.entropy.dtype
    ((2, 12), dtype('float32'))
    >>> trace.accuracy([1, 0]).shape
    (12,)
    """

    logits: NDArray[np.float32]
    entropy: NDArray[np.float32]
    layers: tuple[int, ...]
    path: str
    model: str
    sentences: str
    truncated: int = 0

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.logits)

    def _repr_html_(self) -> str:
        same = (self.logits.argmax(axis=2) == self.logits[:, -1:].argmax(axis=2)).mean(axis=0)
        rows = list(zip(self.layers, self.entropy.mean(axis=0), 100 * same, strict=True))
        title = f"{len(self):,} sentences through {self.model}"
        columns = ("layer", "mean entropy, nats", "answers as the last layer, %")
        return html.table(title, columns, rows, f"numeric path: {self.path}")

    def correct(self, labels: ArrayLike) -> NDArray[np.bool_]:
        """Whether each exit's largest logit is the label, (N, X); of equal logits the first counts.

        An exit with a logit that is not finite has no answer, which counts as wrong.
        """
        count, _, classes = self.logits.shape
        return correct_answers(self.logits, checked_labels(labels, count, classes, "Trace.accuracy"))

    def accuracy(self, labels: ArrayLike) -> NDArray[np.float64]:
        """Share of right answers at each exit, 0..1.

        errors: ValueError where there is not one label per sentence, or one is not a class of the model
        """
        return np.asarray(self.correct(labels).mean(axis=0))

    def table(self) -> Any:
        """An Arrow table (to_pandas() makes a frame of it): one row a sentence, one column a number.

        entropy_3, logit_3_0 : after layer 3, of class 0
        """
        import pyarrow as pa

        notes = {name: getattr(self, name) for name in _TEXT}
        return pa.table(self._columns()).replace_schema_metadata({_KEY: json.dumps(notes).encode()})

    def to_parquet(self, path: str | Path) -> None:
        """Writes table()."""
        from pyarrow import parquet

        table, path = self.table(), Path(path)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".trace") as folder:
            parquet.write_table(table, Path(folder) / "trace")
            os.replace(Path(folder) / "trace", path)

    @classmethod
    def from_parquet(cls, path: str | Path) -> Trace:
        """The trace that `to_parquet` wrote.

        errors: ValueError where the file is not such a trace
        """
        from pyarrow import ArrowException, parquet

        if not Path(path).is_file():
            raise FileNotFoundError(f"Trace.from_parquet: no file {path}")
        try:
            table = parquet.read_table(path)
            notes = json.loads((table.schema.metadata or {})[_KEY])
            return cls(
                *_arrays(table, _checked(notes)["layers"]), **{**notes, "layers": tuple(notes["layers"])}
            )
        except (ArrowException, OSError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"{path}: not a trace written by siliconbert ({first_line(error)})") from None

    def _columns(self) -> dict[str, NDArray[np.float32]]:
        found = {}
        for i, layer in enumerate(self.layers):
            found[f"entropy_{layer}"] = self.entropy[:, i]
            found |= {f"logit_{layer}_{c}": self.logits[:, i, c] for c in range(self.logits.shape[2])}
        return found


def checked_labels(labels: ArrayLike, count: int, classes: int, caller: str) -> NDArray[np.int64]:
    """The labels of `count` sentences; errors: ValueError for another number, or other than classes."""
    found = np.asarray(labels)
    if found.shape != (count,) or found.dtype.kind not in "iu":
        raise ValueError(
            f"{caller}: labels must be {count} integers, got {found.dtype} {found.shape}"
            + " (scores have no accuracy, see data.metrics)" * (found.dtype.kind == "f")
        )
    if len(outside := found[(found < 0) | (found >= classes)]):
        raise ValueError(f"{caller}: labels must be in 0..{classes - 1}, got {outside[0]}")
    return found.astype(np.int64)


def finite_answers(logits: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether all logits of an exit are finite, (N, X)."""
    return np.asarray(np.isfinite(logits).all(axis=2))


def correct_answers(logits: NDArray[np.float32], labels: NDArray[Any]) -> NDArray[np.bool_]:
    """What Trace.correct does, for labels that are known to be classes."""
    largest = logits.argmax(axis=2) == labels[:, np.newaxis]
    return np.asarray(largest & finite_answers(logits))


def _checked(notes: Any) -> dict[str, Any]:
    """What stands beside the columns; ValueError where it is not what `to_parquet` writes."""
    if not isinstance(notes, dict) or set(notes) != set(_TEXT):
        raise ValueError(f"its notes must be {', '.join(_TEXT)}")
    layers, texts = notes["layers"], [notes[name] for name in ("path", "model", "sentences")]
    numbers = isinstance(layers, list) and all(type(layer) is int and layer > 0 for layer in layers)
    if not numbers or not layers or layers != sorted(set(layers)):
        raise ValueError("layers must be ascending numbers from 1 on")
    if not all(isinstance(text, str) for text in texts) or type(notes["truncated"]) is not int:
        raise ValueError("its notes have other types")
    return notes


def _arrays(table: Any, layers: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    classes = sum(name.startswith(f"logit_{layers[0]}_") for name in table.column_names)
    logits = [[_column(table, f"logit_{layer}_{c}") for c in range(classes)] for layer in layers]
    entropy = [_column(table, f"entropy_{layer}") for layer in layers]
    if not classes:
        raise ValueError("no logits")
    return (
        np.ascontiguousarray(np.moveaxis(np.array(logits), 2, 0)),
        np.ascontiguousarray(np.array(entropy).T),
    )


def _column(table: Any, name: str) -> NDArray[np.float32]:
    values = table[name].to_numpy()
    if values.dtype != np.float32:
        raise ValueError(f"column {name} must be float32, got {values.dtype}")
    return np.asarray(values)
