"""Labelled sentences: GLUE folders, the hub, and data sets inside packages; and their tokens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from siliconbert.catalog import plugins
from siliconbert.data import glue, hub, metrics, robustness, vader
from siliconbert.data.record import Data, Sentence, Source
from siliconbert.data.table import Table, column_names, from_table, texts
from siliconbert.data.tokens import Tokenizer

__all__ = [
    "SCORE",
    "Data",
    "Folder",
    "Sentence",
    "Source",
    "Table",
    "Tokenizer",
    "attacked",
    "cache",
    "classes",
    "column_names",
    "from_table",
    "get",
    "load",
    "metrics",
    "names",
    "splits",
    "texts",
]

SCORE = "score"  # the name of the one output of a model whose task has scores
_VADER = "vader-amazon"
Folder: TypeAlias = str | Path | None


def names() -> list[str]:
    """Known task names, those of plug-ins among them.

    >>> "sst2" in names() and "vader-amazon" in names()
    True
    """
    return sorted([*_built_in(), *_plugged()])


def classes(task: str) -> tuple[str, ...]:
    """Names of a task's classes, in label order; none where its labels are scores.

    >>> classes("mnli"), classes("stsb")
    (('entailment', 'neutral', 'contradiction'), ())
    """
    _check_task(task, "classes")
    if task in (own := _plugged()):
        return own[task].classes
    if task == _VADER:
        return vader.CLASSES
    return tuple(glue.TASKS[robustness.ATTACKS[task].task if task in robustness.ATTACKS else task].values)


def cache() -> Path:
    """The folder for downloads: $SILICONBERT_CACHE, else siliconbert under $XDG_CACHE_HOME or ~/.cache.

    >>> isinstance(cache(), Path)
    True
    """
    if own := os.environ.get("SILICONBERT_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "siliconbert"


def load(task: str, split: str = "dev", folder: Folder = None) -> Data:
    """The labelled sentences of `split` of `task`.

    task    : one of names()
    split   : "train" or "dev"; for mnli also "dev_mismatched"; vader-amazon and sets of attacks (advglue-sst2
              and so on) have "dev" only
    folder  : a folder of GLUE folders (SST-2/dev.tsv and so on, official or *-split names). Without it the
              first place that has the task serves: $SILICONBERT_GLUE, ../shared/glue, the cache's glue
              folder, the hub
    errors  : ValueError for an unknown task or split, data found nowhere, a missing column, a label outside
              the classes
    Sets of attacks are files in `folder` or in a folder `robustness` beside it; without it in
    $SILICONBERT_ROBUSTNESS, ../shared/robustness or the cache's robustness folder.

    source  : GLUE, Wang et al., ICLR 2019

    >>> from pathlib import Path
    >>> Path("SST-2").mkdir(exist_ok=True)
    >>> _ = Path("SST-2/dev.tsv").write_text("sentence\\tlabel\\na fine film\\t1\\n")
    >>> found = load("sst2", folder=".")
    >>> found.sentences, found.labels.tolist(), found.classes
    (['a fine film'], [1], ('negative', 'positive'))
    """
    _check_task(task, "load")
    if task in (own := _plugged()):
        return _load_own(task, own[task], split)
    if task in (_VADER, *robustness.ATTACKS):
        if split != "dev":
            raise ValueError(f"data.load: split of {task} must be dev, got '{split}'")
        return vader.load(get(_VADER)) if task == _VADER else attacked(task, folder)[0]
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
        looked = ", ".join(str(p) for p in places) + (hub.looked() if folder is None else "")
        raise ValueError(
            f"data.load: {task} {split} was not found in {looked}; "
            "give a GLUE folder or set $SILICONBERT_GLUE"
        )
    return found


def _load_own(task: str, source: Source, split: str) -> Data:
    if split not in source.splits:
        raise ValueError(
            f"data.load: split of {task} must be one of {', '.join(source.splits)}; got {split!r}"
        )
    found = source.load(split)
    if not isinstance(found, Data):
        raise ValueError(f"data.load: {task} must load as data.Data, got {type(found).__name__}")
    return found


def attacked(name: str, folder: Folder = None) -> tuple[Data, list[Sentence]]:
    """The sentences of a set of attacks, and each before it was changed (as it is where that is not known).

    name   : advglue-sst2 and so on
    folder : where its file is, see load()
    errors : ValueError for another name, and where no file of it is found

    >>> import json
    >>> from pathlib import Path
    >>> record = {"sentence": "a fime film", "original_sentence": "a fine film", "label": 1}
    >>> _ = Path("advglue_dev.json").write_text(json.dumps({"sst2": [record]}))
    >>> found, before = attacked("advglue-sst2", folder=".")
    >>> found.sentences, before, found.labels.tolist()
    (['a fime film'], ['a fine film'], [1])
    """
    if name not in robustness.ATTACKS:
        known = ", ".join(robustness.ATTACKS)
        raise ValueError(f"data.attacked: name must be one of {known}; got '{name}'")
    own = os.environ.get("SILICONBERT_ROBUSTNESS")
    places = [*([Path(own)] if own else []), Path("../shared/robustness"), cache() / "robustness"]
    if folder is not None:
        places = [Path(folder), Path(folder).parent / "robustness"]
    file = robustness.ATTACKS[name].file
    for place in places:
        if (place / file).is_file():
            return robustness.read(name, place / file)
    looked = ", ".join(map(str, places))
    raise ValueError(f"data.load: {name} needs the file {file}, which was not found in {looked}")


def splits(task: str, folder: Folder = None) -> tuple[str, ...]:
    """The splits of a task that stand in the first folder which has the task; see load().

    >>> from pathlib import Path
    >>> Path("SST-2").mkdir(exist_ok=True)
    >>> _ = Path("SST-2/dev.tsv").write_text("sentence\\tlabel\\na fine film\\t1\\n")
    >>> splits("sst2", folder=".")
    ('dev',)
    """
    _check_task(task, "splits")
    if task in (own := _plugged()):
        return own[task].splits
    for place in [Path(folder)] if folder is not None else _places():
        if found := tuple(split for split in glue.SPLITS if glue.find(task, split, place)):
            return found
    return ()


def get(name: str) -> Path:
    """Downloads and checks the archive of a data set inside a package; returns its path.

    name   : "vader-amazon"
    errors : ValueError for another name, where pip cannot download it, and where its bytes are others

    >>> get("sst2")
    Traceback (most recent call last):
    ValueError: data.get: sst2 has no package to come from (only vader-amazon has); give load() a GLUE folder
    """
    _check_task(name, "get")
    if name != _VADER:
        raise ValueError(
            f"data.get: {name} has no package to come from (only {_VADER} has); give load() a GLUE folder"
        )
    return vader.fetch(cache())


def _places() -> list[Path]:
    own = os.environ.get("SILICONBERT_GLUE")
    return [*([Path(own)] if own else []), Path("../shared/glue"), cache() / "glue"]


def _built_in() -> tuple[str, ...]:
    return (*glue.TASKS, *robustness.ATTACKS, _VADER)


def _plugged() -> dict[str, Source]:
    return plugins.objects("data", _check_source, _built_in())


def _check_source(offered: object) -> None:
    if not isinstance(offered, Source):
        raise ValueError(f"a data set must be a data.Source, got {offered!r:.80}")


def _check_task(task: str, caller: str) -> None:
    if task not in names():
        raise ValueError(f"data.{caller}: task must be one of {', '.join(names())}; got '{task}'")
