"""The text a recipe trains on: the sentences of a task, or all text at hand for general distillation."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siliconbert import data
from siliconbert.data import Sentence, Tokenizer
from siliconbert.train.batches import Texts

GENERAL = (
    "sst2",
    "cola",
    "rte",
    "mnli",
    "qqp",
    "qnli",
    "mrpc",
    "stsb",
)  # training splits; read in this order
EXTRA = (
    "anli_test",
    "rte_test",
    "scitail_test",
    "snli_dev",
)  # premise/hypothesis lines in <texts>/nli-extra/*.jsonl
QUESTIONS = "qnli_test_unlabelled"  # question/sentence rows in <texts>/nli-extra/*.tsv
WIKITEXT = ("valid", "test")  # <texts>/wikitext-2/*.txt
PIECE_WORDS = 12  # a paragraph is cut at the first full stop after so many words


@dataclass(frozen=True)
class Corpus:
    """Sentences (labels where the task has them) and where they come from."""

    sentences: list[Sentence]
    labels: np.ndarray | None
    provenance: str

    def encoded(self, tokenizer: Tokenizer, limit: int) -> Texts:
        """Token ids; truncation to `limit` is meant here, so it is not warned about."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            coded = tokenizer.encode(self.sentences, limit)
        return Texts(coded.ids, coded.types, self.labels)


def task(name: str, split: str, glue: Path | None) -> Corpus:
    """The labelled sentences of a GLUE task."""
    found = data.load(name, split, glue)
    return Corpus(found.sentences, found.labels, f"{found.provenance}, {split}")


def general(glue: Path | None, texts: Path) -> Corpus:
    """Training splits of GLUE tasks, and what is there of further pairs and Wikipedia text under `texts`.

    Every other pair is given as a pair, the rest as two sentences.
    """
    sentences: list[Sentence] = []
    sources = []
    for name in GENERAL:
        found = data.load(name, "train", glue)
        sentences += _spread(found.sentences)
        sources.append(found.provenance.partition(";")[0])
    for path in [texts / "nli-extra" / f"{name}.jsonl" for name in EXTRA]:
        if path.is_file():
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            sentences += _spread([(line["premise"], line["hypothesis"]) for line in lines])
            sources.append(path.stem)
    questions = texts / "nli-extra" / f"{QUESTIONS}.tsv"
    if questions.is_file():
        rows = [line.split("\t") for line in questions.read_text(encoding="utf-8").splitlines()[1:]]
        sentences += _spread([(row[1], row[2]) for row in rows])
        sources.append(QUESTIONS)
    for path in [texts / "wikitext-2" / f"{name}.txt" for name in WIKITEXT]:
        if path.is_file():
            sentences += _pieces(path.read_text(encoding="utf-8"))
            sources.append(f"WikiText-2 {path.stem}")
    kept = [s for s in sentences if all(part.strip() for part in ((s,) if isinstance(s, str) else s))]
    return Corpus(kept, None, ", ".join(sources))


def _spread(sentences: list[Sentence]) -> list[Sentence]:
    if not sentences or isinstance(sentences[0], str):
        return sentences
    return [*sentences[0::2], *(part for pair in sentences[1::2] for part in pair)]


def _pieces(text: str) -> list[Sentence]:
    pieces: list[Sentence] = []
    for line in text.splitlines():
        line = line.strip()
        if len(line) < 20 or line.startswith("="):
            continue
        for mark in "-,.":
            line = line.replace(f" @{mark}@ ", mark)
        pieces += _sentences(line.replace("<unk>", "[UNK]"))
    return pieces


def _sentences(line: str) -> list[Sentence]:
    pieces: list[Sentence] = []
    piece = ""
    for sentence in line.split(" . "):
        piece = f"{piece} . {sentence}" if piece else sentence
        if len(piece.split()) >= PIECE_WORDS:
            pieces.append(piece + " .")
            piece = ""
    return [*pieces, piece] if piece else pieces
