"""How `siliconbert evaluate` prints what it found: tables, and the JSON document."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siliconbert.cli import console

if TYPE_CHECKING:
    from siliconbert.campaign.answers import Comparison
    from siliconbert.campaign.language_quality import Foretold
    from siliconbert.campaign.quality import Quality, Scores
    from siliconbert.campaign.statistics import Interval
    from siliconbert.data import Data


def show(found: list[Quality]) -> None:
    """For every split the header and a table with a row for each layer."""
    for each in found:
        console.say(*each.answers.header)
        title = "Accuracy" if list(each.scores[-1]) == ["accuracy"] else "Metrics"
        rows = [[str(layer), *_entries(scores)] for layer, scores in each.by_layer()]
        console.show_table(f"{title} after every layer", ["exit layer", *_columns(each)], rows)
        if each.doubt is not None:
            console.say("", f"note: {each.doubt}")


def show_foretold(found: Foretold) -> None:
    """How well a language model foretells the next word."""
    console.say(*found.header)
    rows = [
        ["accuracy %", *_entry(found.accuracy)],
        ["accuracy of the bigram model %", f"{100 * found.bigram:.2f}", ""],
        ["perplexity", f"{found.perplexity:.1f}", ""],
    ]
    console.show_table("Next word", ["", "ours", "95 % interval"], rows)


def show_exits(threshold: float | None, left: tuple[float, Interval] | None) -> None:
    """Where sentences leave, if a threshold was given."""
    if left is not None:
        layer, a = left
        right = f"{100 * a.value:.2f} % ({100 * a.low:.2f} .. {100 * a.high:.2f})"
        console.say("", f"Leaving below {threshold} nats: layer {layer:.2f} on average, {right} right")


def show_versus(against: Path | None, versus: Comparison | None) -> None:
    """What was lost against another model's answers, if any were given."""
    if versus is not None:
        d = versus.difference
        points = f"{100 * d.value:+.2f} points ({100 * d.low:+.2f} .. {100 * d.high:+.2f})"
        console.say("", f"Against {against}, last layer: {versus.lost} right answers lost, {points},")
        console.say(f"McNemar p = {versus.p_value:.3f}")


def _columns(each: Quality) -> list[str]:
    from siliconbert.campaign.quality import LABELS

    return [column for name in each.scores[-1] for column in (LABELS[name], "95 % interval")]


def _entries(scores: Scores) -> list[str]:
    return [entry for a in scores.values() for entry in _entry(a)]


def _entry(a: Interval) -> tuple[str, str]:
    if math.isnan(a.value):
        return "", "not defined"
    return f"{100 * a.value:.2f}", f"{100 * a.low:.2f} .. {100 * a.high:.2f}"


def show_all(found: list[Quality], exits: bool) -> None:
    """A row for every task and metric, at the last exit or at all of them; then where the data are from."""
    from siliconbert.campaign.quality import LABELS

    rows = []
    for each in found:
        data = each.subject.data
        for layer, scores in each.by_layer() if exits else each.by_layer()[-1:]:
            rows += [
                [_name(data), each.subject.model.name, str(layer), str(len(data)), LABELS[name], *_entry(a)]
                for name, a in scores.items()
            ]
    columns = ["task", "model", "exit layer", "sentences", "metric", "value", "95 % interval"]
    console.show_table("GLUE", columns, rows, grouped=True)
    console.say("", *dict.fromkeys(line for each in found for line in each.answers.header[1:]))
    console.say(*(f"note: {each.subject.data.task}: {each.doubt}" for each in found if each.doubt))


def _name(data: Data) -> str:
    return data.task + (" mismatched" if data.split == "dev_mismatched" else "")


def document(
    found: list[Quality],
    threshold: float | None = None,
    left: tuple[float, Interval] | None = None,
    versus: Comparison | None = None,
) -> dict[str, Any]:
    """Everything as one record; `metrics` has an entry for every model, split, layer and metric."""
    document: dict[str, Any] = {
        "header": list(dict.fromkeys(line for each in found for line in each.answers.header)),
        "notes": [each.doubt for each in found if each.doubt],
        "metrics": [record for each in found for record in _records(each)],
    }
    if left is not None:
        layer, a = left
        document["early_exit"] = {
            "threshold": threshold,
            "average_layer": layer,
            "accuracy": a.value,
            "low": a.low,
            "high": a.high,
        }
    if versus is not None:
        document["against"] = {
            "lost": versus.lost,
            "difference": versus.difference.value,
            "low": versus.difference.low,
            "high": versus.difference.high,
            "p_value": versus.p_value,
        }
    return document


def _records(each: Quality) -> list[dict[str, Any]]:
    """One a layer and metric; values in -1..1, null where a metric is not defined."""
    subject = each.subject
    return [
        {
            "model": subject.model.name,
            "task": subject.data.task,
            "split": subject.data.split,
            "layer": layer,
            "metric": name,
            **{
                key: None if math.isnan(x) else x
                for key, x in (("value", a.value), ("low", a.low), ("high", a.high))
            },
        }
        for layer, scores in each.by_layer()
        for name, a in scores.items()
    ]
