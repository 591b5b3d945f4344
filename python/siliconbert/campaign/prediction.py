"""Where the exit predictor's look-up table comes from, and which sentences are left to evaluate it on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from siliconbert import data, exits
from siliconbert.campaign.setup import QUICK_SENTENCES, Call, Subject, prepare
from siliconbert.data import Data
from siliconbert.exits import Lut
from siliconbert.models import Model, Trace

# The table has 100 rows; ten thousand sentences give every row that occurs about a hundred.
_TRAINING_SENTENCES = 10_000


def with_lut(call: Call, model: str, task: str) -> tuple[Subject, Lut, str]:
    """The subject, its look-up table, and one line that says where the table is from.

    The table shipped with the model (card entry "lut": first, keys, entropies) serves first; else one is
    trained on the training split; where there is none, on every second sentence at hand, and the others are
    evaluated.

    errors : ValueError where the model has exits after some layers only
    """
    subject = prepare(call.model or model, call.data or task, glue=call.glue, zoo=call.zoo)
    if not subject.model.ramps:
        raise ValueError(
            f"reproduce: model must have a classifier after every layer, {subject.model.name} has not"
        )
    if "lut" in subject.model.card:
        return (
            _quick(subject, call),
            Lut(**subject.model.card["lut"]),
            "look-up table: shipped with the model",
        )
    trace = training_trace(subject, call)
    where = "its training split"
    if trace is None:
        training, subject = _halves(subject)
        trace = _trace(subject.model, training, call)
        where = "every second sentence of the data; the others are evaluated"
    lut = exits.Predictor.train(trace.entropy, seed=call.seed).distil()
    return (
        _quick(subject, call),
        lut,
        f"look-up table: trained on {len(trace)} sentences of {subject.data.task}, {where}",
    )


def training_trace(subject: Subject, call: Call) -> Trace | None:
    """The model's trace of the task's training sentences; None where there is no training split."""
    try:
        training = data.load(subject.data.task, split="train", folder=call.glue)
    except ValueError:
        return None
    return _trace(subject.model, training, call)


def with_shipped_lut(model: Model, training: Data, threads: int | None = None, first: int = 1) -> Model:
    """The model with a look-up table in its card, trained on its own entropies of training sentences.

    first  : the layer to predict from
    errors : ValueError where it is not in 1..L-2, or the model has exits after some layers only
    """
    if not model.ramps:
        raise ValueError(f"prediction: {model.name} must have an exit after every layer to predict exits")
    if not 1 <= first <= model.shape.layers - 2:
        raise ValueError(f"prediction: first must be in 1..{model.shape.layers - 2}, got {first}")
    few = training.quick(_TRAINING_SENTENCES)
    lut = exits.Predictor.train(model.trace(few, threads=threads).entropy, seed=0, first=first).distil()
    record = {
        "first": first,
        "keys": lut.keys.round(6).tolist(),
        "entropies": lut.entropies.round(6).tolist(),
    }
    return replace(model, card={**model.card, "lut": record})


def _quick(subject: Subject, call: Call) -> Subject:
    return replace(subject, data=subject.data.quick(QUICK_SENTENCES)) if call.quick else subject


def _trace(model: Model, training: Data, call: Call) -> Trace:
    few = training.quick(QUICK_SENTENCES if call.quick else _TRAINING_SENTENCES)
    return model.trace(few, threads=call.threads, progress=call.progress(len(few)))


def _halves(subject: Subject) -> tuple[Data, Subject]:
    numbers = np.arange(len(subject.data), dtype=np.int64)
    rest = subject.data.take(numbers[1::2])
    return subject.data.take(numbers[::2]), replace(subject, data=rest)
