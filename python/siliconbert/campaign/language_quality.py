"""How well a language model foretells held-out text, in the engine, beside the bigram model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from siliconbert import models
from siliconbert.campaign import statistics
from siliconbert.campaign.interval import Interval
from siliconbert.campaign.setup import QUICK_SENTENCES, Call
from siliconbert.data import bigram, wikitext
from siliconbert.data.record import evenly
from siliconbert.models import LanguageModel


@dataclass(frozen=True)
class Foretold:
    """Accuracy of the next word and perplexity of a model; accuracy of the bigram model at the same places.

    accuracy : its interval counts windows as independent
    """

    header: tuple[str, ...]
    accuracy: Interval
    perplexity: float
    bigram: float


def measure(model: str | Path, name: str, call: Call, folder: Path | None = None) -> Foretold:
    """The model on the held-out windows of a corpus; with call.quick on 400 of them, evenly spaced.

    folder : of the text, see wikitext.load
    errors : ValueError where the model is no language model, or numbers other words
    """
    found = models.load(model, zoo=call.zoo)
    if not isinstance(found, LanguageModel):
        raise ValueError(f"evaluate: model must be a language model for {name}, {found.name} is not")
    corpus = wikitext.load(name, folder)
    rows = found.held(corpus)
    count = f"{len(rows)} windows of {found.shape.positions} words"
    if call.quick and len(rows) > QUICK_SENTENCES:
        count = f"{QUICK_SENTENCES} of {count} (quick: a fixed, evenly spaced choice)"
        rows = rows[evenly(len(rows), QUICK_SENTENCES)]
    judged = found.judge(rows, call.threads, call.progress(len(rows)))
    header = (
        f"model: {found.name}, {found.shape.layers} layers of width {found.shape.hidden}, "
        f"{found.shape.heads} heads, {found.shape.decoder} attention, {found.shape.vocabulary} words",
        f"data: {corpus.name}, {count}; {corpus.provenance}",
        f"numeric path: {found.encoder.path}",
    )
    counted = bigram.fit(corpus.train, len(corpus.words))
    accuracy = statistics.mean_interval(judged.right.mean(1))
    return Foretold(header, accuracy, judged.perplexity, counted.accuracy(rows))
