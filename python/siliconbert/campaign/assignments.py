"""Assignments of a tensor's planes to memory cells: their areas, and the losses that a map foretells."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from siliconbert import faults, storage
from siliconbert.campaign import area
from siliconbert.campaign.sensitivity_map import Sensitivity
from siliconbert.campaign.statistics import Interval
from siliconbert.models.stored import Stored

PLANES = ("values.sign", "values.exponent", "values.mantissa", "mask")


@dataclass(frozen=True)
class Candidate:
    """One assignment: plane -> cell, and plane -> code for those that are protected.

    area     : mm^2 of the whole array, check bits included
    expected : cells read wrongly per trial
    forecast : loss of accuracy that the upper bounds of the sensitivity map foretell, 0..1
    drop     : loss found by a campaign of `trials` trials, None where there was none; each of its bounds
               holds with 95 % confidence
    """

    cells: Mapping[str, str]
    ecc: Mapping[str, str]
    area: float
    expected: float
    forecast: float
    drop: Interval | None = None
    trials: int = 0

    @property
    def label(self) -> str:
        """The assignment in one line."""
        return ", ".join(
            f"{plane.split('.')[-1]} {cell.removeprefix('rram-')}" + (" + ECC" if plane in self.ecc else "")
            for plane, cell in self.cells.items()
        )

    def within(self, max_drop: float) -> bool:
        """Whether a campaign has shown that the loss is below `max_drop`."""
        return self.drop is not None and self.drop.high < max_drop


@dataclass(frozen=True)
class Option:
    """One plane in one cell: area and expected misreads with its check bits, and the foretold loss."""

    cell: str
    ecc: str | None
    area: float
    expected: float
    forecast: float


def options(
    store: Callable[..., Stored], cells: Sequence[str], ecc: Sequence[str], per_flip: Mapping[str, float]
) -> dict[str, list[Option]]:
    """Every plane in every cell, bare and with every code; `per_flip` is the loss of one flip in a plane."""
    found: dict[str, list[Option]] = {plane: [] for plane in PLANES}
    for cell, code in product(cells, (None, *ecc)):
        held = {plane: cell for plane in PLANES} | {"*": cells[0]}
        image = store(held, {} if code is None else {plane: code for plane in PLANES}).image
        areas, expected = area.by_region(image), faults.expected(image, faults.CellMisread())
        for plane in PLANES:
            if plane not in areas:
                continue
            check = f"{plane}.check"
            misread = expected[plane] + expected.get(check, 0.0)
            wrong = misread if code is None else left_by(misread, image.bits[plane], code)
            loss = min(1.0, wrong * per_flip[plane])
            found[plane].append(Option(cell, code, areas[plane] + areas.get(check, 0.0), misread, loss))
    return {plane: some for plane, some in found.items() if some}


def cautious(found: Sensitivity, plane: str, sentences: int) -> float:
    """The upper bound of the loss per flip, and never below one sentence lost by all the flips of a trial."""
    label = plane.split(".")[-1]
    if label not in found:
        return 0.0
    return max(found[label].per_flip.high, 1.0 / sentences / found[label].flips)


def left_by(misread: float, bits: int, ecc: str) -> float:
    """Wrong bits that a code leaves: those of words with two and more, m (1 - e^-m) of a mean of m each."""
    if not ecc.startswith("secded"):
        return misread  # it only detects
    words = math.ceil(bits / storage.ecc_codes()[ecc].data_bits)
    mean = misread / words
    return -words * mean * math.expm1(-mean)


def combined(planes: Mapping[str, list[Option]]) -> Iterator[Candidate]:
    """Every choice of one option a plane."""
    for chosen in product(*planes.values()):
        pairs = dict(zip(planes, chosen, strict=True))
        yield Candidate(
            {plane: option.cell for plane, option in pairs.items()},
            {plane: option.ecc for plane, option in pairs.items() if option.ecc is not None},
            sum(option.area for option in chosen),
            sum(option.expected for option in chosen),
            min(1.0, sum(option.forecast for option in chosen)),
        )


def front(candidates: Sequence[Candidate]) -> list[Candidate]:
    """From the smallest area on, whatever loses less than all smaller ones."""
    found: list[Candidate] = []
    for each in sorted(candidates, key=lambda each: (each.area, each.forecast)):
        if not found or each.forecast < found[-1].forecast:
            found.append(each)
    return found


def chosen_for_trial(candidates: Sequence[Candidate], max_drop: float, most: int) -> list[Candidate]:
    """Of the front the surest, then evenly from far below `max_drop` to somewhat above it."""
    surest, *others = front(candidates)[::-1]
    near = [each for each in others if max_drop / 30 < each.forecast < 3 * max_drop]
    safe = [each for each in others if each.forecast <= max_drop / 30]
    near = [*safe[-1:], *near]
    spaced = np.linspace(0, len(near) - 1, min(most - 1, len(near))).round().astype(int)
    return [surest, *(near[i] for i in sorted(set(spaced.tolist())))]
