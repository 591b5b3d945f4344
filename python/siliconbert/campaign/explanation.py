"""Why a trial came out as it did: the cells misread, the values they changed, the sentences it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import faults, formats
from siliconbert.data import Data
from siliconbert.models import Trace
from siliconbert.models.stored import Faulty, Stored
from siliconbert.models.tensors import overlaid

Floats = NDArray[np.float32]
WORD = "embeddings.word"
_SHOWN = 3


@dataclass(frozen=True)
class Change:
    """One value of a row before and after."""

    row: int
    column: int
    token: str
    before: float
    after: float


@dataclass(frozen=True)
class Suspect:
    """A row of the tensor whose faults are put right alone.

    sentences : how many use it; wrong: how many of those went wrong; regained: right answers it brings back
    """

    row: int
    token: str
    sentences: int
    wrong: int
    regained: int


@dataclass(frozen=True)
class Field:
    """Values in which bits of one field changed, and the right answers that these bits put right regain."""

    values: int
    regained: int


@dataclass(frozen=True)
class Explanation:
    """One trial's events and what they did.

    cells    : (region, cell's place in its code, level stored, level read) -> events, the most frequent first
    fields   : "sign", "exponent", "mantissa" -> what happened to it in the values
    moved    : values that came from or went to zero, whose codes say nothing
    changes  : the values that changed most, among rows that the sentences use
    lost     : sentences that are right without faults and wrong here; won: the reverse; rows: changed rows
    suspects : changed rows that most lost sentences share, weighed by their change, each put right alone
    """

    trial: int
    correct: int
    sentences: int
    cells: Mapping[tuple[str, int, int, int], int]
    fields: Mapping[str, Field]
    moved: int
    changes: tuple[Change, ...]
    lost: int
    won: int
    rows: int
    suspects: tuple[Suspect, ...]

    def brief(self) -> list[str]:
        """Two lines for the header of a table: what it cost, what each field and row put right regains."""
        fields = ", ".join(f"{name} of {x.values} values {x.regained:+d}" for name, x in self.fields.items())
        rows = ", ".join(f"{x.token!r} {x.regained:+d}" for x in self.suspects)
        return [
            self._first(),
            f"  right answers after putting right alone: {fields or 'no field'}; rows of {rows or 'none'}",
        ]

    def lines(self) -> list[str]:
        """The whole explanation in words."""
        events = sum(self.cells.values())
        return [
            self._first(),
            "  cells (region, place in its code, stored -> read): " + "; ".join(_cells(self.cells, events)),
            "  fields: "
            + "; ".join(
                f"{name} of {x.values} values, put right alone it regains {x.regained}"
                for name, x in self.fields.items()
            ),
            "  largest changes: " + "; ".join(map(_change, self.changes)),
            "  rows that lost sentences share: " + ("; ".join(map(_suspect, self.suspects)) or "none"),
        ]

    def _first(self) -> str:
        accuracy = f"{100 * self.correct / self.sentences:.2f} %"
        return (
            f"trial {self.trial}: {accuracy}, {self.lost} sentences lost and {self.won} won by "
            f"{sum(self.cells.values())} misread cells in {self.rows} rows"
        )


def explain(
    stored: Stored,
    fault: faults.Fault,
    data: Data,
    seed: int,
    trial: int,
    clean: Trace,
    threads: int | None = None,
) -> Explanation:
    """One trial run again, its events counted, and its worst rows put right one by one.

    stored, fault, data, seed, clean : as they were given to Stored.trials

    >>> from siliconbert import faults, models
    >>> from siliconbert.data import Data
    >>> two = Data("t", "dev", ["a fine film", "a dull one"], np.array([1, 0]), ("no", "yes"), "made up")
    >>> stored = models.load("edgebert-mini/sst2").store("embeddings.word")
    >>> found = explain(stored, faults.BitFlip(count=50), two, 1, 0, stored.trace(two))
    >>> sum(found.cells.values())
    50
    """
    bad, events = faults.inject(stored, fault, seed, trial)
    right = clean.correct(data.labels)[:, -1]
    now = bad.trace(data, clean=clean, threads=threads).correct(data.labels)[:, -1]
    before, after = stored.tensors[stored.stored], bad.tensors[stored.stored]
    rows = np.flatnonzero((before.view(np.uint32) != after.view(np.uint32)).any(axis=1))
    uses, name, lost = _uses(stored, data), _Names(stored), right & ~now
    largest = _largest(before, after, uses)

    def regained(values: Floats) -> int:
        return _right(stored, bad, values, data, clean, threads) - int(now.sum())

    return Explanation(
        trial=trial,
        correct=int(now.sum()),
        sentences=len(data),
        cells=_counted(stored, events),
        fields={
            field: Field(count, regained(values) if count else 0)
            for field, count, values in _field_bits(stored, before, after)
        },
        moved=int(((before != 0) != (after != 0)).sum()),
        changes=tuple(Change(r, c, name(r), float(before[r, c]), float(after[r, c])) for r, c in largest),
        lost=int(lost.sum()),
        won=int((now & ~right).sum()),
        rows=len(rows),
        suspects=tuple(
            Suspect(
                row,
                name(row),
                int(uses[:, row].sum()),
                int((uses[:, row] & lost).sum()),
                regained(np.where(np.arange(len(after))[:, np.newaxis] == row, before, after)),
            )
            for row in _suspects(before, after, rows, uses, lost)
        ),
    )


class _Names:
    """Names of the rows: the vocabulary's pieces where the tensor is the word table."""

    def __init__(self, stored: Stored) -> None:
        self._tokenizer = stored.tokenizer if stored.stored == WORD else None

    def __call__(self, row: int) -> str:
        return f"row {row}" if self._tokenizer is None else self._tokenizer.token(row)


def _uses(stored: Stored, data: Data) -> NDArray[np.bool_]:
    """Which sentence uses which row, (sentences, rows): all of them but for the word table."""
    shape = (len(data), len(stored.tensors[stored.stored]))
    if stored.stored != WORD:
        return np.ones(shape, bool)
    tokens, uses = stored.tokens(data), np.zeros(shape, bool)
    uses[np.repeat(np.arange(len(data)), np.diff(tokens.offsets)), tokens.ids] = True
    return uses


def _counted(stored: Stored, events: NDArray[Any]) -> dict[tuple[str, int, int, int], int]:
    found: Counter[tuple[str, int, int, int]] = Counter()
    for number, region in enumerate(stored.image.image.regions):
        here = events[events["region"] == number]
        places = (here["cell"] % len(region.map.cell_bits)).tolist()
        levels = zip(here["stored"].tolist(), here["read"].tolist(), strict=True)
        found.update((region.name, place, *pair) for place, pair in zip(places, levels, strict=True))
    return dict(found.most_common())


def _field_bits(stored: Stored, before: Floats, after: Floats) -> Iterator[tuple[str, int, Floats]]:
    """Each field, how many values it changed in, and the values with that field put right."""
    fmt = stored.image.format
    kept = (before != 0) & (after != 0) & np.isfinite(after)
    ours, theirs = (formats.encode(np.where(kept, values, 0), fmt) for values in (before, after))
    for name, places in fmt.fields().items():
        if places:
            bits = ours.dtype.type(sum(1 << place for place in places))
            changed = kept & ((ours ^ theirs) & bits != 0)
            healed = np.where(changed, formats.decode(theirs & ~bits | ours & bits, fmt), after)
            yield name, int(changed.sum()), healed.astype(np.float32)


def _size(before: Floats, after: Floats) -> Floats:
    """How far each value moved; what is no number any more moved farthest."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nan_to_num(np.abs(after - before), nan=np.inf, posinf=np.inf))


def _largest(before: Floats, after: Floats, uses: NDArray[np.bool_]) -> list[tuple[int, int]]:
    used = np.asarray(uses.any(axis=0))
    size = np.where(used[:, np.newaxis], _size(before, after), 0).ravel()
    order = np.argsort(-size, kind="stable")[:_SHOWN]
    return [divmod(int(i), before.shape[1]) for i in order if size[i] > 0]


def _suspects(
    before: Floats,
    after: Floats,
    rows: NDArray[np.int64],
    uses: NDArray[np.bool_],
    lost: NDArray[np.bool_],
) -> list[int]:
    """The changed rows with the most change times lost sentences."""
    change = np.minimum(_size(before[rows], after[rows]), np.finfo(np.float32).max ** 0.25)
    blame = uses[lost][:, rows].sum(axis=0) * np.linalg.norm(change, axis=1)
    return [int(rows[i]) for i in np.argsort(-blame, kind="stable")[:_SHOWN] if blame[i] > 0]


def _right(stored: Stored, bad: Faulty, values: Floats, data: Data, clean: Trace, threads: int | None) -> int:
    """Right answers of the faulty model with these values instead."""
    other = replace(bad, tensors=overlaid(bad.tensors, stored.stored, values))
    return int(other.trace(data, clean=clean, threads=threads).correct(data.labels)[:, -1].sum())


def _cells(cells: Mapping[tuple[str, int, int, int], int], events: int) -> list[str]:
    found = [
        f"{region} {place}, {stored} -> {read}: {100 * count / events:.0f} %"
        for (region, place, stored, read), count in list(cells.items())[:5]
    ]
    return found or ["none"]


def _change(x: Change) -> str:
    return f"{x.token!r} column {x.column}: {x.before:.3g} -> {x.after:.3g}"


def _suspect(x: Suspect) -> str:
    return f"{x.token!r} in {x.sentences} sentences, {x.wrong} lost; put right alone it regains {x.regained}"
