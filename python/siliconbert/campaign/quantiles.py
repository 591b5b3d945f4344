"""Quantiles of the normal, Student's t and gamma distributions, so that intervals need no further package."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist


def normal(p: float) -> float:
    """The p-quantile of the standard normal distribution.

    >>> round(normal(0.975), 4)
    1.96
    """
    return NormalDist().inv_cdf(p)


def student(p: float, freedom: float) -> float:
    """The p-quantile of Student's t with `freedom` > 0 degrees of freedom, which need not be whole.

    >>> round(student(0.975, 9), 4)
    2.2622
    """
    if p < 0.5:
        return -student(1.0 - p, freedom)
    return _solve(lambda t: _student_below(t, freedom), p)


def gamma(p: float, shape: float) -> float:
    """The p-quantile of the gamma distribution of scale 1; half of chi-square's with 2 * shape degrees.

    >>> round(gamma(0.975, 1), 4)
    3.6889
    """
    return _solve(lambda x: lower_gamma(shape, x), p)


def lower_gamma(shape: float, x: float) -> float:
    """P(shape, x): the share of the gamma distribution below x."""
    if x <= 0.0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    # Abramowitz and Stegun 6.5.29 below the mode, the continued fraction 6.5.31 above it.
    return front * _series(shape, x) if x < shape + 1.0 else 1.0 - front * _fraction(shape, x)


def lower_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b): the share of the beta distribution below x."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - lower_beta(b, a, 1.0 - x)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(logarithm) / a / _beta_fraction(a, b, x)


def _student_below(t: float, freedom: float) -> float:
    return 1.0 - 0.5 * lower_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t))


def _solve(below: Callable[[float], float], p: float) -> float:
    """The x >= 0 with below(x) = p, by doubling and halving."""
    low, high = 0.0, 1.0
    while below(high) < p:
        low, high = high, 2.0 * high
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if below(middle) < p else (low, middle)
    return 0.5 * (low + high)


def _series(shape: float, x: float) -> float:
    total = term = 1.0 / shape
    k = shape
    while abs(term) > 1e-17 * total:
        k += 1.0
        term *= x / k
        total += term
    return total


def _fraction(shape: float, x: float) -> float:
    """Modified Lentz evaluation of the upper incomplete gamma function's continued fraction."""
    b = x + 1.0 - shape
    c, d = 1e300, 1.0 / b
    value = d
    for k in range(1, 100_000):
        step = -k * (k - shape)
        b += 2.0
        d = 1.0 / (step * d + b)
        c = b + step / c
        value *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return value


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Modified Lentz evaluation of 26.5.8 in Abramowitz and Stegun, its denominator."""
    c, d = 1.0, 0.0
    value = 1.0
    for k in range(1, 100_000):
        m, odd = divmod(k, 2)
        step = (
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            if odd
            else m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        )
        d = 1.0 / (1.0 + step * d)
        c = 1.0 + step / c
        value *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return value
