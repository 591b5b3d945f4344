"""The phase that trains a language model: dense, by ADMM towards a pattern, or with what is left of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812, the usual name

from siliconbert.data import bigram, wikitext
from siliconbert.data.wikitext import Corpus
from siliconbert.models.atomic import placed
from siliconbert.train import checkpoint, language
from siliconbert.train import device as devices
from siliconbert.train.admm import Admm
from siliconbert.train.batches import Texts, batches
from siliconbert.train.language import LanguageModel
from siliconbert.train.loop import Log, Loop
from siliconbert.train.network import MATRICES, Shape, master
from siliconbert.train.pruning import Pruner
from siliconbert.train.recipe import Recipe

METRICS = "metrics.json"
JUDGED_TOKENS = 4000  # a batch; the logits of more would not fit small memories


def run(
    recipe: Recipe,
    folder: Path,
    start: Path | None,
    texts: Path,
    device: torch.device,
    log: Log,
    resume: bool,
    smoke: bool,
    tell: Callable[[int, int], None] | None,
) -> Path:
    """Trains and writes <folder>/model, metrics.json and predictions.npy; see work.run.

    With a `sweep` each density has a folder of its own, and <folder>/model only a card with their metrics.

    start       : the folder of the model to start from, None for a fresh one
    metrics     : accuracy of the next word and perplexity on the held-out text in fp32, the same of the
                  bigram model, densities
    predictions : the likeliest next word at every held-out place, (windows, places)
    """
    corpus = _made_up() if smoke else wikitext.load(recipe.data, texts / "wikitext-2")
    log(f"{corpus.provenance}: {len(corpus.train)} words to learn from, {len(corpus.held)} to be judged on")
    bigrams = _bigrams(corpus, recipe.window)
    if not recipe.sweep:
        return _train(recipe, folder, start, corpus, bigrams, device, log, resume, tell)
    curve = []
    for density in recipe.sweep:
        one = _at(recipe, density)
        place = folder / f"{density:g}"
        if not (resume and (place / METRICS).is_file()):
            place.mkdir(exist_ok=True)
            log(f"density {density:g}")
            _train(one, place, start, corpus, bigrams, device, log, resume, tell)
            shutil.rmtree(place / "model")
        curve.append({"density": density, **json.loads((place / METRICS).read_text())})
    with placed(folder / "model") as fresh:
        card = {"name": recipe.name, "stages": [*_stages(start), {"recipe": recipe.plain()}], "curve": curve}
        (fresh / "card.json").write_text(json.dumps(card, indent=1) + "\n")
    return folder / "model"


def _at(recipe: Recipe, density: float) -> Recipe:
    """The recipe of one point of a sweep."""
    schedules = {name: replace(schedule, density=density) for name, schedule in recipe.density.items()}
    return replace(recipe, name=f"{recipe.name}-{density:g}", sweep=(), density=schedules)


def _train(
    recipe: Recipe,
    folder: Path,
    start: Path | None,
    corpus: Corpus,
    bigrams: dict[str, float],
    device: torch.device,
    log: Log,
    resume: bool,
    tell: Callable[[int, int], None] | None,
) -> Path:
    torch.manual_seed(recipe.seed)
    network = _network(recipe, start, corpus).to(device)
    network.dropout = recipe.dropout
    pruner = _pruner(recipe, network)
    held = _texts(wikitext.windows(corpus.held, recipe.window))
    if not resume:
        checkpoint.remove(folder)
    loop = Loop(
        recipe,
        network,
        _texts(wikitext.windows(corpus.train, recipe.window)),
        lambda batch: (network.loss(batch.ids[:, :-1], batch.ids[:, 1:], recipe.smoothing), {}),
        lambda: said(judge(network, held)[0]),
        folder,
        log,
        pruner=pruner,
        fresh=lambda epoch: _shifted(corpus, recipe, epoch),
        tell=tell,
    )
    minutes = loop.run(checkpoint.newest(folder, recipe, loop.texts.size(), log))
    network.effective = master
    found, predicted = judge(network, held, torch.float32)
    found |= {"bigram": bigrams, "densities": densities(network)}
    log(f"held-out text in fp32: {said(found)}; bigram model: {said(found['bigram'])}")
    card = _card(recipe, corpus, network, minutes, start, found)
    language.save(network, corpus.words, folder / "model", card)
    (folder / METRICS).write_text(json.dumps({"name": recipe.name, **found}, indent=1) + "\n")
    np.save(folder / "predictions.npy", predicted)
    checkpoint.remove(folder)  # as large as three models, and of no more use
    return folder / "model"


def _network(recipe: Recipe, start: Path | None, corpus: Corpus) -> LanguageModel:
    if start is None:
        sizes = {"model_type": "bert", **recipe.shape, "vocab": len(corpus.words), "positions": recipe.window}
        return LanguageModel(Shape(**{**sizes, "embedding": sizes["width"]}), recipe.causal)
    network = language.load(start)
    got = (network.shape.vocab, network.shape.positions, network.causal)
    if got != (wanted := (len(corpus.words), recipe.window, recipe.causal)):
        raise ValueError(
            f"train: {recipe.name}: start must have (words, window, causal) {wanted}, "
            f"'{recipe.start}' has {got}"
        )
    return network


def _pruner(recipe: Recipe, network: LanguageModel) -> Pruner | Admm | None:
    if recipe.admm:
        return Admm(network, recipe.density, recipe.admm)
    if not recipe.density:
        return None
    pruner = Pruner(network, recipe.density)
    network.effective = lambda product: pruner.apply(product.weight)
    return pruner


def _texts(rows: wikitext.Words) -> Texts:
    types = np.zeros(rows.shape[1], np.int32)
    return Texts(list(rows), [types] * len(rows))


def _shifted(corpus: Corpus, recipe: Recipe, epoch: int) -> Texts:
    """Windows that begin elsewhere in every epoch."""
    offset = np.random.default_rng([recipe.seed, epoch]).integers(recipe.window)
    return _texts(wikitext.windows(corpus.train, recipe.window, int(offset)))


def judge(
    network: LanguageModel, held: Texts, dtype: torch.dtype = torch.bfloat16
) -> tuple[dict[str, Any], np.ndarray]:
    """Accuracy of the next word and perplexity over all places of the windows; the words predicted.

    `deviation` is that of the windows' accuracies: the places of one window are not independent.
    """
    training = network.training
    network.eval()
    predicted = np.zeros((len(held), len(held.ids[0]) - 1), np.int32)
    loss = 0.0
    with torch.no_grad():
        for batch in batches(held, JUDGED_TOKENS, None):
            logits = network.next_words(batch.ids[:, :-1], dtype)
            wanted = batch.ids[:, 1:].to(network.device)
            loss += float(F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="sum"))
            predicted[batch.index.numpy()] = logits.argmax(-1).cpu().numpy()
    network.train(training)
    right = predicted == np.stack(held.ids)[:, 1:]
    found = {
        "accuracy": float(right.mean()),
        "perplexity": float(np.exp(loss / right.size)),
        "windows": len(right),
        "places": right.size,
        "deviation": float(right.mean(1).std(ddof=1)),
    }
    return found, predicted


def said(found: dict[str, Any]) -> str:
    """Accuracy and perplexity in words.

    >>> said({"accuracy": 0.25, "perplexity": 200})
    'accuracy 0.2500, perplexity 200.0'
    """
    return f"accuracy {found['accuracy']:.4f}, perplexity {found['perplexity']:.1f}"


def _bigrams(corpus: Corpus, window: int) -> dict[str, float]:
    """What the bigram model reaches at the same places."""
    model, held = bigram.fit(corpus.train, len(corpus.words)), wikitext.windows(corpus.held, window)
    return {
        "weight": model.weight,
        "accuracy": model.accuracy(held),
        "perplexity": model.perplexity(held),
    }


def densities(network: LanguageModel) -> dict[str, float]:
    """Kept fraction of every kind of matrix, by its zeros."""
    matrices = {name: [getattr(layer, name).weight for layer in network.layers] for name in MATRICES}
    matrices["decoder"] = [network.decoder.weight]
    return {
        name: float(torch.stack([(w != 0).float().mean() for w in ws]).mean())
        for name, ws in matrices.items()
    }


def _card(
    recipe: Recipe,
    corpus: Corpus,
    network: LanguageModel,
    minutes: float,
    start: Path | None,
    found: dict[str, Any],
) -> dict[str, Any]:
    """The model card: every stage with its recipe, data and minutes, and the metrics of the result."""
    stage = {
        "recipe": recipe.plain(),
        "data": corpus.provenance,
        "minutes": round(minutes, 1),
        "torch": torch.__version__,
        "device": devices.words(network.device),
    }
    return {"name": recipe.name, "task": corpus.name, "stages": [*_stages(start), stage], "held_out": found}


def _stages(start: Path | None) -> list[Any]:
    """What the start has learnt before."""
    if start is None:
        return []
    found: list[Any] = json.loads((start / "card.json").read_text())["stages"]
    return found


def _made_up() -> Corpus:
    """Words that follow one another by a fixed rule most of the time."""
    rng = np.random.default_rng(0)
    text = [0]
    for odd in rng.random(3000) < 0.2:
        text.append(int(rng.integers(40)) if odd else (3 * text[-1] + 1) % 40)
    lines = [" ".join(f"w{word}" for word in text[i : i + 20]) for i in range(0, len(text), 20)]
    return replace(wikitext.number("made up", lines[:120], lines[120:], "made up"), name="made up")
