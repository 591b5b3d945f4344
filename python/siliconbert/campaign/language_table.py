"""Accuracy of language models over prune ratio and pattern, from the rows of trained ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siliconbert.campaign import language_runs
from siliconbert.campaign.interval import Interval
from siliconbert.campaign.language_runs import LanguageRun
from siliconbert.campaign.outcome import Curves, Measurement, Outcome, Quantity, percent
from siliconbert.campaign.quantiles import student
from siliconbert.campaign.setup import Call

ACCURACY = Quantity("accuracy", "accuracy of the next word", "%")
SHARE = Quantity("share", "share of the dense accuracy", "%")
PERPLEXITY = Quantity("perplexity", "perplexity", "", 1)
KEPT = Quantity("kept", "decoder weights kept", "%", 1)
ROWS = "language_models.csv"
ATTENTIONS = ("causal", "unmasked")
WHAT = (
    "causal: a place sees the words up to its own. unmasked: it sees its whole window and can copy the word "
    "it is to foretell, at all places but a window's last (at most 34/35 and what is guessed there): the "
    "reading under which the paper's 95 % are possible; its mask is not said",
    "95 % intervals: of one model over windows, as if windows were independent; of several seeds over the "
    "seeds' accuracies (Student's t)",
)


@dataclass(frozen=True)
class Plan:
    """Which rows a table shows.

    ratio    : of the comparison at one prune ratio
    patterns : of the curves, and the published row each stands beside at `ratio`
    """

    table: str
    ratio: float
    patterns: dict[str, str]


def curves(plan: Plan, call: Call, folder: Path) -> Outcome:
    """Accuracy over prune ratio, every point from the same model after ADMM (Figure 7).

    folder : holds language_models.csv, see language_runs; another folder of runs by --model
    """
    header, runs = _runs(call, folder / ROWS)
    points = [run for run in runs if run.admm and run.cut and "curve" in run.name]
    rows, series = [], {}
    for attention in ATTENTIONS:
        for pattern, beside in plan.patterns.items():
            found = sorted(
                (r for r in points if (r.attention, r.pattern) == (attention, pattern)), key=lambda r: r.ratio
            )
            rows += [_point(plan, run, beside) for run in found]
            if found:
                dense = _dense(runs, attention)
                line = [(0.0, dense)] if dense is not None else []
                line += [(run.ratio, run.accuracy) for run in found]
                x, y = (np.array(values) for values in zip(*line, strict=True))
                series[f"{attention}, {pattern}"] = (x, 100 * y)
    if not rows:
        raise ValueError(
            f"reproduce: {plan.table} needs rows of a curve in {ROWS}; train the lm-curve recipes"
        )
    figure = Curves("accuracy", "Next word after pruning", "prune ratio", "accuracy, %", series)
    return Outcome(plan.table, "*", "model", (*header, *WHAT), tuple(rows), (figure,))


def _point(plan: Plan, run: LanguageRun, beside: str) -> Measurement:
    row = f"{run.attention} {run.pattern} {run.ratio:g}"
    there = beside if run.ratio == plan.ratio else None
    found = percent(row, ACCURACY, run.interval)
    return Measurement(row, ACCURACY, found.value, found.low, found.high, there, run.attention)


def comparison(plan: Plan, call: Call, folder: Path) -> Outcome:
    """What is left of the dense accuracy at one prune ratio: every pattern, mean of its seeds."""
    header, runs = _runs(call, folder / ROWS)
    runs = [run for run in runs if "curve" not in run.name]
    rows: list[Measurement] = []
    for attention in ATTENTIONS:
        ours = [run for run in runs if run.attention == attention]
        if ours and attention == "causal":
            rows.append(Measurement("bigram model", ACCURACY, 100 * ours[0].bigram))
        for label, seeds in _groups(ours, plan.ratio).items():
            rows += _group(f"{attention} {label}", seeds, _dense(runs, attention), plan.patterns)
    if not rows:
        raise ValueError(f"reproduce: {plan.table} needs rows of language models in {ROWS}, it has none")
    return Outcome(plan.table, "*", "model", (*header, *WHAT), tuple(rows))


def _groups(runs: Sequence[LanguageRun], ratio: float) -> dict[str, list[LanguageRun]]:
    """Runs that differ in their seed only, by what they are."""
    found: dict[str, list[LanguageRun]] = {}
    for run in sorted(runs, key=lambda r: (r.pattern != "dense", r.cut, r.name)):
        if run.cut and run.ratio != ratio:
            continue
        how = "" if run.cut or not run.admm else " after ADMM, not cut"
        how += " without ADMM" if run.cut and not run.admm else ""
        found.setdefault(f"{run.pattern}{how}, {run.epochs} epochs", []).append(run)
    return found


def _group(
    label: str, seeds: list[LanguageRun], dense: float | None, published: dict[str, str]
) -> list[Measurement]:
    count = len({run.seed for run in seeds})
    row = f"{label}, {count} seed{'s' * (count > 1)}"
    interval = seeds[0].interval if count == 1 else _over_seeds([run.accuracy for run in seeds])
    mean = interval.value
    beside = published.get(seeds[0].pattern) if seeds[0].cut and seeds[0].admm else None
    low, high = 100 * interval.low, 100 * interval.high
    rows = [Measurement(row, ACCURACY, 100 * mean, low, high, beside, seeds[0].attention)]
    if dense is not None and seeds[0].pattern != "dense":
        rows.append(Measurement(row, SHARE, 100 * mean / dense))
    rows.append(Measurement(row, PERPLEXITY, float(np.mean([run.perplexity for run in seeds]))))
    if seeds[0].cut:
        rows.append(Measurement(row, KEPT, 100 * float(np.mean([run.kept for run in seeds]))))
    return rows


def _over_seeds(accuracies: Sequence[float]) -> Interval:
    mean, count = float(np.mean(accuracies)), len(accuracies)
    half = student(0.975, count - 1) * float(np.std(accuracies, ddof=1)) / math.sqrt(count)
    return Interval(mean, mean - half, mean + half)


def _dense(runs: Sequence[LanguageRun], attention: str) -> float | None:
    """Mean accuracy of the dense models that pruning started from: those of the fewest epochs."""
    found = [run for run in runs if run.attention == attention and run.pattern == "dense"]
    least = min((run.epochs for run in found), default=0)
    return float(np.mean([run.accuracy for run in found if run.epochs == least])) if found else None


def _runs(call: Call, path: Path) -> tuple[list[str], list[LanguageRun]]:
    """The rows of a folder of runs where the call names one (--model), else those in the file."""
    if call.model is not None:
        return [f"runs: {call.model}"], language_runs.collect(Path(call.model))
    if not path.is_file():
        raise ValueError(
            f"reproduce: rows of language models must be in {path}; or give --model RUNS, see train"
        )
    return language_runs.read(path)
