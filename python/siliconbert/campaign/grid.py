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
from siliconbert.campaign.config import AXES, Settings
from siliconbert.catalog import plugins
from siliconbert.data import Data
from siliconbert.models import Model

# Fields of a configuration that a table shows, in this order.
LABELS = ("model", "task", "format", "layout", "cells", "ecc", "gray", "order", "fault", "exit")


@dataclass(frozen=True)
class Places:
    """Where names are looked up; this belongs to no configuration, and a worker may have other folders.

    here       : the folder that relative names start from
    glue, zoo  : folders of sentences and of models
    cells      : name and text of a file of users' cells
    """

    here: Path
    glue: Path | None = None
    zoo: Path | None = None
    cells: tuple[str, str] | None = None

    @classmethod
    def make(cls, glue: str | Path | None, zoo: str | Path | None, cells: str | None) -> Places:
        """The places of this process."""
        text = None if cells is None else (Path(cells).name, Path(cells).read_text(encoding="utf-8"))
        folders = [None if folder is None else Path(folder).resolve() for folder in (glue, zoo)]
        return cls(Path.cwd(), folders[0], folders[1], text)

    def model(self, name: str) -> Model:
        """The model of that name, from a file or folder where there is one."""
        return models.load(self.here / name if (self.here / name).exists() else name, zoo=self.zoo)

    def sentences(self, task: str, split: str, most: int | None) -> Data:
        """The sentences, evenly spaced ones where there are more than asked for."""
        found = data.load(task, split=split, folder=self.glue)
        return found if most is None else found.quick(most)


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
    gray: Any
    order: str | None
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
    if value is None or value is False:
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)


def points(settings: Settings, places: Places) -> list[Point]:
    """All configurations, models outermost.

    errors: ValueError for a model, data set or file that is not there
    """
    weights = {name: places.model(name).fingerprint for name in settings.models}
    sentences = {
        task: sentences_of(places.sentences(task.name, task.split, settings.sentences))
        for task in settings.tasks
    }
    axes = (getattr(settings, axis) for axis in AXES if axis != "accelerators")
    found = []
    for model, task, fmt, layout, cells, ecc, gray, order, fault, leave in itertools.product(*axes):
        content = {"model": weights[model], "sentences": sentences[task], "cells": _cells(cells.values())}
        content |= _plugged(fmt, fault, leave)
        if leave is not None and leave.lut is not None:
            content["lut"] = hashlib.sha256((places.here / leave.lut).read_bytes()).hexdigest()[:16]
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
                gray=gray,
                order=order,
                fault=fault,
                exit=None if leave is None else leave.model_dump(exclude_defaults=True),
                seed=settings.seed,
                content=content,
            )
        )
    return found


def _plugged(fmt: Any, fault: Any, leave: Any) -> dict[str, str]:
    """Packages and versions that plug-ins' names stand for; cells and sentences are there by content."""
    kind = fault if isinstance(fault, str) else fault.get("kind")
    used = {"formats": fmt, "faults": kind, "exits": None if leave is None else leave.rule}
    found = {of: plugins.origin(of, name) for of, name in used.items() if isinstance(name, str)}
    return {f"{of} of": origin for of, origin in found.items() if origin is not None}


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
