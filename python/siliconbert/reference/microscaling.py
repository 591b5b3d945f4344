"""The OCP microscaling formats (MX, version 1.0) as they are defined, in float64, for one group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Element: exponent and mantissa bits, how many of its highest codes are infinities or NaNs.
FLOATS = {"e5m2": (5, 2, 4), "e4m3": (4, 3, 1), "e3m2": (3, 2, 0), "e2m3": (2, 3, 0), "e2m1": (2, 1, 0)}
SCALE_NAN = 255
SCALE_BIAS = 127


@dataclass(frozen=True)
class Microscaling:
    """As siliconbert.formats.Microscaling, unchecked and for one group."""

    element: str = "e4m3"
    rounding: str = "nearest-even"

    @property
    def width(self) -> int:
        """Bits of an element."""
        return 8 if self.element == "int8" else 1 + sum(FLOATS[self.element][:2])

    def magnitudes(self) -> npt.NDArray[np.float64]:
        """The numbers from zero up to the largest, one a code."""
        if self.element == "int8":
            return np.arange(128) / 64
        exponent_bits, mantissa_bits, special = FLOATS[self.element]
        code = np.arange(2 ** (self.width - 1) - special)
        field, mantissa = code >> mantissa_bits, code % 2**mantissa_bits
        bias = 2 ** (exponent_bits - 1) - 1
        hidden = field > 0
        value = np.ldexp(hidden + mantissa / 2**mantissa_bits, np.maximum(field, 1) - bias)
        return np.asarray(value, np.float64)


def fit(x: npt.ArrayLike, fmt: Microscaling) -> int:
    """The scale's code: the exponent of the largest magnitude less the largest exponent of an element."""
    largest = float(np.max(np.abs(np.asarray(x, np.float64)), initial=0.0))
    if largest == 0:
        return 0
    exponent = np.floor(np.log2(largest)) - np.floor(np.log2(fmt.magnitudes()[-1]))
    return int(np.clip(exponent + SCALE_BIAS, 0, SCALE_NAN - 1))


def decode(codes: npt.ArrayLike, fmt: Microscaling, scale: int) -> npt.NDArray[np.float32]:
    """Element times scale; what float32 does not hold is infinite."""
    code = np.asarray(codes, np.int64)
    elements = _elements(fmt)[code]
    factor = np.nan if scale == SCALE_NAN else 2.0 ** (scale - SCALE_BIAS)
    with np.errstate(over="ignore", invalid="ignore"):
        return (elements * factor).astype(np.float32)


def encode(x: npt.ArrayLike, fmt: Microscaling, scale: int) -> npt.NDArray[np.int64]:
    """Codes of the elements nearest to x / scale, which saturate; a float's sign stays with a zero."""
    value = np.asarray(x, np.float32).astype(np.float64) / 2.0 ** (scale - SCALE_BIAS)
    known = fmt.magnitudes()
    if fmt.element == "int8":
        known = np.append(known, 2.0)  # of -2 only, which float32 lacks under the largest scale
    middles = (known[1:] + known[:-1]) / 2
    magnitude = np.abs(value)
    lower = np.searchsorted(known, magnitude, "right") - 1
    if fmt.rounding == "toward-zero":
        code = lower
    elif fmt.rounding == "nearest-away":
        code = np.searchsorted(middles, magnitude, "right")
    else:
        tie = np.isin(magnitude, middles)
        code = np.where(tie, lower + lower % 2, np.searchsorted(middles, magnitude, "left"))
    if fmt.element == "int8":
        code = np.where((value < 0) & (scale < SCALE_NAN - 1), code, np.minimum(code, 127))
        return np.where(value < 0, -code, code) % 256
    codes: npt.NDArray[np.int64] = code + np.signbit(value) * 2 ** (fmt.width - 1)
    return codes


def _elements(fmt: Microscaling) -> npt.NDArray[np.float64]:
    """The number of every code."""
    if fmt.element == "int8":
        return np.arange(256).astype(np.uint8).view(np.int8) / 64
    positive = fmt.magnitudes()
    special = {4: [np.inf, np.nan, np.nan, np.nan], 1: [np.nan], 0: []}[FLOATS[fmt.element][2]]
    positive = np.concatenate([positive, special])
    return np.concatenate([positive, -positive])
