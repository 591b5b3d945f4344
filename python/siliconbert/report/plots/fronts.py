"""Accuracy against what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from siliconbert.campaign import grid
from siliconbert.report import style
from siliconbert.report.plots import labels
from siliconbert.report.plots.plot import Plot, Record
from siliconbert.report.stored import Stored

_POINTS = 1500  # that are drawn
# Key of the records -> how it is called, and what it is multiplied with.
_COSTS = {
    "energy_mj": ("energy of a sentence, mJ", 1.0),
    "latency_ms": ("latency of a sentence, ms", 1.0),
    "bytes": ("stored tensor, kB", 1e-3),
    "area_mm2": ("area of the memory cells, mm\N{SUPERSCRIPT TWO}", 1.0),
}


def fronts(stored: Stored, records: list[Record]) -> Iterator[Plot]:
    """Accuracy over each cost that differs, and the configurations that none beats in both."""
    for name, (label, _) in _COSTS.items():
        costed = [r for r in records if r.get(name) is not None]
        if len({r[name] for r in costed}) < 2:
            continue
        few = f" Not all {len(costed)} points are drawn." if len(costed) > _POINTS else ""
        yield Plot(
            f"front_{name}",
            f"Accuracy over {label.split(',')[0]}",
            "Every point is a configuration; the line joins those that none beats in both; #: the row of the "
            f"table.{few}",
            lambda axes, name=name, costed=costed: _draw(axes, costed, name),  # type: ignore[misc]
            1.2,
        )


def _draw(axes: Axes, records: list[Record], name: str) -> None:
    label, factor = _COSTS[name]
    x, y = (np.array([r[key] for r in records]) * f for key, f in ((name, factor), ("accuracy", 100.0)))
    colours = np.array(_coloured(records))
    groups = list(dict.fromkeys(colours.tolist()))
    step = -(-len(records) // _POINTS)
    for i, group in enumerate(groups):
        at = np.flatnonzero(colours == group)[::step]
        axes.plot(x[at], y[at], style.MARKERS[i], color=style.COLOURS[i], markersize=4, alpha=0.7,
                  markeredgewidth=0, label=group)  # fmt: skip
    best = front(list(zip(x.tolist(), y.tolist(), strict=True)))
    axes.step(x[best], y[best], where="post", color=style.COLOURS[6], linewidth=0.8)
    axes.margins(y=0.12)
    for i in _apart(best, x, y):
        axes.annotate(f"#{records[i]['number']}", (x[i], y[i]), fontsize=6.5, xytext=(0, 4),
                      textcoords="offset points", ha="center")  # fmt: skip
    axes.set(xlabel=label, ylabel="accuracy, %")
    if len(groups) > 1:
        style.legend(axes)


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indices of the points (cost, value) that none beats: at most the cost and at least the value.

    >>> front([(2, 0.8), (1, 0.7), (3, 0.75), (1, 0.6)])
    [1, 0]
    """
    best, found = -np.inf, []
    for i in sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1])):
        if points[i][1] > best:
            best = points[i][1]
            found.append(i)
    return found


def _apart(best: list[int], x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> list[int]:
    """The most accurate point of the front, and those whose labels do not stand on one another."""
    found: list[int] = []
    for i in reversed(best):
        distances = [
            np.hypot((x[i] - x[j]) / (np.ptp(x) or 1.0), (y[i] - y[j]) / (np.ptp(y) or 1.0)) for j in found
        ]
        if not distances or min(distances) > 0.12:
            found.append(i)
    return found


def _coloured(records: list[Record]) -> list[str]:
    """For every record its value of the label by whose values colours tell points apart best."""
    counts = {name: len({r[name] for r in records}) for name in grid.LABELS}
    fit = [name for name, count in counts.items() if 1 < count <= len(style.MARKERS) - 1]
    if not fit:
        return [""] * len(records)
    texts = labels.labels(records, [max(fit, key=lambda each: counts[each])])
    short = dict(zip(dict.fromkeys(texts), labels.shortened(dict.fromkeys(texts)), strict=True))
    return [short[text] for text in texts]
