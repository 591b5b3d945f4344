"""A piece of a campaign's work: what it is, and how a worker on whatever machine answers it."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from siliconbert import faults
from siliconbert.campaign import manifest, parts
from siliconbert.campaign.grid import Places, Point, sentences_of
from siliconbert.campaign.trial import Ready
from siliconbert.data import Data
from siliconbert.models import Model
from siliconbert.models.engine import products

# Models and data sets kept in memory: neighbours in the grid share them.
_KEPT = 2
# One piece at a time: each has threads of its own.
_TURN = threading.Lock()


class UnlikeError(RuntimeError):
    """This worker would compute other rows: it has other code, models or sentences."""


@dataclass(frozen=True)
class Item:
    """Trials of one configuration; with `clean` also its own row (trial -1)."""

    point: Point
    trials: tuple[int, ...]
    clean: bool


@dataclass(frozen=True)
class Work:
    """What a worker does at once and answers with one table of rows.

    code : of the campaign's own process; a worker with other code refuses
    """

    items: tuple[Item, ...]
    places: Places
    code: str
    number: int

    @property
    def size(self) -> int:
        """Trials in it."""
        return sum(len(item.trials) for item in self.items)


def run(work: Work, threads: int | None) -> pa.Table:
    """The rows of the work; a configuration that cannot be has one row with the reason.

    threads : None for all processors
    errors  : UnlikeError; anything that a trial raises
    """
    if work.code != manifest.fingerprint():
        raise UnlikeError(
            f"{socket.gethostname()} has other code of siliconbert than the campaign was started with"
        )
    with _TURN:
        return pa.concat_tables([_rows(item, work.places, threads) for item in work.items])


def _rows(item: Item, places: Places, threads: int | None) -> pa.Table:
    started = time.perf_counter()
    point = item.point
    common = {"config": point.hash, "host": socket.gethostname()}
    try:
        ready = _ready(point, places, threads)
    except ValueError as error:
        seconds = time.perf_counter() - started
        reason = {"reason": f"infeasible: {error}", "path": products().name, "seconds": seconds}
        return parts.rows([{**common, "trial": parts.CLEAN, **reason}])
    found = []
    if item.clean:
        found.append({**ready.clean_row(), "seconds": time.perf_counter() - started})
    if item.trials:
        found += ready.trial_rows(item.trials, threads)
    return parts.rows([{**common, **row} for row in found])


_READY: dict[str, Ready] = {}


def _ready(point: Point, places: Places, threads: int | None) -> Ready:
    """The configuration made ready; the last one is kept, since more of its trials may come."""
    if point.hash not in _READY:
        model, data = _subject(point, places)
        _READY.clear()
        _READY[point.hash] = Ready.make(point, places.here, model, data, threads)
    return _READY[point.hash]


def _subject(point: Point, places: Places) -> tuple[Model, Data]:
    """The model and the sentences, the same as the campaign's; users' cells are known afterwards."""
    try:
        _load_cells(places.cells)
        model = _model(places, point.model)
        data = _data(places, point.task, point.split, point.sentences)
    except ValueError as error:
        raise UnlikeError(f"{socket.gethostname()}: {error}") from None
    for what, found in (("model", model.fingerprint), ("sentences", sentences_of(data))):
        if found != point.content[what]:
            raise UnlikeError(
                f"{socket.gethostname()} has another {what} under the name in the campaign file"
            )
    return model, data


@lru_cache(maxsize=_KEPT)
def _model(places: Places, name: str) -> Model:
    return places.model(name)


@lru_cache(maxsize=_KEPT)
def _data(places: Places, task: str, split: str, sentences: int | None) -> Data:
    return places.sentences(task, split, sentences)


@lru_cache
def _load_cells(cells: tuple[str, str] | None) -> None:
    """Cells travel as text: a worker of a cluster may not see the file."""
    if cells is not None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / cells[0]
            path.write_text(cells[1], encoding="utf-8")
            faults.load_cells(path)
