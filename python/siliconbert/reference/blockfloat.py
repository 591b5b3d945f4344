"""Block floating point as it is defined, in float64: the values of a set share one exponent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LOWEST_EXPONENT = -128  # of a signed byte


@dataclass(frozen=True)
class BlockFloat:
    """As siliconbert.formats.BlockFloat, unchecked and for one set."""

    width: int = 8
    rounding: str = "nearest-even"


def fit(x: npt.ArrayLike) -> int:
    """The exponent of the largest magnitude; the lowest one where there is none."""
    largest = float(np.max(np.abs(np.asarray(x, np.float64)), initial=0.0))
    return LOWEST_EXPONENT if largest == 0 else max(int(np.frexp(largest)[1]) - 1, LOWEST_EXPONENT)


def decode(codes: npt.ArrayLike, fmt: BlockFloat, exponent: int) -> npt.NDArray[np.float32]:
    """Values of codes: a sign and a whole number of steps; the largest is just below 2^(exponent + 1)."""
    code = np.asarray(codes, np.int64)
    sign = np.where(code >> (fmt.width - 1), -1.0, 1.0)
    steps = code & (2 ** (fmt.width - 1) - 1)
    values = sign * np.ldexp(steps.astype(np.float64), exponent - fmt.width + 2)
    return np.asarray(values, np.float32)


def encode(x: npt.ArrayLike, fmt: BlockFloat, exponent: int) -> npt.NDArray[np.int64]:
    """Codes of x; a value keeps its sign even where it becomes zero."""
    value = np.asarray(x, np.float32).astype(np.float64)
    steps = np.ldexp(np.abs(value), fmt.width - 2 - exponent)
    whole = {"nearest-even": np.rint(steps), "nearest-away": np.floor(steps + 0.5)}.get(
        fmt.rounding, np.floor(steps)
    )
    magnitude = np.minimum(whole, 2 ** (fmt.width - 1) - 1).astype(np.int64)
    codes: npt.NDArray[np.int64] = magnitude + np.signbit(value) * 2 ** (fmt.width - 1)
    return codes
