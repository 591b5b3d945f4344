"""GLUE from the Hugging Face hub, through the `datasets` package when it is installed."""

from __future__ import annotations

import numpy as np

from siliconbert import extras
from siliconbert.data.glue import TASKS, provenance
from siliconbert.data.record import Data, Sentence

REPOSITORY = "nyu-mll/glue"
_COLUMNS = {
    "mrpc": ("sentence1", "sentence2"),
    "mnli": ("premise", "hypothesis"),
}  # where the hub renamed the official columns
_SPLITS = {"dev": "validation", "train": "train"}
_MNLI_SPLITS = {"dev": "validation_matched", "dev_mismatched": "validation_mismatched"}


def looked() -> str:
    """How a sentence on where data was sought goes on."""
    missing = extras.missing("hub", "datasets")
    return f", and the hub was not asked ({missing})" if missing else " and the hub"


def load(task: str, split: str) -> Data | None:
    """The split from the hub; None if `datasets` is not installed or the hub does not answer."""
    if extras.missing("hub", "datasets"):
        return None
    import datasets

    name = {**_SPLITS, **(_MNLI_SPLITS if task == "mnli" else {})}.get(split)
    try:
        rows = datasets.load_dataset(REPOSITORY, task, split=name)
    except Exception:  # offline, a gateway's page, a moved repository: all mean "not from here"
        return None
    record = TASKS[task]
    columns = [rows[c] for c in _COLUMNS.get(task, record.columns)]
    sentences: list[Sentence] = list(columns[0]) if len(columns) == 1 else list(zip(*columns, strict=True))
    labels = np.array(rows["label"], np.int64) if record.values else np.array(rows["label"], np.float64)
    return Data(task, split, sentences, labels, tuple(record.values), provenance(task, record.folders[0]))
