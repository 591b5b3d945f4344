"""What every step of compression costs: accuracy from the unpruned twin to the compressed, faulty model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from siliconbert.campaign import over_tasks, storage_faults, twins
from siliconbert.campaign.interval import wilson_share
from siliconbert.campaign.outcome import Bars, Measurement, Outcome, Quantity, percent
from siliconbert.campaign.setup import STAND_IN, Call, Subject, chosen
from siliconbert.campaign.statistics import Interval
from siliconbert.campaign.twins import Right, Twins

ACCURACY = Quantity("accuracy", "accuracy, mean over seeds", "%")
SEEDS = Quantity("seeds", "seeds", "", 0)
CHANGE = Quantity("change", "less {step}, same seeds", "points")
LOST = Quantity("lost", "right answers lost against {step}, mean over seeds", "sentences", 1)


@dataclass(frozen=True)
class Plan:
    """What the task list asks for.

    steps  : row -> suffix of the twins' names, first to last; the last step is the model of the zoo itself
    faults : row of that model with a matrix in memory cells
    memory : the matrix, its format where the model has none of its own, and the cells
    folder : of the twins' answers
    """

    steps: Mapping[str, str]
    faults: str
    memory: storage_faults.Plan
    folder: Path


@dataclass
class Found:
    """Step -> seed -> right answers, accuracies with intervals, and reasons for steps that lack."""

    right: dict[str, dict[int, Right]] = field(default_factory=dict)
    accuracy: dict[str, Interval] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def run(table: str, call: Call, tasks: over_tasks.Plan, plan: Plan) -> Outcome:
    """The rows of every model that the zoo has for the tasks."""
    return over_tasks.run(call, tasks, lambda task, one: one_model(table, task, one, plan))


def one_model(table: str, task: str, call: Call, plan: Plan) -> Outcome:
    """One row a step; the header names those whose model or answers are not at hand."""
    subject = chosen(call, task)
    trace = subject.traced(call)
    found = Found()
    first, *_, last = plan.steps
    for step, suffix in plan.steps.items():
        own = {1: trace.correct(subject.data.labels)[:, -1]} if step == last else {}
        _add(found, step, suffix, own, Twins(plan.folder, subject))
    rows = [m for step in found.right for m in _rows(step, found)]
    faults = _faults(plan, subject, call)
    found.accuracy[plan.faults] = faults
    rows.append(percent(plan.faults, ACCURACY, faults))
    overall = twins.change(found.right.get(first, {}), found.right[last])
    lines = [f"{last} against {first}: {overall.line()}"] if overall else []
    header = (*subject.header(trace), STAND_IN, *lines, *found.missing, *_notes(plan))
    return Outcome(table, task, "model", header, tuple(rows), (_figure(found, plan),))


def _add(found: Found, step: str, suffix: str, own: dict[int, Right], at: Twins) -> None:
    right = at.of(suffix) | own
    if not right:
        name = f"{at.name(suffix)}_predictions.csv"
        found.missing.append(f"missing: {step}; there is no {name} among the results")
        return
    found.right[step] = right
    share = float(np.mean([each.mean() for each in right.values()]))
    found.accuracy[step] = wilson_share(share, len(at.subject.data), 0.95)


def _rows(step: str, found: Found) -> list[Measurement]:
    rows = [
        percent(step, ACCURACY, found.accuracy[step]),
        Measurement(step, SEEDS, len(found.right[step])),
    ]
    before = list(found.right)[: list(found.right).index(step)]
    for number, other in enumerate(dict.fromkeys([*before[-1:], *before[:1]])):
        if change := twins.change(found.right[other], found.right[step]):
            rows.append(percent(step, _named(CHANGE, other, number), change.difference))
            rows.append(_lost(step, _named(LOST, other, number), change, found))
    return rows


def _lost(step: str, quantity: Quantity, change: twins.Change, found: Found) -> Measurement:
    x, sentences = change.bootstrap, len(next(iter(found.right[step].values())))
    return Measurement(step, quantity, -x.value * sentences, -x.high * sentences, -x.low * sentences)


def _named(quantity: Quantity, step: str, number: int) -> Quantity:
    suffix = "" if number == 0 else "_in_all"
    return Quantity(quantity.name + suffix, quantity.label.format(step=step), quantity.unit, quantity.digits)


def _faults(plan: Plan, subject: Subject, call: Call) -> Interval:
    memory = plan.memory
    own = None if memory.tensor in subject.model.formats else memory.fmt
    cells = {"values": memory.cells[0], "*": memory.mask_cell}
    stored = subject.model.store(memory.tensor, own, "bitmask", cells)
    clean = stored.trace(subject.data, threads=call.threads)
    trials = storage_faults.trials_of(stored, subject, clean, call)
    right = clean.correct(subject.data.labels)[:, -1]
    return storage_faults.mean_accuracy(stored, trials, right)


def _notes(plan: Plan) -> Sequence[str]:
    return (
        "steps before the last: answers of twins that are not shipped (results/*_predictions.csv), in fp32; "
        "each is trained as the one before, and with its own step",
        f"{plan.faults}: {plan.memory.tensor} in {plan.memory.cells[0]}, mask in {plan.memory.mask_cell}; "
        "mean over trials, the interval allows for a collapse not seen yet",
        "intervals: change by Bonett and Price (paired, Wald), right answers lost by the paired bootstrap; "
        "over sentences, for these seeds",
    )


def _figure(found: Found, plan: Plan) -> Bars:
    steps = [*plan.steps, plan.faults]
    nan = float("nan")
    wrong = [100 * (1 - found.accuracy[step].value) if step in found.accuracy else nan for step in steps]
    low = [100 * (1 - found.accuracy[step].high) if step in found.accuracy else nan for step in steps]
    high = [100 * (1 - found.accuracy[step].low) if step in found.accuracy else nan for step in steps]
    labels = tuple(step if step in found.accuracy else f"{step} (missing)" for step in steps)
    return Bars(
        "steps",
        "What each step costs",
        "",
        "wrong answers, %",
        np.arange(len(steps)),
        {"wrong": np.array(wrong)},
        labels,
        {"wrong": (np.array(low), np.array(high))},
    )
