"""Sentences changed to mislead a model, exit by exit: does leaving early cost more there than elsewhere?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siliconbert import data, exits, models
from siliconbert.campaign import statistics
from siliconbert.campaign.exits import accuracy_by_layer, right_at
from siliconbert.campaign.interval import added
from siliconbert.campaign.outcome import Curves, Measurement, Outcome, Quantity, percent
from siliconbert.campaign.setup import QUICK_SENTENCES, Call, Subject, subject
from siliconbert.campaign.statistics import Interval
from siliconbert.data import Data, alike
from siliconbert.models import Trace

ACCURACY = Quantity("accuracy", "accuracy", "%")
EE_LAYER = Quantity("ee_layer", "EE average exit layer", "layers")
EE_ACCURACY = Quantity("ee_accuracy", "EE accuracy", "%")
EE_COST = Quantity("ee_cost", "EE accuracy - accuracy", "points")
MORE = Quantity("ee_cost_more", "EE cost beyond that on dev", "points")


@dataclass(frozen=True)
class Case:
    """A model, the task whose dev split sets its threshold, and the sets of attacks on that task."""

    model: str
    task: str
    attacks: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What one set of sentences gives: right answers after every layer, and where sentences leave."""

    model: str
    name: str
    trace: Trace
    labels: NDArray[np.int64]
    layer: NDArray[np.int32]

    @property
    def row(self) -> str:
        """The row of the table."""
        return f"{self.model} on {self.name}"

    @property
    def full(self) -> NDArray[np.bool_]:
        """Who is right after the last layer."""
        return self.trace.correct(self.labels)[:, -1]

    @property
    def cost(self) -> Interval:
        """Accuracy where sentences leave minus accuracy after the last layer, on the same sentences."""
        return statistics.paired_difference(self.full, right_at(self.trace, self.labels, self.layer))


def run(table: str, call: Call, cases: Sequence[Case], max_drop: float) -> Outcome:
    """Dev and attacks of every case whose model is at hand; the others are named in the header."""
    chosen = [case for case in cases if call.data in (None, case.task)]
    if call.model is not None:
        chosen = [Case(call.model, case.task, case.attacks) for case in chosen[:1]]
    zoo = models.zoo_names(call.zoo)
    missing = [case.model for case in chosen if call.model is None and case.model not in zoo]
    header = [
        f"threshold: the largest that loses at most {100 * max_drop:g} points on dev, used on every set"
    ]
    header += [f"not in the zoo, left out: {', '.join(missing)}"] if missing else []
    rows: list[Measurement] = []
    figures: list[Curves] = []
    for case in (case for case in chosen if case.model not in missing):
        lines, found, figure = _case(case, call, max_drop)
        header, rows, figures = header + lines, rows + found, [*figures, figure]
    if not rows:
        raise ValueError(f"reproduce: {table} needs one of the models {', '.join(missing)}")
    return Outcome(table, "*", "model", tuple(dict.fromkeys(header)), tuple(rows), tuple(figures))


def _case(case: Case, call: Call, max_drop: float) -> tuple[list[str], list[Measurement], Curves]:
    model = models.load(case.model, zoo=call.zoo)
    dev = subject(model, data.load(case.task, folder=call.glue), call.quick)
    clean = dev.traced(call)
    threshold = exits.threshold_for(clean, dev.data.labels, max_drop)
    lines = [*dev.header(clean), f"{case.task}: EE threshold {threshold:.3f} nats"]
    sets = [_seen(f"{case.task} dev", dev, clean, threshold)]
    training = _training(case.task, call)
    for name in case.attacks:
        attack, left_out = _fresh(name, training, call)
        changed = Subject(model, attack, len(attack))
        trace = changed.traced(call)
        lines += [changed.header(trace)[1] + left_out]
        sets.append(_seen(name, changed, trace, threshold))
    rows = [m for one in sets for m in (*_summary(one, sets[0]), *_layers(one))]
    return lines, rows, _figure(case, sets)


def _seen(name: str, one: Subject, trace: Trace, threshold: float) -> Seen:
    return Seen(
        one.model.name,
        name,
        trace,
        one.data.labels.astype(np.int64),
        exits.by_entropy(trace.entropy, threshold),
    )


def _training(task: str, call: Call) -> set[str] | None:
    """Every text of the training split; None where it is not at hand."""
    if "train" not in data.splits(task, call.glue):
        return None
    return {key for s in data.load(task, "train", call.glue).sentences for key in alike.keys(s)}


def _fresh(name: str, training: set[str] | None, call: Call) -> tuple[Data, str]:
    """The attack without sentences that share a text with the training split, before or after the change.

    Custom splits take their training sentences from the dev sets that attacks are made of.
    """
    found, before = data.attacked(name, call.glue)
    if training is None:
        return found, "; not compared with the training split, which is not at hand"
    kept = [
        i
        for i, pair in enumerate(zip(found.sentences, before, strict=True))
        if training.isdisjoint(key for s in pair for key in alike.keys(s))
    ]
    if not kept:
        raise ValueError(f"reproduce: every sentence of {name} shares a text with the training split")
    fresh = found.take(np.array(kept, np.int64))
    left = f"; {len(found) - len(kept)} of {len(found)} left out, which share a text with the training split"
    return fresh.quick(QUICK_SENTENCES) if call.quick else fresh, left


def _summary(one: Seen, dev: Seen) -> list[Measurement]:
    right = right_at(one.trace, one.labels, one.layer)
    layers = statistics.mean_interval(one.layer)
    rows = [
        percent(one.row, ACCURACY, statistics.accuracy(one.full)),
        Measurement(one.row, EE_LAYER, layers.value, layers.low, layers.high),
        percent(one.row, EE_ACCURACY, statistics.accuracy(right)),
        percent(one.row, EE_COST, one.cost),
    ]
    return rows if one is dev else [*rows, percent(one.row, MORE, _beyond(one.cost, dev.cost))]


def _beyond(attack: Interval, dev: Interval) -> Interval:
    """The difference of two independent estimates."""
    both = added(attack, Interval(-dev.value, -dev.high, -dev.low, dev.confidence))
    value, low, high = (x - dev.value for x in (both.value, both.low, both.high))
    return Interval(value, low, high, both.confidence)


def _layers(one: Seen) -> list[Measurement]:
    found = accuracy_by_layer(one.trace, one.labels)
    return [
        percent(one.row, Quantity(f"accuracy_{layer}", f"accuracy after layer {layer}", "%"), a)
        for layer, a in found.items()
    ]


def _figure(case: Case, sets: Sequence[Seen]) -> Curves:
    lines = {one.name: (np.array(one.trace.layers), 100 * one.trace.accuracy(one.labels)) for one in sets}
    name = case.model.replace("/", "_")
    return Curves(name, f"{case.model}: accuracy after every layer", "layer", "accuracy %", lines)
