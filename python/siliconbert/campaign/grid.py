"""The configurations of a campaign: every combination of the axes, each with the hash of its content."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from siliconbert import data, faults, models
from siliconbert.campaign.config import Settings
from siliconbert.data import Data

# Fields of a configuration that a table shows, in this order.
LABELS = ("model", "task", "format", "layout", "cells", "ecc", "fault", "exit")


@dataclass(frozen=True)
class Places:
    """Folders of this machine that names are looked up in; they belong to no configuration."""

    glue: Path | None = None
    zoo: Path | None = None


@dataclass(frozen=True)
class Point:
    """One configuration, as plain values; accelerators change no row and so are no part of it.

    content : fingerprints of what the names stand for: model, sentences, cells, look-up table
    """

    model: str
    task: str
    split: str
    sentences: int | None
    tensor: str
    format: Any
    layout: Any
    cells: dict[str, str]
    ecc: Any
    fault: Any
    exit: dict[str, Any] | None
    seed: int
    content: dict[str, str]

    @cached_property
    def hash(self) -> str:
        """The same for the same settings and content only. The faults' address does not include it."""
        return digest(asdict(self))

    def labels(self) -> dict[str, str]:
        """What a table shows of it, as text."""
        task = self.task if self.split == "dev" else f"{self.task} {self.split}"
        return {name: text(getattr(self, name)) for name in LABELS} | {"task": task}


def digest(value: Any) -> str:
    """16 hexadecimal digits of a plain value."""
    written = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def text(value: Any) -> str:
    """A record of a campaign file in a few words.

    >>> text({"values": "rram-mlc3", "*": "rram-slc"})
    'values rram-mlc3, * rram-slc'
    """
    if isinstance(value, dict):
        return ", ".join(f"{key} {text(entry)}" for key, entry in value.items() if entry is not None)
    if isinstance(value, (list, tuple)):
        return " ".join(text(entry) for entry in value)
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def points(settings: Settings, places: Places) -> list[Point]:
    """All configurations, models outermost.

    errors: ValueError for a model, data set or file that is not there
    """
    weights = {name: models.load(name, zoo=places.zoo).fingerprint for name in settings.models}
    sentences = {
        task: sentences_of(load_data(task.name, task.split, settings.sentences, places))
        for task in settings.tasks
    }
    axes = (settings.models, settings.tasks, settings.formats, settings.layouts, settings.cells, settings.ecc,
            settings.faults, settings.exits)  # fmt: skip
    found = []
    for model, task, fmt, layout, cells, ecc, fault, leave in itertools.product(*axes):
        content = {"model": weights[model], "sentences": sentences[task], "cells": _cells(cells.values())}
        if leave is not None and leave.lut is not None:
            content["lut"] = hashlib.sha256(Path(leave.lut).read_bytes()).hexdigest()[:16]
        found.append(
            Point(
                model=model,
                task=task.name,
                split=task.split,
                sentences=settings.sentences,
                tensor=settings.tensor,
                format=fmt,
                layout=layout,
                cells=dict(cells),
                ecc=ecc,
                fault=fault,
                exit=None if leave is None else leave.model_dump(exclude_defaults=True),
                seed=settings.seed,
                content=content,
            )
        )
    return found


def load_data(task: str, split: str, sentences: int | None, places: Places) -> Data:
    """The sentences, evenly spaced ones where there are more than asked for."""
    found = data.load(task, split=split, folder=places.glue)
    return found if sentences is None else found.quick(sentences)


def sentences_of(found: Data) -> str:
    """The same for the same sentences and labels in the same order only."""
    sha = hashlib.sha256(json.dumps(found.sentences).encode())
    sha.update(np.ascontiguousarray(found.labels).tobytes())
    return sha.hexdigest()[:16]


def _cells(names: Iterable[str]) -> str:
    """The statistics that the names stand for, with those of the cells they fall back to."""
    found = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        found[name] = asdict(faults.cell(name))
        if (fewer := faults.cell(name).fewer_bits) is not None and fewer not in found:
            waiting.append(fewer)
    return digest(found)
