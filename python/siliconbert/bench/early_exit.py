"""`siliconbert bench exit`: what leaving early saves in time, and what it costs to have an exit a layer."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import numpy as np

from siliconbert import _core, exits, models
from siliconbert.bench import network, processor, turns
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.trace import albert_sentences, data_set
from siliconbert.bench.worker import peak_mib
from siliconbert.models import Model, Run, Trace

MODEL = "edgebert-mini/sst2"
MAX_DROP = 0.01
# Random weights are unsure everywhere: their thresholds make sentences leave after so many layers on average.
FORCED_LAYER = 6.0
# Share of the time of the last layer's answers alone that all exits may add; set before the first run.
MOST_FOR_EXITS = 0.03

Rule: TypeAlias = exits.EntropyRule | exits.PredictionRule


@dataclass(frozen=True)
class Case:
    """A model with an exit after every layer, sentences for it, and rules with their thresholds."""

    name: str
    model: Model
    data: Any
    trace: Trace
    rules: tuple[tuple[str, Rule, float], ...]

    @property
    def last_alone(self) -> Model:
        """The model without the classifiers between its layers."""
        kept = {name: v for name, v in self.model.tensors.items() if not name.startswith("ramps.")}
        return replace(self.model, tensors=kept)


def run(sentences: int = 872, repeats: int = 3, threads: int = 2, glue: Path | None = None) -> Result:
    """Checks that runs equal their traces' replay, then times both, and the last layer alone, in turn.

    errors: RuntimeError where a run differs from the replay
    """
    timings, footer = [], []
    for case in (_mini(sentences, threads, glue), *_alberts(sentences, threads, glue)):
        found = compare(case, repeats, threads)
        timings += found[0]
        footer += found[1]
    header = (
        f"processor: {processor.here()}",
        f"{MODEL}: thresholds that lose at most {MAX_DROP:.0%} of its accuracy on these sentences; the "
        "predictor was trained on them, too",
        f"ALBERT-base shape: random weights (seed 0), thresholds that force {FORCED_LAYER:g} layers on all",
        f"run: {threads} threads, {repeats} repeats in turn, load {os.getloadavg()[0]:.1f} at the end",
    )
    checked = "checked: exit layers and logits of every run are those of the trace's replay, bit by bit"
    return Result(header, tuple(timings), (checked, *footer), peak_mib())


def compare(case: Case, repeats: int, threads: int) -> tuple[list[Timing], list[str]]:
    """Checks and times one model."""
    runs = {name: case.model.run(case.data, limit, rule, threads) for name, rule, limit in case.rules}
    for name, rule, limit in case.rules:
        _check(case, rule, limit, runs[name])
    took = _measure(case, repeats, threads)
    return _timings(case, took), _lines(case, took, runs)


def _mini(sentences: int, threads: int, glue: Path | None) -> Case:
    """A trained model with both rules."""
    model, data = models.load(MODEL), data_set(sentences, glue)
    trace = model.trace(data, threads)
    predicting = exits.PredictionRule(exits.Predictor.train(trace.entropy).distil())
    rules: dict[str, Rule] = {"by entropy": exits.EntropyRule(), "by prediction": predicting}
    chosen = tuple(
        (name, rule, exits.threshold_for(trace, data.labels, MAX_DROP, rule)) for name, rule in rules.items()
    )
    # A prediction rule can lose more at any threshold.
    kept = tuple((name, rule, limit) for name, rule, limit in chosen if not np.isnan(limit))
    return Case(MODEL, model, data, trace, kept)


def _alberts(sentences: int, threads: int, glue: Path | None) -> list[Case]:
    ids, _ = albert_sentences(sentences, glue)
    made = network.in_formats(ids, threads)
    found = []
    for name, model in made.items():
        trace = model.trace(ids, threads)
        rule = ("by entropy", exits.EntropyRule(), forced(trace))
        found.append(Case(f"ALBERT-base {name}", model, ids, trace, (rule,)))
    return found


def forced(trace: Trace) -> float:
    """The threshold of a fine grid of quantiles whose mean exit layer is nearest to FORCED_LAYER."""
    tried = np.quantile(trace.entropy, np.linspace(0, 1, 201))
    return float(min(tried, key=lambda t: abs(exits.by_entropy(trace.entropy, t).mean() - FORCED_LAYER)))


def _check(case: Case, rule: Rule, threshold: float, found: Run) -> None:
    leave = rule.leaving(case.model.shape.layers, threshold)
    layer = np.asarray(_core.exits.replay(leave, rule.rows(case.trace)))
    taken = case.trace.logits[np.arange(len(layer)), layer - 1]
    if not (np.array_equal(found.layer, layer) and found.logits.tobytes() == taken.tobytes()):
        raise RuntimeError(f"bench: runs of {case.name} must equal their trace's replay, got others")


def _measure(case: Case, repeats: int, threads: int) -> dict[str, list[float]]:
    """Seconds of each way, `repeats` times in turn, after one turn that is not counted."""
    alone = case.last_alone
    ways: dict[str, Callable[[], object]] = {
        "last layer alone": lambda: alone.trace(case.data, threads),
        "all exits": lambda: case.model.trace(case.data, threads),
    }
    for name, rule, limit in case.rules:
        ways[name] = lambda rule=rule, limit=limit: case.model.run(case.data, limit, rule, threads)  # type: ignore[misc]
    turns.seconds(ways, 1)
    return turns.seconds(ways, repeats)


def _timings(case: Case, took: dict[str, list[float]]) -> list[Timing]:
    """Milliseconds a sentence; how many times as fast as the last layer alone."""
    base = median(took["last layer alone"])
    found = []
    for name, seconds in took.items():
        each = [1000 * s / len(case.trace) for s in seconds]
        floor = 1 / (1 + MOST_FOR_EXITS) if name == "all exits" else None
        ratio = None if name == "last layer alone" else base / median(seconds)
        found.append(Timing(f"{case.name}, {name}", median(each), min(each), max(each), ratio, floor))
    return found


def _lines(case: Case, took: dict[str, list[float]], runs: dict[str, Run]) -> list[str]:
    alone, every = median(took["last layer alone"]), median(took["all exits"])
    lines = [f"{case.name}, {len(case.trace)} sentences: all exits cost {every / alone - 1:+.1%}"]
    layers = case.model.shape.layers
    for name, _, limit in case.rules:
        mean = float(runs[name].layer.mean())
        gain, most = every / median(took[name]), layers / mean
        lines.append(
            f"{case.name}, {name} below {limit:.3g}: {mean:.2f} of {layers} layers, {gain:.2f} times as fast "
            f"as the trace, {gain / most:.0%} of the {most:.2f} that the layers allow"
        )
    return lines
