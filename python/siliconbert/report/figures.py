"""The figures of an outcome: histograms and lines, one file pair each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from siliconbert.campaign.outcome import Bars, Curves, Outcome
from siliconbert.report import style


def draw(outcome: Outcome, folder: Path) -> list[Path]:
    """Draws every figure of the outcome into `folder` as PDF and PNG and returns the paths."""
    stem = outcome.table.replace("/", "_")
    return [path for figure in outcome.figures for path in save(figure, folder / f"{stem}_{figure.name}")]


def save(figure: Bars | Curves, path: Path) -> list[Path]:
    """Draws one figure as `path` with .pdf and .png appended and returns both."""
    with style.drawing(path) as (axes, paths):
        on(axes, figure)
    return paths


def on(axes: Axes, figure: Bars | Curves) -> None:
    """Draws one figure on axes of one's own, pyplot's in a notebook say."""
    if isinstance(figure, Bars):
        _bars(axes, figure)
    else:
        _curves(axes, figure)
    _frame(axes, figure)


def _bars(axes: Axes, figure: Bars) -> None:
    width = 0.8 / len(figure.series)
    for i, (label, heights) in enumerate(figure.series.items()):
        offset = (i - (len(figure.series) - 1) / 2) * width
        axes.bar(figure.positions + offset, heights, width, label=label, color=style.COLOURS[i])
        if label in figure.errors:
            low, high = figure.errors[label]
            axes.errorbar(figure.positions + offset, heights, (heights - low, high - heights),
                          fmt="none", ecolor="black", elinewidth=0.8, capsize=2)  # fmt: skip
    axes.set_xticks(figure.positions)
    if figure.labels:
        axes.set_xticklabels(figure.labels, rotation=45, ha="right")
    axes.grid(axis="x", visible=False)


def _curves(axes: Axes, figure: Curves) -> None:
    for i, (label, (x, y)) in enumerate(figure.series.items()):
        axes.plot(
            x, y, label=label, color=style.COLOURS[i], marker=style.MARKERS[i], markersize=3, markevery=0.1
        )
    for i, (label, point) in enumerate(figure.marks.items(), len(figure.series)):
        axes.plot(
            *([value] for value in point),
            style.MARKERS[i],
            label=label,
            color=style.COLOURS[i],
            linestyle="none",
        )
    low = min(float(np.min(x)) for x, _ in figure.series.values())
    if figure.log_x:
        axes.set_xscale("symlog" if low <= 0 else "log")
    else:
        axes.set_xlim(left=0.0 if low >= 0 else low)


def _frame(axes: Axes, figure: Bars | Curves) -> None:
    if figure.log:
        axes.set_yscale("log")
    axes.set(xlabel=figure.x_label, ylabel=figure.y_label, title=figure.title)
    assert axes.figure is not None
    axes.figure.legend(loc="outside lower center", ncols=3)  # never over the data
