"""Sentences changed to mislead a model, for evaluation only: AdvGLUE, TextFooler on MNLI, PAWS-QQP."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from siliconbert.data.glue import TASKS
from siliconbert.data.record import Data, Sentence
from siliconbert.text import first_line, read_text

Row = tuple[
    Sentence, Any, Sentence
]  # the sentence, its label, and the sentence before it was changed if known
# What JSON and Python literals of another form, or nested too deep, end in.
_ODD = (KeyError, TypeError, ValueError, AttributeError, SyntaxError, RecursionError, MemoryError)
_ADVGLUE = "AdvGLUE dev, Wang et al., NeurIPS 2021"
_TEXTFOOLER = "TextFooler on MNLI, Jin et al., AAAI 2020"


@dataclass(frozen=True)
class Attack:
    """One set: the task whose models it is for, its file, and how rows are read from that file's text."""

    task: str
    file: str
    rows: Callable[[str], list[Row]]
    origin: str


def _advglue(key: str, task: str) -> Attack:
    columns = ("premise", "hypothesis") if task == "mnli" else TASKS[task].columns

    def rows(text: str) -> list[Row]:
        return [
            (
                _sentence([record[c] for c in columns]),
                record["label"],
                _sentence([record.get(f"original_{c}", record[c]) for c in columns]),
            )
            for record in json.loads(text)[key]
        ]

    return Attack(task, "advglue_dev.json", rows, _ADVGLUE)


def _textfooler(text: str) -> list[Row]:
    parts = [line.split("\t") for line in text.splitlines() if line]
    pairs = [(_sentence([premise, hypothesis]), label) for label, premise, hypothesis in parts]
    return [(pair, label, pair) for pair, label in pairs]


def _paws(text: str) -> list[Row]:
    """The file's sentences are written as Python writes bytes."""
    parts = [line.split("\t") for line in text.splitlines()[1:] if line]
    pairs = [
        (_sentence([ast.literal_eval(one).decode() for one in (first, second)]), label)
        for _, first, second, label in parts
    ]
    return [(pair, label, pair) for pair, label in pairs]


ATTACKS = {
    **{f"advglue-{task}": _advglue(task, task) for task in ("sst2", "qqp", "mnli", "qnli", "rte")},
    "advglue-mnli-mismatched": _advglue("mnli-mm", "mnli"),
    "textfooler-mnli": Attack("mnli", "textfooler_mnli_matched_1k.tsv", _textfooler, _TEXTFOOLER),
    "textfooler-mnli-mismatched": Attack(
        "mnli", "textfooler_mnli_mismatched_1k.tsv", _textfooler, _TEXTFOOLER
    ),
    "paws-qqp": Attack("qqp", "paws_qqp_dev_and_test.tsv", _paws, "PAWS-QQP, Zhang et al., NAACL 2019"),
}


def read(name: str, path: Path) -> tuple[Data, list[Sentence]]:
    """The sentences of one set, and each before it was changed; a wrong file is a ValueError naming it."""
    attack = ATTACKS[name]
    try:
        rows = attack.rows(read_text(path))
        labels = np.array([_label(attack.task, label) for _, label, _ in rows], np.int64)
    except _ODD as error:
        raise ValueError(f"data.load: {path.name} is not a file of {name} ({first_line(error)})") from None
    classes = tuple(TASKS[attack.task].values)
    origin = f"{attack.origin}; for evaluation only"
    return Data(name, "dev", [s for s, _, _ in rows], labels, classes, origin), [
        before for _, _, before in rows
    ]


def _label(task: str, label: Any) -> int:
    """A class's number, by its name or as the file's number."""
    names = list(TASKS[task].values)
    number = names.index(label) if label in names else int(label)
    if not 0 <= number < len(names):
        raise ValueError(f"label must be one of {len(names)} classes, got {label!r}")
    return number


def _sentence(parts: list[str]) -> Sentence:
    if not all(isinstance(part, str) and part.strip() for part in parts):
        raise ValueError("a sentence is missing")
    return parts[0] if len(parts) == 1 else (parts[0], parts[1])
