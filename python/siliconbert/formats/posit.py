"""Posits: more digits near one, more range away from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from siliconbert import _core
from siliconbert.formats.family import Format


@dataclass(frozen=True, repr=False)
class Posit(Format):
    """Posits of the 2022 standard, with any number of exponent bits (the standard has 2).

    A positive code is a run of equal bits, the bit that ends it, exponent bits and fraction; its value
    2^(2^exponent_bits * regime + exponent) * (1 + fraction), where regime is the length of a run of ones less
    one, or minus that of zeros. A negative code is the two's complement of its magnitude, the sign bit alone
    (NaR) is NaN. Rounding is to the nearest code as a string of bits, half to the even one; only zero becomes
    zero, and what is too large the largest value. No parameters.

    width: 2..16 bits. exponent_bits: 0..4, and (width - 2) * 2^exponent_bits at most 127, so that float32
    holds every value. errors: ValueError. source: Posit Working Group, Standard for Posit Arithmetic (2022)

    >>> Posit(4, 1).values().tolist()[:8]
    [0.0, 0.0625, 0.25, 0.5, 1.0, 2.0, 4.0, 16.0]
    """

    family: ClassVar[str] = "posit"

    width: int = 8
    exponent_bits: int = 2

    def _core_family(self) -> Any:
        return _core.formats.Posit(self.width, self.exponent_bits)
