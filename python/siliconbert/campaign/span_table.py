"""The table of learned attention spans: spans of every head, what they save and cost in accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from siliconbert import hardware
from siliconbert.campaign import over_tasks, statistics, twins
from siliconbert.campaign.outcome import Bars, Measurement, Outcome, Quantity, percent
from siliconbert.campaign.setup import STAND_IN, Call, Subject, chosen
from siliconbert.models import Model, Spans, Trace

SPAN = Quantity("span", "learned span", "tokens", 1)
AVERAGE = Quantity("average_span", "average span", "tokens", 1)
HEADS_OFF = Quantity("heads_off", "heads off", "", 0)
FACTOR = Quantity("operations_factor", "operations, without / with spans; {shape}", "x", 3)
WITH = Quantity("accuracy_with", "accuracy with spans", "%")
WITHOUT = Quantity("accuracy_without", "accuracy, the same model without spans", "%")
CHANGE = Quantity("accuracy_change", "with less without", "points")
TWIN = Quantity("twin_change", "with spans less trained without, mean over seeds", "points")

_COUNTER = "edgebert-12nm"  # products are the same on every accelerator


@dataclass(frozen=True)
class Plan:
    """What the task list asks for.

    reference_shape, heads_off : the paper's model, and how many of its heads are off in each task
    sequence                   : tokens that operations are counted at
    folder                     : of the twins' answers
    without, with_             : suffixes of the twins trained without and with spans, else alike
    """

    reference_shape: str
    heads_off: Mapping[str, int]
    sequence: int
    folder: Path
    without: str
    with_: str


def run(table: str, call: Call, tasks: over_tasks.Plan, plan: Plan) -> Outcome:
    """The rows of every model that the zoo has for the tasks, then the paper's heads by our counting rule."""
    found = over_tasks.run(call, tasks, lambda task, one: one_model(table, task, one, plan))
    many = found.task == "*"
    rule = [
        Measurement(
            f"{task} {row}" if many else row,
            _factor(plan.reference_shape),
            operations_factor(plan.reference_shape, plan.sequence, [{"heads_off": off}]),
        )
        for task, off in plan.heads_off.items()
        if many or task == found.task
        for row in [f"{off} of {hardware.shape(plan.reference_shape).heads} heads off"]
    ]
    return replace(found, measurements=(*found.measurements, *rule))


def one_model(table: str, task: str, call: Call, plan: Plan) -> Outcome:
    """Spans, savings and accuracies of one model; header lines alone where it has no spans."""
    subject = chosen(call, task)
    model, spans = subject.model, subject.model.spans
    if spans is None:
        return Outcome(table, task, "model", (f"no spans in {model.name}",), ())
    trace = subject.traced(call)
    bare = model.with_spans(None).trace(subject.data, threads=call.threads)
    change, lines = _change(twins.Twins(plan.folder, subject), plan)
    rows = [*_spans(spans), *_savings(model, spans, plan), *_accuracies(subject, trace, bare), *change]
    header = (*subject.header(trace), _window(spans), STAND_IN, *lines, _counted(plan))
    return Outcome(table, task, "model", header, tuple(rows), (_figure(spans),))


def operations_factor(shape: Any, sequence: int, layers: Sequence[Mapping[str, Any]]) -> float:
    """Multiply-accumulates of an encoder's layers without spans over those with them.

    layers : what every layer has (of layers that share their weights one is enough): heads_off, or spans and
             the rule of counting, as in hardware.Accelerator.layer. The paper's rule fits edgebert_micro2021,
             Sec. 3.2: a head that is off saves its part of the query, key and value projections, of the
             scores and of the context; narrow windows save nothing
    """
    machine = hardware.accelerator(_COUNTER)
    full = machine.layer(shape, sequence).macs * len(layers)
    return full / sum(machine.layer(shape, sequence, **work).macs for work in layers)


def _spans(spans: Spans) -> list[Measurement]:
    sets, heads = spans.values.shape
    about = [
        Measurement("model", AVERAGE, spans.mean),
        Measurement("model", HEADS_OFF, spans.heads_off),
    ]
    if sets > 1:
        return about + [
            Measurement(f"layers {i} of {sets}", quantity, value)
            for i, row in enumerate(spans.values, 1)
            for quantity, value in ((AVERAGE, float(row.mean())), (HEADS_OFF, float((row == 0).sum())))
        ]
    order = np.argsort(-spans.values[0], kind="stable")
    rank = {int(head): place for place, head in enumerate(order, 1)}
    return about + [
        Measurement(f"head {h + 1}", SPAN, float(spans.values[0, h]), beside=f"widest {rank[h]}")
        for h in range(heads)
    ]


def _savings(model: Model, spans: Spans, plan: Plan) -> list[Measurement]:
    layers = [Spans([row], spans.ramp, spans.variant, spans.renormalise) for row in spans.values]
    shapes: dict[str, tuple[Any, str]] = {"this model": (model.shape, "_own")}
    if len(layers) == 1 and model.shape.heads == hardware.shape(plan.reference_shape).heads:
        shapes[plan.reference_shape] = (plan.reference_shape, "")
    return [
        Measurement(
            "model",
            _factor(f"{label}{words}", f"{end}{suffix}"),
            operations_factor(shape, plan.sequence, [{"spans": each, "rule": rule} for each in layers]),
        )
        for label, (shape, suffix) in shapes.items()
        for rule, words, end in (("paper", "", ""), ("window", ", windows counted", "_window"))
    ]


def _factor(shape: str, suffix: str = "") -> Quantity:
    return replace(FACTOR, name=FACTOR.name + suffix, label=FACTOR.label.format(shape=shape))


def _accuracies(subject: Subject, trace: Trace, bare: Trace) -> list[Measurement]:
    with_, without = (each.correct(subject.data.labels)[:, -1] for each in (trace, bare))
    return [
        percent("model", WITHOUT, statistics.accuracy(without)),
        percent("model", WITH, statistics.accuracy(with_)),
        percent("model", CHANGE, statistics.paired_difference(without, with_)),
    ]


def _change(at: twins.Twins, plan: Plan) -> tuple[list[Measurement], list[str]]:
    """What the spans alone cost where twins were trained with and without them."""
    found = twins.change(at.of(plan.without), at.of(plan.with_))
    if found is None:
        return [], [
            f"no twins on file that were trained with and without spans and are else alike ({plan.without})"
        ]
    return [percent("model", TWIN, found.difference)], [f"twins without and with spans: {found.line()}"]


def _window(spans: Spans) -> str:
    norm = "" if spans.renormalise else ", not renormalised"
    return f"spans: {spans.variant}, ramp {spans.ramp:g} tokens{norm}; the average is without the ramp"


def _counted(plan: Plan) -> str:
    return (
        f"operations: of the encoder at {plan.sequence} tokens; a head that is off saves its part of the "
        "projections, scores and context, a narrow window nothing (so the paper's factors come out) unless "
        "it is counted too, as the engine skips it"
    )


def _figure(spans: Spans) -> Bars:
    heads = np.arange(1, spans.values.shape[1] + 1)
    series = {"mean over layers" if len(spans.values) > 1 else "learned": spans.values.mean(axis=0)}
    return Bars("spans", "Learned attention spans", "head", "span, tokens", heads, series)
