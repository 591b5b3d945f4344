"""Level misreads of stored cells, one cell after another: the twin of the core's misreads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from siliconbert.reference.flips import distinct
from siliconbert.reference.philox import FAULT, Draws, gap, uniform

BLOCK = 65536  # cells that share one address


class Region(NamedTuple):
    """A region's name, the level stored in each cell, and for each cell of a code its transition matrix."""

    name: str
    levels: NDArray[Any]
    transitions: Sequence[NDArray[np.float64]]


def thresholds(means: Sequence[float], sigmas: Sequence[float]) -> NDArray[np.float64]:
    """Where the normal densities of neighbouring levels cross between their means."""
    found = []
    for (m1, s1), (m2, s2) in pairwise(zip(means, sigmas, strict=True)):
        if s1 == s2:
            found.append((m1 + m2) / 2)
            continue
        a = 1 / s1**2 - 1 / s2**2
        b = -2 * (m1 / s1**2 - m2 / s2**2)
        c = m1**2 / s1**2 - m2**2 / s2**2 + 2 * math.log(s1 / s2)
        found += [t for t in np.roots([a, b, c]).real if m1 < t < m2]
    return np.array(found)


def transitions(means: Sequence[float], sigmas: Sequence[float]) -> NDArray[np.float64]:
    """P[stored, read]: the normal probability of each interval between thresholds."""
    bounds = [-math.inf, *thresholds(means, sigmas), math.inf]
    levels = len(means)
    P = np.zeros((levels, levels))
    for stored, (mean, sigma) in enumerate(zip(means, sigmas, strict=True)):
        for read in range(levels):
            low, high = (bounds[read] - mean) / sigma, (bounds[read + 1] - mean) / sigma
            P[stored, read] = _tail(low) - _tail(high) if low > 0 else _tail(-high) - _tail(-low)
    return P


def misreads(
    tensor: str, regions: Sequence[Region], seed: int, trial: int
) -> list[tuple[int, int, int, int]]:
    """Events (region, cell, stored, read) of one trial."""
    return [
        (number, *event)
        for number, region in enumerate(regions)
        for event in _region_misreads(region, Draws(seed, FAULT, tensor, region.name, trial))
    ]


def truncated_misreads(
    tensor: str, regions: Sequence[Region], seed: int, trial: int
) -> list[tuple[int, int, int, int]]:
    """Events where exactly int(P(misread | level) n) of the n cells of a level fault, place by place."""
    events = []
    for number, region in enumerate(regions):
        draws = Draws(seed, FAULT, tensor, region.name, trial)
        for place, P in enumerate(region.transitions):
            levels = np.asarray(region.levels[place :: len(region.transitions)])
            for stored, row in enumerate(P.tolist()):
                allowed = set(np.flatnonzero(levels == stored).tolist())
                reads = _truncated_reads(row, stored, len(allowed))
                at = distinct(draws, place * 256 + stored, len(levels), len(reads), allowed)
                cells = (code * len(region.transitions) + place for code in at)
                events += [(number, cell, stored, read) for cell, read in zip(cells, reads, strict=True)]
    return sorted(events)


def _truncated_reads(row: Sequence[float], stored: int, cells: int) -> list[int]:
    """The levels read: from the highest down each one's share, rounded down; the last takes the rest."""
    rate = sum(p for read, p in enumerate(row) if read != stored)
    total = int(rate * cells)
    reads: list[int] = []
    share = 0.0
    others = [read for read, p in enumerate(row) if read != stored and p > 0]
    for read in reversed(others):
        share += row[read]
        until = total if read == others[0] else min(int(total * share / rate), total)
        reads += [read] * (until - len(reads))
    return reads


def expected(regions: Sequence[Region]) -> list[float]:
    """Expected events per region: for every cell, P(misread | its level)."""
    totals = []
    for region in regions:
        rates = [_rates(P) for P in region.transitions]
        totals.append(sum(rates[i % len(rates)][level] for i, level in enumerate(region.levels)))
    return totals


def _tail(z: float) -> float:
    return 0.5 * math.erfc(z / math.sqrt(2))


def _rates(P: NDArray[np.float64]) -> list[float]:
    return [sum(p for read, p in enumerate(row) if read != stored) for stored, row in enumerate(P.tolist())]


def _region_misreads(region: Region, draws: Draws) -> list[tuple[int, int, int]]:
    largest = max(max(_rates(P)) for P in region.transitions)
    events: list[tuple[int, int, int]] = []
    for block, first in enumerate(range(0, len(region.levels), BLOCK) if largest > 0 else ()):
        size = min(BLOCK, len(region.levels) - first)
        at = index = 0
        while True:
            w = draws(block, index)
            at += gap(uniform(w[0], w[1]), math.log1p(-largest)) if largest < 1 else 0
            if at >= size:
                break
            cell = first + at
            stored = int(region.levels[cell])
            P = region.transitions[cell % len(region.transitions)]
            read = _read(P[stored].tolist(), stored, uniform(w[2], w[3]) * largest)
            if read != stored:
                events.append((cell, stored, read))
            at, index = at + 1, index + 1
    return events


def _read(row: list[float], stored: int, point: float) -> int:
    """The other level whose share of the running sum holds `point`; `stored` beyond the sum."""
    running = 0.0
    for read, p in enumerate(row):
        if read == stored:
            continue
        running += p
        if point <= running:
            return read
    return stored
