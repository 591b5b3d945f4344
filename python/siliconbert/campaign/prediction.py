"""Where the exit predictor's look-up table comes from, and which sentences are left to evaluate it on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from siliconbert import data, exits
from siliconbert.campaign.setup import QUICK_SENTENCES, Call, Subject, prepare
from siliconbert.data import Data
from siliconbert.exits import Lut
from siliconbert.models import Model

# The table has 100 rows; ten thousand sentences give every row that occurs about a hundred.
_TRAINING_SENTENCES = 10_000


def with_lut(call: Call, model: str, task: str) -> tuple[Subject, Lut, str]:
    """The subject, its look-up table, and one line that says where the table is from.

    The table shipped with the model (card entry "lut": keys, entropies) serves first; else one is trained on
    the training split; where there is none, on every second sentence at hand, and the others are evaluated.
    """
    subject = prepare(call.model or model, call.data or task, glue=call.glue, zoo=call.zoo)
    if "lut" in subject.model.card:
        return (
            _quick(subject, call),
            Lut(**subject.model.card["lut"]),
            "look-up table: shipped with the model",
        )
    training = _training_split(subject.data, call)
    where = "its training split"
    if training is None:
        training, subject = _halves(subject)
        where = "every second sentence of the data; the others are evaluated"
    few = training.quick(QUICK_SENTENCES if call.quick else _TRAINING_SENTENCES)
    trace = subject.model.trace(few, threads=call.threads, progress=call.progress(len(few)))
    lut = exits.Predictor.train(trace.entropy, seed=call.seed).distil()
    return (
        _quick(subject, call),
        lut,
        f"look-up table: trained on {len(few)} sentences of {few.task}, {where}",
    )


def with_shipped_lut(model: Model, training: Data, threads: int | None = None) -> Model:
    """The model with a look-up table in its card, trained on its own entropies of training sentences."""
    few = training.quick(_TRAINING_SENTENCES)
    lut = exits.Predictor.train(model.trace(few, threads=threads).entropy, seed=0).distil()
    record = {"keys": np.asarray(lut.keys).tolist(), "entropies": np.asarray(lut.entropies).round(6).tolist()}
    return replace(model, card={**model.card, "lut": record})


def _quick(subject: Subject, call: Call) -> Subject:
    return replace(subject, data=subject.data.quick(QUICK_SENTENCES)) if call.quick else subject


def _training_split(found: Data, call: Call) -> Data | None:
    try:
        return data.load(found.task, split="train", folder=call.glue)
    except ValueError:
        return None


def _halves(subject: Subject) -> tuple[Data, Subject]:
    numbers = np.arange(len(subject.data), dtype=np.int64)
    rest = subject.data.take(numbers[1::2])
    return subject.data.take(numbers[::2]), replace(subject, data=rest)
