"""A matrix of a model in memory cells: what it takes, and what misreads do to the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siliconbert import faults
from siliconbert.campaign import area, over_tasks, statistics
from siliconbert.campaign.explanation import explain
from siliconbert.campaign.outcome import Curves, Measurement, Outcome, Quantity, percent
from siliconbert.campaign.setup import STAND_IN, Call, Subject, chosen
from siliconbert.models import Trace
from siliconbert.models.stored import Stored
from siliconbert.models.trials import Trials

CLEAN = Quantity("accuracy_clean", "accuracy without faults", "%")
MEAN = Quantity("accuracy_mean", "mean accuracy", "%")
MINIMUM = Quantity("accuracy_min", "minimum accuracy", "%")
EVENTS = Quantity("events", "misread cells per trial", "", 3)
EXPECTED = Quantity("events_expected", "expected misread cells per trial", "", 3)
RERUN = Quantity("sentences_touched", "sentences touched per trial", "", 1)
AREA = Quantity("area", "area of the array", "mm^2", 3)
LATENCY = Quantity("read_latency", "read latency of the values", "ns")


@dataclass(frozen=True)
class Plan:
    """What the task list asks for: the matrix, its format where the model has none of its own, its cells.

    cells : one row of measurements each; they hold the values, `mask_cell` all the rest
    """

    tensor: str
    fmt: str
    cells: Sequence[str]
    mask_cell: str


def run(table: str, call: Call, plan: Plan, tasks: over_tasks.Plan) -> Outcome:
    """Rows for every task that has a model."""
    return over_tasks.run(call, tasks, lambda task, one: one_task(table, task, one, plan))


def one_task(table: str, task: str, call: Call, plan: Plan) -> Outcome:
    """One row of measurements per cell that holds the values of the matrix."""
    subject = chosen(call, task)
    own = None if plan.tensor in subject.model.formats else plan.fmt
    images = {
        cell: subject.model.store(plan.tensor, own, "bitmask", {"values": cell, "*": plan.mask_cell})
        for cell in plan.cells
    }
    clean = next(iter(images.values())).trace(subject.data, threads=call.threads)
    right = clean.correct(subject.data.labels)[:, -1]
    found = [percent("no faults", CLEAN, statistics.accuracy(right))]
    trials, why = {}, []
    for cell, stored in images.items():
        trials[cell] = trials_of(stored, subject, clean, call)
        found += _accuracies(cell, stored, trials[cell], right)
        found += [*_events(cell, stored, trials[cell]), *_memory(cell, stored)]
        why += _minimum(cell, stored, subject, clean, trials[cell], call)
    header = (*subject.header(clean), STAND_IN, *_lines(images, plan, call), *why)
    return Outcome(table, task, "model", header, tuple(found), (_figure(trials),))


def trials_of(stored: Stored, subject: Subject, clean: Trace, call: Call) -> Trials:
    """As many trials of level misreads as the call asks for."""
    count = call.count_of_trials()
    return stored.trials(
        faults.CellMisread(),
        subject.data,
        clean=clean,
        seed=call.seed,
        trials=range(count),
        threads=call.threads,
        progress=call.progress(count),
    )


def mean_accuracy(stored: Stored, trials: Trials, right: NDArray[np.bool_]) -> statistics.Interval:
    """Of level misreads, over trials and sentences; right: which sentences are without faults."""
    # That a trial has any event is at most as likely as the expected number of them.
    unchanged = max(0.0, 1.0 - sum(faults.expected(stored.image, faults.CellMisread()).values()))
    return statistics.campaign_interval(trials.answers(), clean=right, unchanged=unchanged)


def _accuracies(cell: str, stored: Stored, trials: Trials, right: NDArray[np.bool_]) -> list[Measurement]:
    mean = mean_accuracy(stored, trials, right)
    return [percent(cell, MEAN, mean), Measurement(cell, MINIMUM, 100 * float(trials.accuracy.min()))]


def _events(cell: str, stored: Stored, trials: Trials) -> list[Measurement]:
    count = len(trials.trials)
    seen = statistics.poisson(int(trials.events.sum()), confidence=0.95)
    expected = sum(faults.expected(stored.image, faults.CellMisread()).values())
    return [
        Measurement(cell, EVENTS, seen.value / count, seen.low / count, seen.high / count),
        Measurement(cell, EXPECTED, expected),
        Measurement(cell, RERUN, float(trials.rerun.mean())),
    ]


def _memory(cell: str, stored: Stored) -> list[Measurement]:
    found = [
        Measurement(cell, Quantity(f"{region}_bits", f"bits of {region}", "bit", 0), bits)
        for region, bits in stored.image.bits.items()
    ]
    return [
        *found,
        Measurement(cell, AREA, area.total(stored.image)),
        Measurement(cell, LATENCY, area.read_latency_ns(stored.image)),
    ]


def _minimum(
    cell: str, stored: Stored, subject: Subject, clean: Trace, trials: Trials, call: Call
) -> list[str]:
    """The worst trial of a cell in words, where it is worse than the model without faults."""
    worst = int(trials.correct.argmin())
    if trials.correct[worst] >= clean.correct(subject.data.labels)[:, -1].sum():
        return []
    trial = int(trials.trials[worst])
    found = explain(stored, faults.CellMisread(), subject.data, call.seed, trial, clean, call.threads)
    first, *rest = found.brief()
    return [f"minimum of {cell}: {first}", *rest]


def _lines(images: dict[str, Stored], plan: Plan, call: Call) -> list[str]:
    stored = next(iter(images.values()))
    kept = stored.mask(plan.tensor).mean()
    rows, columns = stored.image.shape
    return [
        f"stored: {plan.tensor}, {rows} x {columns}, {100 * kept:.1f} % kept, as {stored.image.format}; "
        f"{stored.image.bytes / area.MEBIBYTE:.2f} MiB, mask and parameters in {plan.mask_cell}",
        f"faults: level misreads of every cell, {call.count_of_trials()} trials, seed {call.seed}",
        "intervals: of the mean accuracy over trials and sentences, allowing for a collapse not seen yet; of "
        "counts after Poisson",
        "area: cells times the catalogue's area of each (the paper states neither MB nor node)",
    ]


def _figure(trials: dict[str, Trials]) -> Curves:
    wrong = {cell: np.sort(100 * (1 - t.accuracy)) for cell, t in trials.items()}
    series = {cell: (np.arange(1, len(each) + 1), each) for cell, each in wrong.items()}
    title = "Wrong answers with a faulty memory"
    return Curves("errors", title, "trial, best first", "wrong answers, %", series)
