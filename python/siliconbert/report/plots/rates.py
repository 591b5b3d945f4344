"""Accuracy over the rate of faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matplotlib.axes import Axes

from siliconbert.campaign import grid
from siliconbert.report import style
from siliconbert.report.plots import labels
from siliconbert.report.plots.plot import Plot, Record
from siliconbert.report.stored import Stored

# Lines that can be told apart in one figure; more go into further ones, up to so many.
_LINES, _PANELS = 6, 4
Line = list[tuple[float, Record]]


def rates(stored: Stored, records: list[Record]) -> Iterator[Plot]:
    """Accuracy over the rate of faults, a line for everything else that varies."""
    lines = labels.shortened(_lines(stored, records))
    panels = [dict(list(lines.items())[i : i + _LINES]) for i in range(0, len(lines), _LINES)]
    rest = f" {_PANELS * _LINES} of {len(lines)} lines are drawn." if len(panels) > _PANELS else ""
    for i, panel in enumerate(panels[:_PANELS], 1):
        which = f", {i} of {min(len(panels), _PANELS)}" if len(panels) > 1 else ""
        sure = labels.confidence(stored)
        yield Plot(
            f"rates_{i}",
            f"Accuracy over the rate of faults{which}",
            f"Means over trials; bands: {sure} intervals over trials and sentences.{rest}",
            lambda axes, panel=panel: _draw(axes, panel),  # type: ignore[misc]
            1.0 + 0.06 * len(panel),
        )


def _lines(stored: Stored, records: list[Record]) -> dict[str, Line]:
    raw = labels.faults(stored)
    rated = [r for r in labels.once(records) if raw[r["fault"]].get("rate")]
    others = [{**r, "fault": labels.without(raw[r["fault"]], "rate")} for r in rated]
    lines: dict[str, Line] = {}
    for label, record in zip(labels.labels(others, grid.LABELS), rated, strict=True):
        lines.setdefault(label, []).append((raw[record["fault"]]["rate"], record))
    return {k: sorted(line, key=lambda each: each[0]) for k, line in lines.items() if len(line) > 1}


def _draw(axes: Axes, lines: Mapping[str, Line]) -> None:
    for i, (label, line) in enumerate(lines.items()):
        x, colour = [rate for rate, _ in line], style.COLOURS[i]
        mean, low, high = ([100 * r[name] for _, r in line] for name in ("accuracy", "low", "high"))
        axes.plot(x, mean, label=label, color=colour, marker=style.MARKERS[i], markersize=3.5)
        axes.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)
    axes.set(xscale="log", xlabel="faults per bit", ylabel="accuracy, %")
    style.legend(axes)
