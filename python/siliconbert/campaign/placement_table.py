"""The smallest array for a model's table as a table of its own: chosen cells, candidates, sensitivity map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from siliconbert.campaign.assignments import Candidate
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity
from siliconbert.campaign.placement import Placement, place
from siliconbert.campaign.sensitivity_map import Loss
from siliconbert.campaign.setup import QUICK_TRIALS, STAND_IN, Call, prepare

AREA = Quantity("area", "area of the array", "mm^2", 4)
DROP = Quantity("accuracy_drop", "accuracy lost", "points")
FORECAST = Quantity("forecast", "forecast of the accuracy lost", "points")
EXPECTED = Quantity("events_expected", "expected misread cells per trial", "", 3)
TRIALS = Quantity("trials", "trials", "", 0)
FLIP = Quantity("loss_per_flip", "accuracy lost by one bit flip", "points", 7)
REFERENCE = "SLC mask, MLC2 values"


@dataclass(frozen=True)
class Plan:
    """What the task list asks for; see campaign.place."""

    model: str
    data: str
    tensor: str
    fmt: str
    cells: Sequence[str]
    ecc: Sequence[str]
    max_drop: float
    trials: int
    finalists: int
    map_trials: int


def run(table: str, task: str, call: Call, plan: Plan) -> Outcome:
    """EdgeBERT's own cells, then every candidate that went on trial, by area, then the map."""
    model, data = call.model or plan.model, call.data or plan.data
    if call.quick:
        plan = replace(plan, trials=QUICK_TRIALS, finalists=2, map_trials=3)
    subject = prepare(model, data, glue=call.glue, zoo=call.zoo, quick=call.quick)
    trace = subject.trace(threads=call.threads)
    found = place(
        subject.model,
        subject.data,
        plan.cells,
        plan.max_drop,
        plan.tensor,
        None if plan.tensor in subject.model.formats else plan.fmt,
        ecc=plan.ecc,
        trials=call.trials or plan.trials,
        finalists=plan.finalists,
        map_trials=plan.map_trials,
        seed=call.seed,
        threads=call.threads,
        progress=_counting(call, plan),
    )
    rows = [*_rows(REFERENCE, found.reference)]
    for each in found.tested:
        rows += _rows(f"{each.label}{' (chosen)' if each == found.chosen else ''}", each)
    rows += [_flips(each) for each in found.map.losses]
    header = (*subject.header(trace), STAND_IN, *_lines(found, plan, call))
    return Outcome(table, task, "model", header, tuple(rows), (found.figure(), found.map.figure()))


def _counting(call: Call, plan: Plan) -> Callable[[str], None] | None:
    """Counts what `place` reports: four fields and regions, parameters, candidates, the paper's cells."""
    bar, steps = call.progress(5 + plan.finalists + 1), count(1)
    return None if bar is None else lambda _: bar(next(steps))


def _rows(row: str, candidate: Candidate) -> list[Measurement]:
    found = [
        Measurement(row, AREA, candidate.area),
        Measurement(row, EXPECTED, candidate.expected),
        Measurement(row, FORECAST, 100 * candidate.forecast),
    ]
    if candidate.drop is None:
        return found
    x = candidate.drop
    drop = Measurement(row, DROP, 100 * x.value, 100 * x.low, 100 * x.high)
    return [found[0], drop, Measurement(row, TRIALS, candidate.trials), *found[1:]]


def _flips(loss: Loss) -> Measurement:
    x = loss.per_flip
    return Measurement(loss.stratum.label, FLIP, 100 * x.value, 100 * x.low, 100 * x.high)


def _lines(found: Placement, plan: Plan, call: Call) -> list[str]:
    limit = f"{100 * plan.max_drop:g} points"
    chosen = "no assignment was shown to lose less" if found.chosen is None else found.chosen.label
    return [
        f"asked: the smallest array for {plan.tensor} that loses less than {limit} with 95 % confidence, "
        "over trials and sentences",
        f"chosen: {chosen}",
        f"candidates: {len(found.candidates)} assignments of {', '.join(plan.cells)}, bare or with "
        f"{', '.join(plan.ecc)}, Gray coded; {len(found.front)} on the front of area and forecast, "
        f"{len(found.tested)} on trial until one failed; parameters in {plan.cells[0]}",
        "forecast: expected misreads, less what the codes mend, times the upper bound of the loss per flip",
        f"faults: level misreads of every cell, seed {call.seed}; bounds of accuracy lost with 95 % each, "
        f"loss per flip over {found.map.trials} trials, Student's t",
        "area: cells times the catalogue's area of each (the paper states neither MB nor node); a cell left "
        "with one bit has the levels of a one-bit cell and its own area, smaller than that in the catalogue",
    ]
