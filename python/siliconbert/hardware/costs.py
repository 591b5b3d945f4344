"""What running costs: of one layer, and of whole sentences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siliconbert import html

Floats = NDArray[np.float64]
PARTS = ("dynamic", "leakage", "adpll", "regulator", "transition")


@dataclass(frozen=True)
class Cost:
    """What one encoder layer costs for one sentence, at nominal voltage and frequency.

    macs_by_part, kept_macs_by_part : multiply-accumulates; kept: those whose weight is not pruned
    cycles                          : by unit, pu, sfu and transfer, those that add to the time
    busy                            : by unit, all in which it works, also those that hide behind the others
    actions                         : what takes energy, counted (hardware/edgebert.hpp)
    tiles                           : by product, rows and columns that the buffers hold at a time
    energy_pj                       : by part, pJ: mac, register, sram, decode, sfu, clock (its tree, control,
                                      all that the counted actions leave out), leakage, adpll
    seconds                         : s

    >>> from siliconbert.hardware import accelerator
    >>> cost = accelerator("edgebert-12nm").layer("albert-base")
    >>> cost.macs, round(sum(cost.energy_pj.values()) * 1e-12 / cost.joules, 9)
    (931135488.0, 1.0)
    """

    macs_by_part: dict[str, float]
    kept_macs_by_part: dict[str, float]
    cycles: dict[str, float]
    busy: dict[str, float]
    actions: dict[str, float]
    tiles: dict[str, tuple[int, int]]
    energy_pj: dict[str, float]
    seconds: float

    @property
    def macs(self) -> float:
        """Multiply-accumulates of the whole layer."""
        return sum(self.macs_by_part.values())

    @property
    def joules(self) -> float:
        """Energy of the whole layer, J."""
        return sum(self.energy_pj.values()) * 1e-12

    def _repr_html_(self) -> str:
        total = sum(self.energy_pj.values())
        rows = [(part, pj * 1e-6, 100 * pj / total if total else None) for part, pj in self.energy_pj.items()]
        rows.append(("all", total * 1e-6, 100.0))
        cycles = ", ".join(f"{unit} {count:,.0f}" for unit, count in self.cycles.items())
        note = f"{self.macs:,.0f} multiply-accumulates; {1e3 * self.seconds:.4g} ms; cycles: {cycles}"
        return html.table("one layer, one sentence", ("part", "uJ", "%"), rows, note)


@dataclass(frozen=True)
class Run:
    """What sentences cost, one entry each.

    voltage, frequency : V and Hz of the layers after the prediction; nominal where all ran at nominal
    latency            : s
    by_part            : J: dynamic, leakage, adpll, regulator (its losses, where they are counted),
                         transition (charging the rail again)
    feasible           : whether the predicted exit (at nominal: the real one) ends by the latency target
    reason             : one sentence where some are not feasible, else empty

    >>> from siliconbert.hardware import accelerator
    >>> run = accelerator("edgebert-12nm").base("albert-base", sentences=2, target_ms=100)
    >>> run.latency.shape, bool((run.energy == sum(run.by_part.values())).all())
    ((2,), True)
    """

    voltage: Floats
    frequency: Floats
    latency: Floats
    by_part: dict[str, Floats]
    feasible: NDArray[np.bool_]
    reason: str = ""

    @property
    def energy(self) -> Floats:
        """Energy of each sentence, J."""
        return np.asarray(sum(self.by_part.values()))

    def _repr_html_(self) -> str:
        figures = {
            "latency, ms": 1e3 * self.latency,
            "energy, mJ": 1e3 * self.energy,
            **{f"  {part}": 1e3 * joules for part, joules in self.by_part.items() if np.any(joules)},
            "voltage, V": self.voltage,
            "frequency, GHz": 1e-9 * self.frequency,
        }
        rows = [(name, float(x.min()), float(x.mean()), float(x.max())) for name, x in figures.items()]
        count = len(self.latency)
        title = f"{count:,} sentences, {100 * float(self.feasible.mean()):.4g} % within the target"
        return html.table(title, ("a sentence", "least", "mean", "most"), rows, self.reason)


def make_run(table: dict[str, Floats], target_ms: float | None) -> Run:
    """The core's columns as a Run."""
    feasible = table["feasible"].astype(bool)
    late = int((~feasible).sum())
    return Run(
        voltage=table["voltage"],
        frequency=table["frequency"],
        latency=table["latency"],
        by_part={part: table[part] for part in PARTS},
        feasible=feasible,
        reason=f"{late} of {len(feasible)} sentences need more than {target_ms:g} ms" if late else "",
    )


@dataclass(frozen=True)
class Segment:
    """A stretch of one sentence at one voltage and frequency.

    what               : "layer 1", "plan" (of voltage and frequency), "settle", "layer 2", ..., "raise" (the
                         rail is charged again for the next sentence), "idle" (until the target, at the
                         lowest level)
    start_ms, ms       : milliseconds
    voltage, frequency : V, Hz
    power_mw           : mean, mW; 0 where it takes no time
    joules             : J

    >>> from siliconbert.hardware import accelerator
    >>> first = accelerator("edgebert-12nm").timeline("albert-base", 2, 2)[0]
    >>> first.what, first.start_ms, first.voltage, first.joules > 0
    ('layer 1', 0.0, 0.8, True)
    """

    what: str
    start_ms: float
    ms: float
    voltage: float
    frequency: float
    power_mw: float
    joules: float


class Timeline(list[Segment]):
    """The segments of one sentence, in their order.

    >>> from siliconbert.hardware import accelerator
    >>> line = accelerator("edgebert-12nm").timeline("albert-base", 2, 2, target_ms=50)
    >>> type(line).__name__, round(sum(each.ms for each in line), 6)  # idle until the target
    ('Timeline', 50.0)
    """

    def _repr_html_(self) -> str:
        rows = [
            (
                each.what,
                each.start_ms,
                each.ms,
                each.voltage,
                1e-9 * each.frequency,
                each.power_mw,
                1e3 * each.joules,
            )
            for each in self
        ]
        columns = ("what", "start, ms", "ms", "V", "GHz", "mW", "mJ")
        return html.table("one sentence", columns, rows)


def make_segment(
    what: str, start: float, seconds: float, voltage: float, frequency: float, joules: float
) -> Segment:
    """The core's segment, which is in seconds, as a Segment."""
    power = 1e3 * joules / seconds if seconds else 0.0
    return Segment(what, 1e3 * start, 1e3 * seconds, voltage, frequency, power, joules)
