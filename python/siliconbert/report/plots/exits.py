"""Where sentences leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from siliconbert.report import style
from siliconbert.report.plots import labels
from siliconbert.report.plots.plot import Plot, Record
from siliconbert.report.stored import Stored

_SERIES = 6
Counts = NDArray[np.int64]


def exits(stored: Stored, records: list[Record]) -> Iterator[Plot]:
    """After which layer sentences left, by model, task and exit rule."""
    leaving = [r for r in labels.once(records) if r["config"] in stored.leaving]
    found: dict[str, Counts] = {}
    for label, record in zip(labels.labels(leaving, ("model", "task", "exit")), leaving, strict=True):
        found[label] = _added(found.get(label, np.zeros(0, np.int64)), stored.leaving[record["config"]])
    found = {label: counts for label, counts in found.items() if counts.sum()}
    if not found:
        return
    few = f" {_SERIES} of {len(found)} rules are drawn." if len(found) > _SERIES else ""
    shown = labels.shortened(dict(list(found.items())[:_SERIES]))
    yield Plot(
        "exits",
        "Where sentences leave",
        f"Share of the sentences that leave after a layer, over all trials and all other settings.{few}",
        lambda axes: _draw(axes, shown),
        1.0 + 0.06 * len(shown),
    )


def _draw(axes: Axes, found: Mapping[str, Counts]) -> None:
    width, layers = 0.8 / len(found), max(map(len, found.values()))
    for i, (label, counts) in enumerate(found.items()):
        x = np.arange(1, len(counts) + 1) + (i - (len(found) - 1) / 2) * width
        axes.bar(x, 100 * counts / counts.sum(), width, label=label, color=style.COLOURS[i])
    axes.set(xticks=np.arange(1, layers + 1, 1 + layers // 25), xlabel="layer", ylabel="sentences, %")
    axes.grid(axis="x", visible=False)
    if len(found) > 1:
        style.legend(axes)


def _added(a: Counts, b: Counts) -> Counts:
    size = max(len(a), len(b))
    return np.asarray(np.pad(a, (0, size - len(a))) + np.pad(b, (0, size - len(b))))
