"""Lower bounds of the mean of values in 0..1 that allow for what was not seen: a rare value far below.

No bound that holds for every distribution can be above x tail^(1/T) when T values are all x: with a
probability just under 1 - tail^(1/T) for 0, none would have been seen. Both bounds here come near to that. An
upper bound is 1 minus the lower bound of 1 - x, hence close where the values are near 1.

Values come as distinct `values` with `counts`, so that the cost does not grow with the number of trials.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Bets as shares of the largest one that cannot lose all, each half the one before. Most of the money is on
# the largest: accuracies vary so little over trials that a smaller bet wins only after some 10,000 of them.
_BETS = 0.5 ** np.arange(14)
_MONEY = np.array([0.8, *(0.2 / (k * (k + 1)) for k in range(1, len(_BETS)))])


def betting_low(values: Floats, counts: Floats, tail: float) -> float:
    """The lower bound that fails with probability below `tail`, whenever one stops and looks.

    The money of a gambler who bets on x > m, Sum_k money_k Prod_t (1 + bet_k (x_t / m - 1)), is a
    supermartingale while the mean is at most m, so it ever reaches 1 / tail with probability below `tail`;
    the bound is the m at which it is there.

    source : I. Waudby-Smith, A. Ramdas, JRSS B 86 (2024), 1-27, Sec. 4; Ville's inequality
    """

    def chance(m: float) -> float:
        with np.errstate(divide="ignore"):  # all is lost on a value of 0 that the largest bet was against
            gains = _summed(np.log1p(_BETS[:, None] * (values / m - 1.0)), counts)
        return float(np.exp(-np.logaddexp.reduce(gains + np.log(_MONEY))))

    return _where(chance, tail, float(values @ counts / counts.sum()))


def dirichlet_low(values: Floats, counts: Floats, tail: float) -> float:
    """The lower bound for a number of trials fixed beforehand, much tighter where the values vary.

    It is the `tail` quantile of the mean of 0 and the values with weights drawn uniformly from the simplex
    (Dirichlet(1, ..., 1)). For values 0 and 1 this is Clopper and Pearson's bound; that it holds for all
    distributions in 0..1 is a conjecture without a known exception.

    source : N. Gaffke, Math. Methods Statist. 14 (2005), 437-467; E. Learned-Miller, P. S. Thomas,
             arXiv 1905.06208 (2019)
    """
    values, counts = np.append(0.0, values), np.append(1.0, counts)
    # Weights are exponentials over their sum: the mean is below m where Sum_i E_i (x_i - m) < 0.
    return _where(
        lambda m: _below_zero(values - m, counts), tail, float(values @ counts / (counts.sum() - 1.0))
    )


def _where(chance: Callable[[float], float], tail: float, mean: float) -> float:
    """The m in 0..mean at which the increasing `chance` reaches `tail`, by false position on logarithms."""
    ends, heights = [0.0, mean], [math.log(1e-300 / tail), math.log(1.0 / tail)]
    moved = -1
    while ends[1] - ends[0] > 1e-12:
        m = ends[1] - heights[1] * (ends[1] - ends[0]) / (heights[1] - heights[0])
        found = math.log(max(chance(m), 1e-300) / tail)
        if abs(found) < 1e-10:
            return m
        side = int(found > 0.0)
        ends[side], heights[side] = m, found
        if side == moved:
            heights[1 - side] /= 2.0  # the Illinois rule: the other end must move too
        moved = side
    return ends[0]


def _below_zero(a: Floats, counts: Floats) -> float:
    """P[S < 0] for S = Sum_i a_i Gamma_i(counts_i), by inverting its moment generating function.

    P = -1/pi Int_0^inf Re[M(s + iy) / (s + iy)] dy at any s in (1 / min a, 0), where
    M(s) = Prod (1 - s a_i)^-counts_i; the s of the least |M(s) / s| loses no digits.
    """
    if a.max() <= 0.0:
        return 1.0
    line = _LINE / a.min()
    s = line[np.argmin(-_summed(np.log1p(-line[:, None] * a), counts) - np.log(-line))]
    flat = 1.0 - s * a
    slope = a / flat
    scale = 1.0 / np.sqrt(float(counts @ slope**2) + 1.0 / s**2)
    # M(s + iy) is M(s) / Prod (1 - iy slope)^counts: real logarithms, which take a tenth of complex ones.
    whole = -float(counts @ np.log(flat))
    total = 0.0
    for nodes in _BLOCKS:
        y = scale * np.sinh(nodes)
        tangent = y[:, None] * slope
        logarithm = whole - 0.5 * _summed(np.log1p(tangent * tangent), counts)
        angle = _summed(np.arctan(tangent), counts)
        terms = np.exp(logarithm + 1j * angle) / (s + 1j * y) * np.cosh(nodes)
        if nodes is _BLOCKS[0]:
            total -= 0.5 * terms[0].real
        total += float(terms.real.sum())
        if abs(terms[-1]) < 1e-18 * math.exp(whole) / -s:  # they shrink all the way
            break
    return float(-scale * _STEP / np.pi * total)


def _summed(rows: NDArray[Any], counts: Floats) -> NDArray[Any]:
    """Rows times counts; not @, whose threads take far longer to wake than this takes."""
    return np.asarray(np.einsum("ij,j->i", rows, counts))


_STEP = 0.05
_BLOCKS = np.split(_STEP * np.arange(240), 6)
_LINE = 1.0 / (1.0 + np.exp(-np.linspace(-16.0, 16.0, 96)))
