"""Which bits of a tensor to put into which memory cells: the smallest array that keeps the accuracy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from siliconbert import faults, storage
from siliconbert.campaign import area, statistics
from siliconbert.campaign.assignments import (
    PLANES,
    Candidate,
    cautious,
    chosen_for_trial,
    combined,
    front,
    options,
)
from siliconbert.campaign.outcome import Curves
from siliconbert.campaign.sensitivity_map import Sensitivity, sensitivity
from siliconbert.data import Data
from siliconbert.formats import Format
from siliconbert.models import Model, Trace
from siliconbert.models.stored import Stored

_BATCH = 50  # trials between two looks


@dataclass(frozen=True)
class Placement:
    """What `place` found.

    chosen     : the smallest array whose loss is below `max_drop` with 95 % confidence; None where none is
    reference  : EdgeBERT's own choice, values in MLC2 and the mask in SLC
    candidates : every assignment, by area; those on trial carry their drop
    """

    chosen: Candidate | None
    reference: Candidate
    candidates: tuple[Candidate, ...]
    map: Sensitivity
    max_drop: float

    @property
    def front(self) -> tuple[Candidate, ...]:
        """Assignments that no other beats in both area and forecast, by area."""
        return tuple(front(self.candidates))

    @property
    def tested(self) -> tuple[Candidate, ...]:
        """Assignments that went through a campaign, by area."""
        return tuple(each for each in self.candidates if each.drop is not None)

    def figure(self) -> Curves:
        """Accuracy lost against area: the forecast front near the limit, campaigns, EdgeBERT's own choice."""
        near = [each for each in self.front if each.forecast < 5 * self.max_drop]
        series, tested = {"forecast": _points(near, [each.forecast for each in near])}, self.tested
        if tested:
            drops = [each.drop for each in tested if each.drop is not None]
            series["campaign"] = _points(tested, [x.value for x in drops])
            series["campaign, bound"] = _points(tested, [x.high for x in drops])
        marks = {"EdgeBERT": _mark(self.reference)}
        if self.chosen is not None:
            marks["chosen"] = _mark(self.chosen)
        x_label, y_label = "area of the array, mm^2", "accuracy lost, points"
        return Curves("placement", "Area and accuracy", x_label, y_label, series, marks)


def place(
    model: Model,
    data: Data,
    cells: Sequence[str] = ("rram-slc", "rram-mlc2", "rram-mlc3"),
    max_drop: float = 0.01,
    tensor: str = "embeddings.word",
    fmt: Format | str | None = None,
    layout: Any = "bitmask",
    ecc: Sequence[str] = ("secded-72-64",),
    gray: bool = True,
    trials: int = 1000,
    finalists: int = 6,
    seed: int = 0,
    threads: int | None = None,
    map_trials: int = 20,
    progress: Callable[[str], None] | None = None,
) -> Placement:
    """The smallest array for a tensor whose faults cost less than `max_drop`, each plane in its own cells.

    Planes are the sign, exponent and mantissa bits of the values and the mask; each goes to any of `cells`,
    bare or protected by a code of `ecc`. A sensitivity map and the expected misreads foretell the loss
    of each assignment; of those that are not beaten in both area and forecast up to `finalists` go on trial,
    from the surest on, until one fails: so the confidence is that of a single test.

    A cell that is left with fewer bits than it can hold is programmed to fewer levels and keeps its area.

    cells    : the safest first; what is in no plane (a byte of parameters, pointers) goes there
    max_drop : loss of accuracy over trials and sentences, 0..1, that must be excluded with 95 % confidence;
               to exclude 0.01 takes some 300 trials and 300 sentences even where nothing is lost
    gray     : whether levels of a cell are Gray coded, so that a misread of neighbours is one wrong bit
    trials   : at most so many a campaign; it ends earlier where the bound is below `max_drop`, or cannot be
    errors   : ValueError for an unknown cell or code, max_drop outside (0, 1)

    >>> import numpy as np
    >>> from siliconbert.models import Shape
    >>> shape = Shape("bert", 20, 8, 2, 8, 8, 2, 16, 1, 1, 2)
    >>> sizes, draws = shape.tensors(ramps=False), np.random.default_rng(0)
    >>> weights = {name: draws.normal(size=size).astype(np.float32) for name, size in sizes.items()}
    >>> two = Data("t", "dev", [[3, 1, 4], [1, 5]], np.array([1, 0]), ("no", "yes"), "made up")  # token ids
    >>> tiny, cells = Model("tiny", shape, weights), ("rram-slc", "rram-mlc2")
    >>> found = place(tiny, two, cells, fmt="adaptivfloat8", ecc=(), trials=20, map_trials=2)
    >>> len(found.candidates), found.chosen  # two cells for each of four planes; 20 trials show nothing
    (16, None)
    """
    if not 0.0 < max_drop < 1.0:
        raise ValueError(f"campaign.place: max_drop must be in (0, 1), got {max_drop}")
    if bare := [name for name in cells if not math.isfinite(faults.cell(name).area_mm2_per_mb)]:
        raise ValueError(f"campaign.place: cells must have a density, {', '.join(bare)} has none")
    tell = progress or (lambda _: None)
    own = None if tensor in model.formats else fmt

    def store(held: Mapping[str, str], codes: Mapping[str, str], gray_code: bool = gray) -> Stored:
        return model.store(tensor, own, layout, held, dict(codes) or None, gray=gray_code)

    found = sensitivity(
        model,
        data,
        tensor,
        "field",
        fmt,
        layout,
        trials=map_trials,
        seed=seed,
        threads=threads,
        progress=tell,
    )
    planes = options(store, cells, ecc, {plane: cautious(found, plane, len(data)) for plane in PLANES})
    candidates = sorted(combined(planes), key=lambda each: (each.area, each.forecast))
    safest = store({"*": cells[0]}, {})
    clean = safest.trace(data, threads=threads)
    run = _Campaign(data, clean, max_drop, trials, seed, threads)
    for each in chosen_for_trial(candidates, max_drop, finalists):
        tell(each.label)
        done = run(each, store({**each.cells, "*": cells[0]}, each.ecc))
        candidates[candidates.index(each)] = done
        if not done.within(max_drop):
            break
    chosen = min(
        (each for each in candidates if each.within(max_drop)), key=lambda each: each.area, default=None
    )
    tell("EdgeBERT's cells")
    reference = run(*_reference(store(storage.EDGEBERT_CELLS, {}, False), found))
    return Placement(chosen, reference, tuple(candidates), found, max_drop)


@dataclass(frozen=True)
class _Campaign:
    """A campaign for one candidate, looked at every few trials."""

    data: Data
    clean: Trace
    max_drop: float
    trials: int
    seed: int
    threads: int | None

    def __call__(self, candidate: Candidate, stored: Stored) -> Candidate:
        """The candidate with its drop: until that is surely below or above, or no trials are left."""
        right = self.clean.correct(self.data.labels)[:, -1]
        # A trial without a misread changes nothing; the chance of one is at most the expected number of them.
        unchanged = max(0.0, 1.0 - candidate.expected)
        answers = np.empty((0, len(right)), bool)
        while len(answers) < self.trials:
            numbers = range(len(answers), min(self.trials, len(answers) + _BATCH))
            more = stored.trials(
                faults.CellMisread(),
                self.data,
                clean=self.clean,
                seed=self.seed,
                trials=numbers,
                threads=self.threads,
            )
            answers = np.concatenate([answers, more.answers()])
            # Each bound of a two-sided interval of 90 % holds with 95 %.
            drop = statistics.campaign_drop(right, answers, anytime=True, confidence=0.9, unchanged=unchanged)
            if drop.high < self.max_drop or drop.low > self.max_drop or drop.value > 2 * self.max_drop:
                break
        return replace(candidate, drop=drop, trials=len(answers))


def _reference(stored: Stored, found: Sensitivity) -> tuple[Candidate, Stored]:
    expected = faults.expected(stored.image, faults.CellMisread())
    cells = {"values": storage.EDGEBERT_CELLS["values"], "mask": storage.EDGEBERT_CELLS["*"]}
    worst = max(0.0, *(each.per_flip.high for each in found.losses))
    total = sum(expected.values())
    return Candidate(cells, {}, area.total(stored.image), total, min(1.0, total * worst)), stored


def _mark(candidate: Candidate) -> tuple[float, float]:
    lost = candidate.forecast if candidate.drop is None else candidate.drop.value
    return candidate.area, 100 * lost


def _points(candidates: Sequence[Candidate], losses: Sequence[float]) -> tuple[Any, Any]:
    return np.array([each.area for each in candidates]), 100 * np.array(losses)
