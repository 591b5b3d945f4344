"""Rules of early exit beside each other, replayed on one trace: entropy, confidence, patience, prediction."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from siliconbert import exits
from siliconbert.campaign import over_tasks, statistics
from siliconbert.campaign.exits import Layers, right_at
from siliconbert.campaign.outcome import Curves, Measurement, Outcome, Quantity, percent
from siliconbert.campaign.prediction import training_trace, with_lut
from siliconbert.campaign.setup import Call, Subject
from siliconbert.exits import Lut
from siliconbert.models import Trace

LAYER = Quantity("layer", "average exit layer", "layers")
PREDICTED = Quantity("predicted", "average predicted exit layer", "layers")
ACCURACY = Quantity("accuracy", "accuracy", "%")
FULL = Quantity("accuracy_full", "accuracy, all layers", "%")
_POINTS = 40  # thresholds on a curve


@dataclass(frozen=True)
class Plan:
    """Allowed drops of accuracy, and the layers to predict exits from where there is training text."""

    drops: Sequence[float]
    firsts: Sequence[int]


@dataclass(frozen=True)
class Rule:
    """One rule on one trace.

    setting   : what is chosen for a drop, "threshold" say, and its unit
    within    : allowed drop -> the setting; NaN where none keeps it
    leave     : setting -> exit layers, predicted layers (None where nothing is predicted)
    settings  : those that a curve goes through
    """

    name: str
    setting: Quantity
    within: Callable[[float], float]
    leave: Callable[[float], tuple[Layers, Layers | None]]
    settings: Sequence[float]


def run(table: str, call: Call, tasks: over_tasks.Plan, plan: Plan) -> Outcome:
    """The rows of every model that the zoo has for the tasks."""
    return over_tasks.run(call, tasks, lambda task, one: one_model(table, task, one, plan))


def one_model(table: str, task: str, call: Call, plan: Plan) -> Outcome:
    """For every allowed drop and rule its setting, average exit layer and accuracy."""
    assert call.model is not None
    subject, lut, origin = with_lut(call, call.model, task)
    trace = subject.traced(call)
    labels = subject.data.labels
    tables = {lut.first: lut} | _tables(subject, call, plan, lut)
    rules = [*_simple(trace, labels), *(_prediction(trace, labels, each) for each in tables.values())]
    last = trace.correct(labels)[:, -1]
    rows = [percent("model", FULL, statistics.accuracy(last))]
    for drop in plan.drops:
        for rule in rules:
            rows += _rows(f"{100 * drop:g} %, {rule.name}", rule, drop, trace, labels)
    header = (*subject.header(trace), origin, *_lines(tables))
    return Outcome(table, task, "model", header, tuple(rows), (_figure(rules, trace, labels),))


def _simple(trace: Trace, labels: ArrayLike) -> list[Rule]:
    """The rules that look at one sentence's exits alone."""
    doubts, answers = exits.doubt(trace.logits), trace.logits.argmax(axis=2)
    return [
        Rule(
            "entropy",
            Quantity("setting", "entropy threshold", "nat", 3),
            lambda drop: exits.threshold_for(trace, labels, drop),
            lambda t: (exits.by_entropy(trace.entropy, t), None),
            _spread(trace.entropy),
        ),
        Rule(
            "confidence",
            Quantity("setting", "largest doubt, 1 - probability", "", 4),
            lambda drop: exits.threshold_for(trace, labels, drop, exits.ConfidenceRule()),
            lambda t: (exits.by_confidence(trace.logits, t), None),
            _spread(doubts),
        ),
        Rule(
            "patience",
            Quantity("setting", "patience", "layers", 0),
            lambda drop: exits.patience_for(trace, labels, drop),
            lambda p: (exits.by_patience(answers, int(p)), None),
            range(1, len(trace.layers) + 1),
        ),
    ]


def _prediction(trace: Trace, labels: ArrayLike, lut: Lut) -> Rule:
    return Rule(
        f"prediction from layer {lut.first}",
        Quantity("setting", "entropy threshold", "nat", 3),
        lambda drop: exits.threshold_for(trace, labels, drop, exits.PredictionRule(lut)),
        lambda t: exits.by_prediction(trace.entropy, lut, t),
        _spread(trace.entropy),
    )


def _tables(subject: Subject, call: Call, plan: Plan, lut: Lut) -> dict[int, Lut]:
    """A table for every other start layer, from one trace of the training split, if there is one."""
    firsts = [
        first for first in plan.firsts if first != lut.first and first <= subject.model.shape.layers - 2
    ]
    trace = training_trace(subject, call) if firsts else None
    if trace is None:
        return {}
    return {first: exits.Predictor.train(trace.entropy, call.seed, first=first).distil() for first in firsts}


def _rows(row: str, rule: Rule, drop: float, trace: Trace, labels: ArrayLike) -> list[Measurement]:
    setting = rule.within(drop)
    if math.isnan(setting):
        return []
    layer, predicted = rule.leave(setting)
    right = right_at(trace, labels, layer)
    found = [Measurement(row, rule.setting, setting), _mean(row, LAYER, layer)]
    if predicted is not None:
        found.append(_mean(row, PREDICTED, predicted))
    return [*found, percent(row, ACCURACY, statistics.accuracy(right))]


def _mean(row: str, quantity: Quantity, layers: Layers) -> Measurement:
    x = statistics.mean_interval(layers)
    return Measurement(row, quantity, x.value, x.low, x.high)


def _lines(tables: dict[int, Lut]) -> list[str]:
    others = [str(first) for first in tables][1:]
    trained = f"; from layers {', '.join(others)}: trained now on the training split" if others else ""
    return [
        "rules: entropy (EdgeBERT's conventional exit), confidence (largest probability), patience (PABEE: "
        "that many layers in a row agree with the one before), prediction (EdgeBERT's latency-aware exit)"
        + trained,
        "settings: the fastest that, like all slower ones, keep the drop on the evaluated sentences",
    ]


def _spread(scores: ArrayLike) -> list[float]:
    return [float(t) for t in np.unique(np.quantile(np.asarray(scores), np.linspace(0.0, 1.0, _POINTS)))]


def _figure(rules: Sequence[Rule], trace: Trace, labels: ArrayLike) -> Curves:
    series = {}
    for rule in rules:
        layers = [rule.leave(setting)[0] for setting in rule.settings]
        points = [(float(each.mean()), 100 * float(right_at(trace, labels, each).mean())) for each in layers]
        x, y = np.array(sorted(points)).T
        series[rule.name] = (x, y)
    return Curves("rules", "Rules of early exit", "average exit layer", "accuracy, %", series)
