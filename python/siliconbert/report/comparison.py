"""Joins what was measured with what is printed: ours, the paper's, the difference, and whether they agree."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from siliconbert.campaign.outcome import Measurement, Outcome
from siliconbert.report.published import Target, targets


@dataclass(frozen=True)
class Cell:
    """A measurement beside its target, if the paper prints one; `agrees` is None where none can be said."""

    ours: Measurement
    paper: Target | None = None
    agrees: bool | None = None

    @property
    def difference(self) -> float | None:
        """Ours minus the paper's, in the unit of the quantity."""
        return None if self.paper is None else self.ours.value - self.paper.value


def compare(outcome: Outcome) -> list[Cell]:
    """The outcome's measurements in their order, each beside the published cell of its row and quantity."""
    published = targets(outcome.table, outcome.task, outcome.source)
    pairs = [(m, published.get((m.row, m.quantity.name))) for m in outcome.measurements]
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
    return _same_direction(
        [(m.value, t.value) for m, t in pairs if t is not None and m.quantity == ours.quantity]
    )


def _same_direction(pairs: list[tuple[float, float]]) -> bool | None:
    """No step of ours goes against the paper's, and from first to last row ours moves as the paper's does."""
    if len(pairs) < 2:
        return None
    against = any((b[0] - a[0]) * (b[1] - a[1]) < 0 for a, b in pairwise(pairs))
    ours, theirs = (last - first for first, last in zip(pairs[0], pairs[-1], strict=True))
    return not against and (theirs == 0 or ours * theirs > 0)
