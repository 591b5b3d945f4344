"""Further text for a task: labelled corpora, and text whose only labels are a teacher's logits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siliconbert import data
from siliconbert.data import Data, Sentence, alike
from siliconbert.data.glue import TASKS
from siliconbert.text import read_text

UNKNOWN = -1  # the label of text that has none for the task
LINES = {
    "anli_test": "ANLI test",
    "rte_test": "RTE train and dev",
    "scitail_test": "SciTail test",
    "snli_dev": "SNLI dev",
}  # premise, hypothesis and label lines in <texts>/nli-extra/<name>.jsonl
QUESTIONS = "qnli_test"  # question and sentence rows in <texts>/nli-extra/qnli_test_unlabelled.tsv
WIKITEXT = "wikitext-2"  # <texts>/wikitext-2/{valid,test}.txt
PIECE_WORDS = 12  # a paragraph is cut at the first full stop after so many words
GLUE = tuple(sorted(TASKS))  # their training splits
SOURCES = (*GLUE, *LINES, QUESTIONS, WIKITEXT)


@dataclass(frozen=True)
class Source:
    """Sentences or pairs, the name of each one's class where there is one, and where they come from."""

    sentences: list[Sentence]
    classes: list[str] | None
    provenance: str


def files(name: str, texts: Path) -> list[Path]:
    """Where a source that is no GLUE task is read from."""
    if name == WIKITEXT:
        return [texts / WIKITEXT / "valid.txt", texts / WIKITEXT / "test.txt"]
    file = "qnli_test_unlabelled.tsv" if name == QUESTIONS else f"{name}.jsonl"
    return [texts / "nli-extra" / file]


def read(name: str, glue: Path | None, texts: Path) -> Source:
    """The source of that name; ValueError where a file of it is missing."""
    if name in GLUE:
        found = data.load(name, "train", glue)
        classes = [found.classes[label] for label in found.labels] if found.classes else None
        return Source(found.sentences, classes, found.provenance.partition(";")[0] + ", train")
    content = [_text(path) for path in files(name, texts)]
    if name == WIKITEXT:
        return Source([s for text in content for s in pieces(text)], None, "WikiText-2 valid and test")
    lines = [line for line in content[0].split("\n") if line]
    if name == QUESTIONS:
        rows = [line.split("\t") for line in lines[1:]]
        return Source([(row[1], row[2]) for row in rows], None, "QNLI test, which has no labels")
    records = [json.loads(line) for line in lines]
    pairs: list[Sentence] = [(r["premise"], r["hypothesis"]) for r in records]
    return Source(pairs, [r["label"] for r in records], LINES[name])


def labels(source: Source, task: Data, name: str) -> np.ndarray:
    """The source's classes as the task's numbers; three classes serve a task of two."""
    known = {c: i for i, c in enumerate(task.classes)}
    if {"entailment", "not_entailment"} == known.keys():
        known |= dict.fromkeys(("neutral", "contradiction"), known["not_entailment"])
    if source.classes is None or (odd := set(source.classes) - known.keys()):
        has = "no classes" if source.classes is None else f"the class '{min(odd)}'"
        raise ValueError(f"train: extra must have the classes of {task.task}, {name} has {has}")
    return np.array([known[c] for c in source.classes])


def held_out(tasks: Iterable[str], glue: Path | None) -> set[str]:
    """Keys of every text of the tasks' dev splits."""
    found: set[str] = set()
    for task in tasks:
        for split in ("dev", "dev_mismatched") if task == "mnli" else ("dev",):
            try:
                sentences = data.load(task, split, glue).sentences
            except ValueError:
                if split == "dev":
                    raise
                continue  # a folder need not have the mismatched split
            found.update(k for sentence in sentences for k in alike.keys(sentence))
    return found


def fitted(sentences: Sequence[Sentence], pairs: bool, name: str) -> list[Sentence]:
    """Pairs for a task of pairs; for another task every text of its own."""
    if not pairs:
        return [text for s in sentences for text in ((s,) if isinstance(s, str) else s)]
    if isinstance(sentences[0], str):
        raise ValueError(f"train: extra text must have pairs for a task of pairs, {name} has none")
    return list(sentences)


def pieces(text: str) -> list[Sentence]:
    """Groups of sentences of a WikiText file, its marks undone."""
    found: list[Sentence] = []
    for line in text.splitlines():
        line = line.strip()
        if len(line) < 20 or line.startswith("="):
            continue
        for mark in "-,.":
            line = line.replace(f" @{mark}@ ", mark)
        found += _sentences(line.replace("<unk>", "[UNK]"))
    return found


def _sentences(line: str) -> list[Sentence]:
    found: list[Sentence] = []
    piece = ""
    for sentence in line.split(" . "):
        piece = f"{piece} . {sentence}" if piece else sentence
        if len(piece.split()) >= PIECE_WORDS:
            found.append(piece + " .")
            piece = ""
    return [*found, piece] if piece else found


def _text(path: Path) -> str:
    if not path.is_file():
        raise ValueError(
            f"train: extra text needs the file {path.parent.name}/{path.name}, which is not there"
        )
    return read_text(path)
