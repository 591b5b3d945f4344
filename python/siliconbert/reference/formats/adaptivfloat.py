"""AdaptivFloat (T. Tambe et al., arXiv 1909.13271) and its published variants."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class AdaptivFloat:
    """As siliconbert.formats.AdaptivFloat, unchecked."""

    width: int = 8
    exponent_bits: int = 4
    variant: str = "algorithm1"
    bias: int = 0

    @property
    def mantissa_bits(self) -> int:
        """Stored mantissa bits."""
        return self.width - 1 - self.exponent_bits

    @property
    def exponents(self) -> int:
        """How many exponents are in use."""
        return int(2**self.exponent_bits) - (2 if self.variant == "author-2022" else 0)

    @property
    def first_field(self) -> int:
        """The exponent field of the lowest exponent."""
        return 1 if self.variant == "author-2022" else 0

    @property
    def smallest(self) -> float:
        """The smallest value above zero."""
        step = 0.0 if self.variant == "author-2022" else 2.0**-self.mantissa_bits
        return 2.0**self.bias * (1 + step)

    @property
    def largest(self) -> float:
        """The largest value."""
        return 2.0 ** (self.bias + self.exponents - 1) * (2 - 2.0**-self.mantissa_bits)


def fit(x: npt.NDArray[np.float64], fmt: AdaptivFloat) -> AdaptivFloat:
    """The highest exponent becomes that of the largest magnitude (of 1.0 for zeros) as far as biases go."""
    largest = float(np.max(np.abs(x), initial=0.0))
    top = int(np.frexp(largest)[1]) - 1 if largest > 0 else 0
    lowest, highest = (-10, -3) if fmt.variant == "edgebert-rtl" else (-128, min(127, 128 - fmt.exponents))
    return replace(fmt, bias=min(max(top - fmt.exponents + 1, lowest), highest))


def decode(codes: npt.NDArray[np.int64], fmt: AdaptivFloat) -> npt.NDArray[np.float32]:
    """Values of codes."""
    negative = codes >> (fmt.width - 1) != 0
    magnitude = codes & (2 ** (fmt.width - 1) - 1)
    field = magnitude >> fmt.mantissa_bits
    mantissa = magnitude & (2**fmt.mantissa_bits - 1)
    value = np.ldexp(1 + mantissa / 2**fmt.mantissa_bits, field - fmt.first_field + fmt.bias)
    value = np.minimum(value, fmt.largest)
    is_zero = field == 0 if fmt.variant == "author-2022" else magnitude == 0
    value = np.where(is_zero, 0.0, value)
    if fmt.variant == "edgebert-rtl":
        negative = negative & (value != 0)
    return np.where(negative, -value, value).astype(np.float32)


def encode(
    x: npt.NDArray[np.float64], fmt: AdaptivFloat, draws: npt.NDArray[np.float64] | None = None
) -> npt.NDArray[np.int64]:
    """Codes of x."""
    rounded = np.abs(_round(x, fmt))
    mantissa, exponent = _split(rounded)
    field = exponent - fmt.bias + fmt.first_field
    steps = (mantissa - 1) * 2**fmt.mantissa_bits
    magnitude = np.where(rounded == 0, 0, field * 2**fmt.mantissa_bits + steps.astype(np.int64))
    minus_zero = (x == 0) & np.signbit(x) & (fmt.variant != "edgebert-rtl")
    negative = ((x < 0) & (magnitude != 0)) | minus_zero
    codes: npt.NDArray[np.int64] = magnitude + negative * 2 ** (fmt.width - 1)
    return codes


def _split(magnitude: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """Mantissa in [1, 2) and exponent."""
    half, exponent = np.frexp(magnitude)
    return half * 2, exponent.astype(np.int64) - 1


def _round(value: npt.NDArray[np.float64], fmt: AdaptivFloat) -> npt.NDArray[np.float64]:
    """Nearest values as each variant rounds; the sign of a zero does not matter here."""
    magnitude = np.abs(value)
    mantissa, exponent = _split(magnitude)
    steps = mantissa * 2**fmt.mantissa_bits
    if fmt.variant == "edgebert-rtl":
        whole = np.abs(np.floor(np.sign(value) * steps + 0.5))  # half toward +infinity
    else:
        whole = np.rint(steps)
    rounded = np.minimum(np.ldexp(whole, exponent - fmt.mantissa_bits), fmt.largest)
    return np.where(_is_zero(magnitude, rounded, fmt), 0.0, np.maximum(rounded, fmt.smallest))


def _is_zero(
    magnitude: npt.NDArray[np.float64], rounded: npt.NDArray[np.float64], fmt: AdaptivFloat
) -> npt.NDArray[np.bool_]:
    if fmt.variant == "edgebert-rtl":
        return rounded < fmt.smallest  # rounds first: code 0 stands for 2^bias, and is zero
    if fmt.variant == "author-2022":
        return magnitude < fmt.smallest
    return magnitude <= fmt.smallest / 2
