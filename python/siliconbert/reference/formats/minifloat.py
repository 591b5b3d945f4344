"""Small floats with subnormals (IEEE 754-2019, Section 3; OCP 8-bit Floating Point Specification, 2023)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from siliconbert.reference.formats.rounding import goes_up, scale_to


@dataclass(frozen=True)
class Minifloat:
    """As siliconbert.formats.Minifloat, unchecked; `bias` is given, `scale` is 1 unless it is scaled."""

    exponent_bits: int = 4
    mantissa_bits: int = 3
    special: str = "ieee"
    bias: int = 7
    rounding: str = "nearest-even"
    overflow: str = "saturate"
    scaled: bool = False
    scale: float = 1.0

    @property
    def width(self) -> int:
        """Bits of a code."""
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def sign(self) -> int:
        """The sign bit."""
        return int(2 ** (self.width - 1))

    @property
    def top(self) -> int:
        """The code of exponent all ones, mantissa zero."""
        return int(2**self.exponent_bits - 1) * int(2**self.mantissa_bits)

    @property
    def largest(self) -> int:
        """The largest finite code."""
        return {"ieee": self.top - 1, "fn": self.sign - 2}.get(self.special, self.sign - 1)

    @property
    def nan(self) -> int:
        """The code of NaN that encoding gives, without sign."""
        quiet = self.top + 2 ** (self.mantissa_bits - 1)
        return {"ieee": int(quiet), "fn": self.sign - 1, "fnuz": self.sign}[self.special]


def fit(x: npt.NDArray[np.float64], fmt: Minifloat) -> Minifloat:
    """The largest magnitude becomes the largest value."""
    if not fmt.scaled:
        return fmt
    highest = float(decode(np.array([fmt.largest]), replace(fmt, scale=1.0))[0])
    return replace(fmt, scale=scale_to(float(np.max(np.abs(x), initial=0.0)), highest))


def encode(
    x: npt.NDArray[np.float64], fmt: Minifloat, draws: npt.NDArray[np.float64] | None = None
) -> npt.NDArray[np.int64]:
    """Codes of x; what is a value already keeps its code however the scale divides."""
    if fmt.scaled and fmt.rounding in ("toward-zero", "stochastic"):
        nearest = encode(x, replace(fmt, rounding="nearest-even"))
        return np.where(decode(nearest, fmt) == x, nearest, _encode(x, fmt, draws))
    return _encode(x, fmt, draws)


def _encode(
    x: npt.NDArray[np.float64], fmt: Minifloat, draws: npt.NDArray[np.float64] | None
) -> npt.NDArray[np.int64]:
    value = x / fmt.scale
    finite = np.where(np.isfinite(value), np.abs(value), 0.0)
    lowest = 1 - fmt.bias
    exponent = np.maximum(np.frexp(finite)[1].astype(np.int64) - 1, lowest)
    exponent = np.where(finite == 0, lowest, exponent)
    steps = np.ldexp(finite, fmt.mantissa_bits - exponent)
    below = (exponent - lowest) * 2**fmt.mantissa_bits + np.floor(steps).astype(np.int64)
    code = below + goes_up(steps - np.floor(steps), below % 2 == 1, fmt.rounding, draws)
    infinity = fmt.largest
    if fmt.overflow == "ieee":
        infinity = fmt.top if fmt.special == "ieee" else fmt.nan
    beyond = fmt.largest if fmt.rounding == "toward-zero" else infinity
    code = np.where(code > fmt.largest, beyond, code)
    code = np.where(np.isinf(value), infinity, code)
    if fmt.special != "finite":
        code = np.where(np.isnan(value), fmt.nan, code)
    signed = np.signbit(value) & ((code != 0) | (fmt.special != "fnuz"))
    return np.asarray(code | np.where(signed, fmt.sign, 0), np.int64)


def decode(codes: npt.NDArray[np.int64], fmt: Minifloat) -> npt.NDArray[np.float32]:
    """Values of codes."""
    magnitude = codes & (fmt.sign - 1)
    field, mantissa = magnitude >> fmt.mantissa_bits, magnitude & (2**fmt.mantissa_bits - 1)
    significand = (field != 0) + mantissa / 2**fmt.mantissa_bits
    value = np.ldexp(significand, np.maximum(field, 1) - fmt.bias)
    if fmt.special == "ieee":
        value = np.where(magnitude == fmt.top, np.inf, np.where(magnitude > fmt.top, np.nan, value))
    if fmt.special == "fn":
        value = np.where(magnitude == fmt.nan, np.nan, value)
    if fmt.special == "fnuz":
        value = np.where(codes == fmt.nan, np.nan, value)
    signed = np.copysign(value, np.where(codes & fmt.sign, -1.0, 1.0))
    with np.errstate(over="ignore"):
        return np.asarray(signed * np.float64(fmt.scale)).astype(np.float32)
