"""Labelled sentences: GLUE folders, the hub, and data sets inside packages; and their tokens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from siliconbert.data import glue, hub, metrics, vader
from siliconbert.data.record import Data, Sentence
from siliconbert.data.tokens import Tokenizer

__all__ = [
    "SCORE",
    "Data",
    "Folder",
    "Sentence",
    "Tokenizer",
    "cache",
    "classes",
    "get",
    "load",
    "metrics",
    "names",
    "splits",
]

SCORE = "score"  # the name of the one output of a model whose task has scores
_VADER = "vader-amazon"
Folder: TypeAlias = str | Path | None


def names() -> list[str]:
    """Known task names.

    >>> "sst2" in names() and "vader-amazon" in names()
    True
    """
    return sorted([*glue.TASKS, _VADER])


def classes(task: str) -> tuple[str, ...]:
    """Names of a task's classes, in label order; none where its labels are scores.

    >>> classes("mnli"), classes("stsb")
    (('entailment', 'neutral', 'contradiction'), ())
    """
    _check_task(task, "classes")
    return vader.CLASSES if task == _VADER else tuple(glue.TASKS[task].values)


def cache() -> Path:
    """The folder for downloads: $SILICONBERT_CACHE, else siliconbert under $XDG_CACHE_HOME or ~/.cache."""
    if own := os.environ.get("SILICONBERT_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "siliconbert"


def load(task: str, split: str = "dev", folder: Folder = None) -> Data:
    """The labelled sentences of `split` of `task`.

    task    : one of names()
    split   : "train" or "dev"; for mnli also "dev_mismatched"; vader-amazon has "dev" only
    folder  : a folder of GLUE folders (SST-2/dev.tsv and so on, official or *-split names). Without it the
              first place that has the task serves: $SILICONBERT_GLUE, ../shared/glue, the cache's glue
              folder, the hub
    errors  : ValueError for an unknown task or split, data found nowhere, a missing column, a label outside
              the classes
    source  : GLUE, Wang et al., ICLR 2019
    """
    _check_task(task, "load")
    if task == _VADER:
        return _load_vader(split)
    if split not in glue.SPLITS or (split == "dev_mismatched" and task != "mnli"):
        raise ValueError(
            f"data.load: split of {task} must be train or dev{' or dev_mismatched' * (task == 'mnli')}, "
            f"got '{split}'"
        )
    places = [Path(folder)] if folder is not None else _places()
    for place in places:
        if path := glue.find(task, split, place):
            return glue.read(task, split, path)
    found = hub.load(task, split) if folder is None else None
    if found is None:
        looked = ", ".join(str(p) for p in places) + (" and the hub" if folder is None else "")
        raise ValueError(
            f"data.load: {task} {split} was not found in {looked}; "
            "give a GLUE folder or set $SILICONBERT_GLUE"
        )
    return found


def splits(task: str, folder: Folder = None) -> tuple[str, ...]:
    """The splits of a GLUE task that stand in the first folder which has the task; see load()."""
    _check_task(task, "splits")
    for place in [Path(folder)] if folder is not None else _places():
        if found := tuple(split for split in glue.SPLITS if glue.find(task, split, place)):
            return found
    return ()


def get(name: str) -> Path:
    """Downloads and checks the archive of a data set inside a package (`vader-amazon`); returns its path."""
    _check_task(name, "get")
    if name != _VADER:
        raise ValueError(
            f"data.get: {name} has no package to come from (only {_VADER} has); give load() a GLUE folder"
        )
    return vader.fetch(cache())


def _places() -> list[Path]:
    own = os.environ.get("SILICONBERT_GLUE")
    return [*([Path(own)] if own else []), Path("../shared/glue"), cache() / "glue"]


def _check_task(task: str, caller: str) -> None:
    if task not in names():
        raise ValueError(f"data.{caller}: task must be one of {', '.join(names())}; got '{task}'")


def _load_vader(split: str) -> Data:
    if split != "dev":
        raise ValueError(f"data.load: split of {_VADER} must be dev, got '{split}'")
    return vader.load(get(_VADER))
