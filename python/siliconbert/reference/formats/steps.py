"""Fixed point and integers: codes that count equal steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from siliconbert.reference.formats.rounding import MOST, goes_up, scale_to


@dataclass(frozen=True)
class Fixed:
    """As siliconbert.formats.Fixed, unchecked."""

    integer_bits: int = 3
    fraction_bits: int = 4
    rounding: str = "nearest-even"

    zero = 0

    @property
    def width(self) -> int:
        """Bits of a code."""
        return 1 + self.integer_bits + self.fraction_bits

    @property
    def scale(self) -> float:
        """One step."""
        return float(2.0**-self.fraction_bits)

    @property
    def bounds(self) -> tuple[int, int]:
        """The lowest and highest number of steps."""
        return -(2 ** (self.width - 1)), 2 ** (self.width - 1) - 1


@dataclass(frozen=True)
class Integer:
    """As siliconbert.formats.Integer, unchecked."""

    width: int = 8
    symmetric: bool = True
    rounding: str = "nearest-even"
    scale: float = 1.0
    zero: int = 0

    @property
    def bounds(self) -> tuple[int, int]:
        """The lowest and highest number of steps."""
        if self.symmetric:
            return 1 - 2 ** (self.width - 1), 2 ** (self.width - 1) - 1
        return -self.zero, 2**self.width - 1 - self.zero


def fit(x: npt.NDArray[np.float64], fmt: Fixed | Integer) -> Fixed | Integer:
    """The largest magnitude, or smallest and largest value, at the ends."""
    if isinstance(fmt, Fixed):
        return fmt
    if fmt.symmetric:
        return replace(fmt, scale=scale_to(float(np.max(np.abs(x), initial=0.0)), 2 ** (fmt.width - 1) - 1))
    lowest, highest = float(np.min(x, initial=0.0)), float(np.max(x, initial=0.0))
    most = 2**fmt.width - 1
    scale = scale_to(highest - lowest, most)
    zero = min(int(np.rint(-lowest / scale)), most)
    if max(zero, most - zero) * scale > MOST:
        scale = float(np.float32(scale * (1 - 1 / most)))
        zero = min(int(np.rint(-lowest / scale)), most)
    return replace(fmt, scale=scale, zero=zero)


def encode(
    x: npt.NDArray[np.float64], fmt: Fixed | Integer, draws: npt.NDArray[np.float64] | None = None
) -> npt.NDArray[np.int64]:
    """Codes of x."""
    if fmt.rounding in ("toward-zero", "stochastic"):
        nearest = encode(x, replace(fmt, rounding="nearest-even"))
        return np.where(decode(nearest, fmt) == x, nearest, _encode(x, fmt, draws))
    return _encode(x, fmt, draws)


def _encode(
    x: npt.NDArray[np.float64], fmt: Fixed | Integer, draws: npt.NDArray[np.float64] | None
) -> npt.NDArray[np.int64]:
    steps = np.clip(x / fmt.scale, *fmt.bounds)
    below = np.floor(np.abs(steps)).astype(np.int64)
    up = goes_up(np.abs(steps) - below, below % 2 == 1, fmt.rounding, draws)
    q = np.where(steps < 0, -(below + up), below + up)
    return np.asarray((q + fmt.zero) % 2**fmt.width, np.int64)


def decode(codes: npt.NDArray[np.int64], fmt: Fixed | Integer) -> npt.NDArray[np.float32]:
    """Values of codes."""
    q = codes - fmt.zero
    if isinstance(fmt, Fixed) or fmt.symmetric:
        q = np.where(codes >= 2 ** (fmt.width - 1), codes - 2**fmt.width, codes)
    with np.errstate(over="ignore"):
        return np.asarray(q.astype(np.float32) * np.float32(fmt.scale))
