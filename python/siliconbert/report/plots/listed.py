"""Accuracy of every configuration."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from siliconbert.campaign import grid
from siliconbert.report import style
from siliconbert.report.plots import labels
from siliconbert.report.plots.plot import Plot, Record
from siliconbert.report.stored import Stored

_LISTED = 24  # configurations with a row each


def listed(stored: Stored, records: list[Record]) -> Iterator[Plot]:
    """Every configuration's accuracy with its interval, or those of the least accurate."""
    distinct = labels.once(records)
    if len(distinct) < 2:
        return
    named = zip(labels.labels(distinct, grid.LABELS), distinct, strict=True)
    worst = sorted(named, key=lambda each: each[1]["accuracy"])[:_LISTED]
    shown = [(f"{labels.cut(label, 34)} #{record['number']}", record) for label, record in worst]
    few = f" The {_LISTED} least accurate of {len(distinct)}." if len(distinct) > _LISTED else ""
    yield Plot(
        "configurations",
        "Accuracy by configuration",
        f"Mean over trials with its {labels.confidence(stored)} interval; triangles: the worst trial; "
        f"hollow: without faults. #: the row of the table.{few}",
        lambda axes: _draw(axes, shown),
        max(0.6, 0.35 + 0.055 * len(worst)),
    )


def _draw(axes: Axes, shown: list[tuple[str, Record]]) -> None:
    y = np.arange(len(shown))
    mean, low, high, least, clean = (
        100 * np.array([r[name] for _, r in shown])
        for name in ("accuracy", "low", "high", "minimum", "clean")
    )
    blue, red = style.COLOURS[0], style.COLOURS[5]
    axes.errorbar(mean, y, xerr=(mean - low, high - mean), fmt="o", color=blue, markersize=3.5, capsize=2)
    axes.plot(least, y, "<", color=red, markersize=3.5)
    axes.plot(clean, y, "o", color=blue, markersize=5.5, fillstyle="none", markeredgewidth=0.7)
    axes.set(yticks=y, xlabel="accuracy, %")
    axes.set_yticklabels([label for label, _ in shown], fontsize=6.5)
    axes.invert_yaxis()
