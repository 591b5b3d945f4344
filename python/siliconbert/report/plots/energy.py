"""Where the energy of a sentence goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.axes import Axes

from siliconbert.report import style
from siliconbert.report.plots import labels
from siliconbert.report.plots.plot import Plot, Record
from siliconbert.report.stored import Stored

_BARS = 10


def energies(stored: Stored, records: list[Record]) -> Iterator[Plot]:
    """Energy of a sentence by part, for every exit rule and accelerator: the first configuration of each."""
    costed = [r for r in records if r.get("energy_parts")]
    first: dict[str, Mapping[str, float]] = {}
    names = labels.labels(costed, ("model", "task", "exit", "accelerator", "target_ms"))
    for label, record in zip(names, costed, strict=True):
        first.setdefault(label, record["energy_parts"])
    if not first:
        return
    few = f" {_BARS} of {len(first)} are drawn." if len(first) > _BARS else ""
    shown = labels.shortened(dict(list(first.items())[:_BARS]), 60)
    yield Plot(
        "energy",
        "Energy of a sentence by part",
        "Means over trials and sentences, of the first configuration of each. Modelled; dynamic energy is "
        f"split in the shares of one layer.{few}",
        lambda axes: _draw(axes, shown),
        0.75 + 0.07 * len(shown),
    )


def _draw(axes: Axes, bars: Mapping[str, Mapping[str, float]]) -> None:
    y, left = np.arange(len(bars)), np.zeros(len(bars))
    for i, part in enumerate(
        part for part in next(iter(bars.values())) if any(b[part] > 0 for b in bars.values())
    ):
        width = np.array([bar[part] for bar in bars.values()])
        again, colour = divmod(i, len(style.COLOURS) - 1)
        axes.barh(y, width, 0.7, left, label=part, color=style.COLOURS[colour], hatch="////" * again,
                  edgecolor="white", linewidth=0.3)  # fmt: skip
        left += width
    axes.set(yticks=y, xlabel="energy of a sentence, mJ")
    axes.set_yticklabels([labels.folded(label) for label in bars], fontsize=6)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    style.legend(axes, 3)
