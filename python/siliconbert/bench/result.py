"""What a bench found: lines above a table, its rows, lines below it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from siliconbert.campaign.outcome import Curves
from siliconbert.tables import Table


@dataclass(frozen=True)
class Timing:
    """What the repeats took or gave; `ratio`: how many times faster ours is, `floor`: what it must be."""

    name: str
    median: float
    low: float
    high: float
    ratio: float | None = None
    floor: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the floor is kept, where there is one."""
        if self.ratio is None or self.floor is None:
            return ""
        return "kept" if self.ratio >= self.floor else "BELOW THE FLOOR"


@dataclass(frozen=True)
class Result:
    """`peak_mib`: largest resident memory of the process that ran ours; figures: lines to draw, if any."""

    header: tuple[str, ...]
    timings: tuple[Timing, ...]
    footer: tuple[str, ...]
    peak_mib: float
    figures: tuple[Curves, ...] = ()

    def table(self, unit: str) -> Table:
        """The rows with their verdicts, beneath the lines above and below them."""
        rows = [{"what": t.name, "unit": unit, **asdict(t), "verdict": t.verdict} for t in self.timings]
        for row in rows:
            del row["name"]
        return Table((), rows, (*self.header, *self.footer))

    def json(self) -> dict[str, Any]:
        """Everything, as values that JSON knows."""
        timings = [{**asdict(t), "verdict": t.verdict} for t in self.timings]
        return {"header": self.header, "timings": timings, "footer": self.footer, "peak_mib": self.peak_mib}
