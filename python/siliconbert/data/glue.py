"""Folders in the official GLUE layout: one folder a task, tab-separated files, official column names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siliconbert.data.record import Data, Sentence
from siliconbert.text import read_text


@dataclass(frozen=True)
class Task:
    """One task's files.

    folders : names a folder may have: the official one first, then splits made by others
    columns : text column, or the two text columns of a pair task
    label   : label column
    values  : class name -> how the file writes it (the same for all tasks that write names); empty for scores
    seen    : True if the sentence encoder our models start from was pretrained on this corpus
    """

    folders: tuple[str, ...]
    columns: tuple[str, ...]
    label: str
    values: dict[str, str]
    seen: bool = False


_ENTAILED = {"entailment": "entailment", "not_entailment": "not_entailment"}
_NLI = {"entailment": "entailment", "neutral": "neutral", "contradiction": "contradiction"}
_SENTENCES = ("sentence1", "sentence2")

TASKS: dict[str, Task] = {
    "cola": Task(("CoLA",), ("sentence",), "label", {"unacceptable": "0", "acceptable": "1"}),
    "mnli": Task(("MNLI", "MNLI-split"), _SENTENCES, "gold_label", _NLI, seen=True),
    "mrpc": Task(
        ("MRPC", "MRPC-split"), ("#1 String", "#2 String"), "Quality", {"different": "0", "equivalent": "1"}
    ),
    "qnli": Task(("QNLI", "QNLI-split"), ("question", "sentence"), "label", _ENTAILED, seen=True),
    "qqp": Task(
        ("QQP", "QQP-split"),
        ("question1", "question2"),
        "is_duplicate",
        {"different": "0", "duplicate": "1"},
        seen=True,
    ),
    "rte": Task(("RTE",), _SENTENCES, "label", _ENTAILED),
    "sst2": Task(("SST-2",), ("sentence",), "label", {"negative": "0", "positive": "1"}),
    "stsb": Task(("STS-B",), _SENTENCES, "score", {}),
    "wnli": Task(("WNLI",), _SENTENCES, "label", {"not_entailment": "0", "entailment": "1"}),
}
_COLA_COLUMNS = ["source", "label", "mark", "sentence"]  # the CoLA files have no header line
SPLITS = ("train", "dev", "dev_mismatched")


def find(task: str, split: str, folder: Path) -> Path | None:
    """The file of `split` under `folder`, or None."""
    names = {"dev": ("dev.tsv", "dev_matched.tsv")}.get(split, (f"{split}.tsv",))
    return next(
        (path for sub in TASKS[task].folders for name in names if (path := folder / sub / name).is_file()),
        None,
    )


def provenance(task: str, folder_name: str) -> str:
    """One phrase: official or custom split, and whether the pretrained model has seen the corpus."""
    official = TASKS[task].folders[0]
    text = f"{official} (official split)" if folder_name == official else f"{official} (custom split)"
    return text + ("; the pretrained model has seen this corpus" if TASKS[task].seen else "")


def read(task: str, split: str, path: Path) -> Data:
    """The sentences of one file; a wrong file is a ValueError naming file, line and column."""
    record = TASKS[task]
    name = f"{path.parent.name}/{path.name}"
    lines = [line.rstrip("\r") for line in read_text(path).split("\n")]
    rows = [line.split("\t") for line in lines if line]
    if task == "cola":
        header, first = _COLA_COLUMNS, 1
    else:
        header, first = (rows[0] if rows else []), 2
        rows = rows[1:]
    wanted = (*record.columns, record.label)
    missing = [column for column in wanted if column not in header]
    if missing:
        raise ValueError(
            f"data.load: {name} must have the columns {', '.join(wanted)}; {', '.join(missing)} is missing"
        )
    places = [header.index(column) for column in wanted]
    for number, row in enumerate(rows, first):
        if len(row) <= max(places):
            raise ValueError(
                f"data.load: {name} line {number} must have {max(places) + 1} columns or more, got {len(row)}"
            )
    sentences: list[Sentence] = [
        (row[places[0]].strip(), row[places[1]].strip()) if len(places) == 3 else row[places[0]].strip()
        for row in rows
    ]
    labels = _labels(record, [row[places[-1]].strip() for row in rows], name, first)
    return Data(task, split, sentences, labels, tuple(record.values), provenance(task, path.parent.name))


def _labels(record: Task, texts: list[str], name: str, first: int) -> np.ndarray:
    codes = {text: number for number, text in enumerate(record.values.values())}
    out = np.empty(len(texts), np.int64 if codes else np.float64)
    for i, text in enumerate(texts):
        try:
            out[i] = codes[text] if codes else float(text)
            if not np.isfinite(out[i]):
                raise ValueError
        except (KeyError, ValueError):
            known = "one of " + ", ".join(codes) if codes else "a number"
            raise ValueError(
                f"data.load: {name} line {i + first}: label must be {known}, got '{text}'"
            ) from None
    return out
