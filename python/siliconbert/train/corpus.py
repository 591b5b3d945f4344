"""The text a recipe trains on: the sentences of a task, or all text at hand for general distillation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siliconbert import data
from siliconbert.data import Data, Sentence, Tokenizer, alike
from siliconbert.train import extra
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
FURTHER = (*extra.LINES, extra.QUESTIONS, extra.WIKITEXT)  # read where they are there


@dataclass(frozen=True)
class Corpus:
    """Sentences, labels and classes where there are any, where they come from, and what was left out."""

    sentences: list[Sentence]
    labels: np.ndarray | None
    provenance: str
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def encoded(self, tokenizer: Tokenizer, limit: int) -> Texts:
        """Token ids; truncation to `limit` is meant here, so it is not warned about."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            coded = tokenizer.encode(self.sentences, limit)
        return Texts(coded.ids, coded.types, self.labels)


def task(name: str, split: str, glue: Path | None) -> Corpus:
    """The labelled sentences of a GLUE task."""
    found = data.load(name, split, glue)
    return Corpus(
        found.sentences, _given(found), f"{found.provenance}, {split}", classes=found.classes or (data.SCORE,)
    )


def check(found: Corpus, name: str) -> None:
    """ValueError where all sentences have the same label."""
    if found.labels is not None and len(np.unique(found.labels[found.labels != extra.UNKNOWN])) < 2:
        raise ValueError(
            f"train: {name} must have two labels or more, all {len(found.labels)} sentences have the same"
        )


def _given(found: Data) -> np.ndarray:
    return found.labels if found.classes else found.labels.astype(np.float32)


def extended(
    name: str, labelled: Sequence[str], unlabelled: Sequence[str], glue: Path | None, texts: Path
) -> Corpus:
    """A task's training split, then further text, of which none stands in the dev split or came before.

    The labels of `unlabelled` text are extra.UNKNOWN; the names are those of extra.SOURCES.
    """
    found = data.load(name, "train", glue)
    pairs = not isinstance(found.sentences[0], str)
    held, seen = extra.held_out([name], glue), {alike.keys(s) for s in found.sentences}
    sentences, labels = [*found.sentences], [_given(found)]
    sources, notes = [f"{found.provenance}, train"], []
    for source, known in [*((s, True) for s in labelled), *((s, False) for s in unlabelled)]:
        more = extra.read(source, glue, texts)
        rows = more.sentences if known else extra.fitted(more.sentences, pairs, source)
        kept, leaks = _admitted(rows, held, seen)
        sentences += [rows[i] for i in kept]
        labels.append(
            extra.labels(more, found, source)[kept]
            if known
            else np.full(len(kept), extra.UNKNOWN, labels[0].dtype)
        )
        sources.append(more.provenance + ("" if known else " (text only)"))
        notes.append(
            f"{source}: {len(kept)} of {len(rows)} taken {'with' if known else 'without'} labels; "
            f"{leaks} hold text of {name}'s dev split, {len(rows) - len(kept) - leaks} were there or empty"
        )
    return Corpus(
        sentences, np.concatenate(labels), "; ".join(sources), tuple(notes), found.classes or (data.SCORE,)
    )


def _admitted(
    sentences: Sequence[Sentence], held: set[str], seen: set[tuple[str, ...]]
) -> tuple[list[int], int]:
    kept, leaks = [], 0
    for i, sentence in enumerate(sentences):
        keys = alike.keys(sentence)
        leak = not held.isdisjoint(keys)
        leaks += leak
        if not leak and all(keys) and keys not in seen:
            seen.add(keys)
            kept.append(i)
    return kept, leaks


def general(glue: Path | None, texts: Path) -> Corpus:
    """Training splits of GLUE tasks, and what is there of further pairs and Wikipedia text under `texts`.

    Every other pair is given as a pair, the rest as two sentences. Text of any task's dev split is left out.
    """
    held = extra.held_out(GENERAL, glue)
    sentences: list[Sentence] = []
    sources = []
    for name in (*GENERAL, *FURTHER):
        if name in GENERAL or all(path.is_file() for path in extra.files(name, texts)):
            source = extra.read(name, glue, texts)
            sentences += _spread(source.sentences)
            sources.append(source.provenance)
    keys = [alike.keys(sentence) for sentence in sentences]
    kept = [s for s, k in zip(sentences, keys, strict=True) if all(k) and held.isdisjoint(k)]
    leaks = sum(not held.isdisjoint(k) for k in keys)
    return Corpus(kept, None, "; ".join(sources), (f"{leaks} texts stand in a task's dev split: left out",))


def _spread(sentences: list[Sentence]) -> list[Sentence]:
    if isinstance(sentences[0], str):
        return sentences
    return [*sentences[0::2], *(part for pair in sentences[1::2] for part in pair)]
