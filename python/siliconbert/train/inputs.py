"""What a recipe works on: pretrained network, tokenizer and text; tiny made-up ones for the smoke test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from siliconbert.data import SCORE, Tokenizer
from siliconbert.data.glue import TASKS
from siliconbert.models.model import CALIBRATION_SENTENCES
from siliconbert.train import corpus, export, pretrained
from siliconbert.train.augment import word_starts
from siliconbert.train.batches import Texts
from siliconbert.train.network import Network, Shape
from siliconbert.train.pretrained import Pretrained
from siliconbert.train.recipe import Recipe

DEV_LIMIT = 512  # tokens; as many as the engine takes of a sentence


@dataclass(frozen=True)
class Inputs:
    """What a recipe works on.

    base       : the pretrained network
    pretrained : where it lies, with its tokenizer
    task       : name of the task whose sentences `dev` are
    classes    : names of its outputs
    provenance : where the training text comes from; `origin` the same of dev
    notes      : what was left out of the training text
    starts     : whether a token of the vocabulary begins a word, see augment
    """

    base: Network
    pretrained: Pretrained
    train: Texts
    dev: Texts
    task: str
    classes: tuple[str, ...]
    provenance: str
    origin: str
    starts: np.ndarray
    notes: tuple[str, ...] = ()

    def calibration(self, sentences: int = CALIBRATION_SENTENCES) -> Texts:
        """Evenly spaced training sentences."""
        pick = np.linspace(0, len(self.train) - 1, min(sentences, len(self.train))).astype(int)
        return Texts([self.train.ids[i] for i in pick], [self.train.types[i] for i in pick])


def real(recipe: Recipe, glue: Path | None, texts: Path, place: str | Path | None = None) -> Inputs:
    """The recipe's pretrained network, from the folder `place` if there is one, and its text."""
    found = pretrained.find(recipe.base, place)
    base = export.load(found.folder)
    tokenizer = Tokenizer(found.tokenizer)
    text = (
        corpus.general(glue, texts)
        if recipe.data == "general"
        else corpus.extended(recipe.data, recipe.extra, recipe.unlabelled, glue, texts)
    )
    name = "sst2" if recipe.data == "general" else recipe.data
    dev = corpus.task(name, "dev", glue)
    corpus.check(text, f"{name} train")
    return Inputs(
        base,
        found,
        text.encoded(tokenizer, recipe.limit),
        dev.encoded(tokenizer, DEV_LIMIT),
        name,
        dev.classes,
        text.provenance,
        dev.provenance,
        word_starts(tokenizer, base.shape.vocab),
        text.notes,
    )


BERT = Shape("bert", 2, width=32, heads=4, ffn=64, embedding=32, vocab=60, positions=64)
ALBERT = replace(BERT, model_type="albert", layers=4, embedding=16, activation="gelu_new")


def smoke(out: Path, task: str, albert: bool = False) -> Inputs:
    """A random small network, and sentences or pairs whose label counts token 7, up to the last class."""
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.json").write_text("{}\n")
    base = Network(ALBERT if albert else BERT)
    parts = len(TASKS[task].columns) if task in TASKS else 1
    rows = [[_words(rng) for _ in range(parts)] for _ in range(120)]
    ids = [np.concatenate([[2], *row]).astype(np.int32) for row in rows]
    types = [np.repeat(np.arange(parts), [len(x) for x in row]).astype(np.int32) for row in rows]
    types = [np.r_[np.int32(0), x] for x in types]
    known = tuple(TASKS[task].values) if task in TASKS else ("absent", "present")
    labels = np.array([min(int((x == 7).sum()), max(1, len(known) - 1)) for x in ids])
    labels = labels if known else labels.astype(np.float32)
    texts = Texts(ids, types, labels)
    dev = Texts(texts.ids[:40], texts.types[:40], labels[:40])
    classes, starts = known or (SCORE,), np.ones(base.shape.vocab, bool)
    made = Pretrained(out, "made up", "made up")
    return Inputs(base, made, texts, dev, task, classes, "made up", "made up", starts)


def _words(rng: np.random.Generator) -> list[int]:
    """2 to 8 tokens and the token 3, which ends a part."""
    return [*rng.integers(5, 20, rng.integers(2, 9)).tolist(), 3]
