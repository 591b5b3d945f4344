"""Posits as the Posit Standard (2022) defines them, with any number of exponent bits, in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Posit:
    """As siliconbert.formats.Posit, unchecked."""

    width: int = 8
    exponent_bits: int = 2


def decode(codes: npt.ArrayLike, fmt: Posit) -> npt.NDArray[np.float64]:
    """Values of codes; the code of the sign bit alone (NaR) is NaN."""
    code = np.asarray(codes, np.int64)
    width = fmt.width
    sign = code >> (width - 1) & 1
    regime, used = _regime(code, width)
    # What does not fit in the code reads as zero: shift the rest up to the full exponent.
    rest = np.maximum(width - 1 - used, 0)
    below = (code & ((1 << rest) - 1)) << fmt.exponent_bits
    exponent = below >> rest
    fraction = np.ldexp((below & ((1 << rest) - 1)).astype(np.float64), -rest)
    scale = (1 - 2 * sign) * (2**fmt.exponent_bits * regime + exponent + sign)
    value = np.ldexp((1 - 3 * sign) + fraction, scale)
    value = np.where(code == 0, 0.0, value)
    return np.where(code == 1 << (width - 1), np.nan, value)


def encode(x: npt.ArrayLike, fmt: Posit) -> npt.NDArray[np.int64]:
    """Codes of x: between codes u and u + 1 the limit is the posit of one more bit, u's bits and a 1.

    At the limit the even code wins. Nothing but zero becomes zero, nothing becomes NaR.
    """
    value = np.asarray(x, np.float32).astype(np.float64)
    most = 2 ** (fmt.width - 1) - 1
    lower = np.arange(1, most)
    limits = decode(2 * lower + 1, Posit(fmt.width + 1, fmt.exponent_bits))
    below = np.searchsorted(limits, np.abs(value), side="left")  # limits less than the magnitude
    at_limit = np.isin(np.abs(value), limits)
    magnitude = 1 + below
    magnitude = magnitude + (at_limit & (magnitude % 2 == 1))
    codes: npt.NDArray[np.int64] = np.where(value < 0, 2**fmt.width - magnitude, magnitude)
    return np.where(value == 0, 0, codes)


def _regime(code: npt.NDArray[np.int64], width: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The regime, a run of equal bits, and how many bits it takes with the bit that ends it."""
    first = code >> (width - 2) & 1
    run = np.zeros_like(code)
    running = np.ones(code.shape, bool)
    for bit in range(width - 2, -1, -1):
        running &= (code >> bit & 1) == first
        run += running
    return np.where(first == 1, run - 1, -run), run + 1
