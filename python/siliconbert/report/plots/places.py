"""What a fault costs, by the bits that it hits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from siliconbert.campaign import grid
from siliconbert.report import style
from siliconbert.report.plots import labels
from siliconbert.report.plots.plot import Plot, Record
from siliconbert.report.stored import Stored

_ROWS = 12
_RANGE = 1e-3  # what costs less than this share of the worst is not told apart from nothing


def places(stored: Stored, records: list[Record]) -> Iterator[Plot]:
    """What an event costs, by where it may happen; a row for everything else that varies."""
    raw = labels.faults(stored)
    chosen = [r for r in labels.once(records) if labels.target(raw[r["fault"]]) and r["events"]]
    columns = list(dict.fromkeys(labels.target(raw[r["fault"]]) for r in chosen))
    if len(columns) < 2:
        return
    others = [{**r, "fault": labels.elsewhere(raw[r["fault"]])} for r in chosen]
    losses: dict[str, dict[str, float]] = {}
    for label, r in zip(labels.labels(others, grid.LABELS), chosen, strict=True):
        lost = 100 * (r["clean"] - r["accuracy"]) / r["events"]
        losses.setdefault(label, {})[labels.target(raw[r["fault"]])] = lost
    shown = labels.shortened(dict(list(losses.items())[:_ROWS]), 60)
    few = f" {_ROWS} of {len(losses)} rows." if len(losses) > _ROWS else ""
    yield Plot(
        "sensitivity",
        "What one event costs, by where it happens",
        "Points of accuracy lost per event: the mean loss of a trial over its mean number of events. "
        f"Empty: none, or less than a thousandth of the most.{few}",
        lambda axes: _draw(axes, shown, columns),
        0.5 + 0.1 * len(shown),
    )


def _draw(axes: Axes, losses: Mapping[str, Mapping[str, float]], columns: list[str]) -> None:
    values = np.array([[line.get(column, np.nan) for column in columns] for line in losses.values()])
    high = float(np.nanmax(values)) if np.nanmax(values) > 0 else 1.0
    norm = LogNorm(high * _RANGE, high)
    shown = np.ma.masked_where(~(values >= high * _RANGE), values)
    axes.pcolormesh(shown, norm=norm, cmap=style.MAP)
    for row, column in np.argwhere(~np.ma.getmaskarray(shown)):
        value = float(values[row, column])
        ink = "white" if norm(value) < 0.5 else "#010101"  # on these colours in a dark page too
        axes.text(column + 0.5, row + 0.5, f"{value:.1g}", ha="center", va="center", color=ink, fontsize=5.5)
    axes.grid(visible=False)
    axes.set(xticks=np.arange(len(columns)) + 0.5, yticks=np.arange(len(losses)) + 0.5)
    axes.set_xticklabels([labels.cut(column, 16) for column in columns], rotation=45, ha="right")
    axes.set_yticklabels([labels.folded(label) for label in losses], fontsize=6)
    axes.invert_yaxis()
