"""Joins what was measured with what is printed: ours, the paper's, the difference, and whether they agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from siliconbert.campaign.outcome import Measurement, Outcome
from siliconbert.report.published import Target, targets


@dataclass(frozen=True)
class Cell:
    """A measurement beside its target, if the paper prints one; `agrees` is None where none can be said.

    >>> from siliconbert.campaign.outcome import Quantity
    >>> layer = Quantity("ee_layer", "exit layer", "layers")
    >>> paper = targets("edgebert/table_3", "sst2")["1 %", "ee_layer"]
    >>> round(Cell(Measurement("1 %", layer, 4.5), paper).difference, 3)
    0.2
    """

    ours: Measurement
    paper: Target | None = None
    agrees: bool | None = None

    @property
    def difference(self) -> float | None:
        """Ours minus the paper's, in the unit of the quantity; None where the paper measures another."""
        if self.paper is None or self.paper.unit != self.ours.quantity.unit:
            return None
        return self.ours.value - self.paper.value


def compare(outcome: Outcome) -> list[Cell]:
    """The outcome's measurements in their order, each beside the published cell of its row and quantity."""
    published = targets(outcome.table, outcome.task, outcome.source)
    pairs = [(m, published.get((m.beside or m.row, m.quantity.name))) for m in outcome.measurements]
    return [Cell(ours, paper, _agrees(ours, paper, pairs)) for ours, paper in pairs]


def _agrees(
    ours: Measurement, paper: Target | None, pairs: list[tuple[Measurement, Target | None]]
) -> bool | None:
    if paper is None:
        return None
    if paper.compare == "exact":
        return f"{ours.value:.{paper.digits}f}" == f"{paper.value:.{paper.digits}f}"
    if paper.compare == "model":
        assert paper.tolerance is not None
        return abs(ours.value - paper.value) <= paper.tolerance
    if paper.compare == "relative":
        assert paper.tolerance is not None
        return abs(ours.value - paper.value) <= paper.tolerance * abs(paper.value)
    if paper.compare == "order":
        return _same_order(ours, paper, [(m, t) for m, t in pairs if t is not None and m.row == ours.row])
    same = [(m, t) for m, t in pairs if t and (m.quantity, m.among) == (ours.quantity, ours.among)]
    readings = range(1 + max(len(t.readings) for _, t in same))
    return _any(_same_direction([(m.value, t.reading(n)) for m, t in same]) for n in readings)


def _any(found: Iterable[bool | None]) -> bool | None:
    """Whether any is true; None where none can be said."""
    said = [each for each in found if each is not None]
    return any(said) if said else None


def _same_direction(pairs: list[tuple[float, float]]) -> bool | None:
    """No step of ours goes against the paper's, and from first to last row ours moves as the paper's does."""
    if len(pairs) < 2:
        return None
    against = any((b[0] - a[0]) * (b[1] - a[1]) < 0 for a, b in pairwise(pairs))
    ours, theirs = (last - first for first, last in zip(pairs[0], pairs[-1], strict=True))
    return not against and (theirs == 0 or ours * theirs > 0)


def _same_order(ours: Measurement, paper: Target, row: list[tuple[Measurement, Target]]) -> bool | None:
    """Nothing that the paper puts clearly below stands clearly above in ours, and the other way round."""
    assert paper.tolerance is not None
    apart = [(m, t.value - paper.value) for m, t in row if abs(t.value - paper.value) > paper.tolerance]
    if not apart:
        return None
    return not any(_above(ours, m) if theirs > 0 else _above(m, ours) for m, theirs in apart)


def _above(a: Measurement, b: Measurement) -> bool:
    """Whether a is above b by more than their intervals leave open."""
    low = a.value if a.low is None else a.low
    return low > (b.value if b.high is None else b.high)
