"""Scales, and rounding of a magnitude that is counted in steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MOST = float(np.finfo(np.float32).max)


def scale_to(largest: float, highest: float) -> float:
    """The float32 scale that takes `largest` to `highest`: not 0, highest * scale finite; 1 for largest 0."""
    if largest == 0:
        return 1.0
    scale = max(np.float32(largest / highest), np.float32(2.0**-149))
    return float(np.nextafter(scale, np.float32(0)) if float(scale) * highest > MOST else scale)


def goes_up(
    fraction: npt.NDArray[np.float64],
    odd: npt.NDArray[np.bool_],
    rounding: str,
    draws: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.bool_]:
    """Whether the whole steps below gain one: by the fraction of a step, and whether what is below is odd."""
    if rounding == "stochastic":
        assert draws is not None
        return np.asarray(draws < fraction)
    if rounding == "toward-zero":
        return np.zeros(fraction.shape, np.bool_)
    tie = odd if rounding == "nearest-even" else np.ones(fraction.shape, np.bool_)
    return np.asarray((fraction > 0.5) | ((fraction == 0.5) & tie))
