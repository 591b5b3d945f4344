"""Small floats ExMy: fp8, fp6, fp4, half precision, bfloat16, and any other split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from siliconbert import _core
from siliconbert.formats.family import Floats, Format


@dataclass(frozen=True, repr=False)
class Minifloat(Format):
    """A float of 1 + exponent_bits + mantissa_bits bits with subnormals.

    A code is sign, exponent, mantissa from the top bit down; its value is +-2^(field - bias) * (1 + mantissa
    / 2^m), in exponent field 0 +-2^(1 - bias) * mantissa / 2^m.

    exponent_bits: 1..8, since float32, in which values travel, holds no more. special: the codes that are no
    number. "ieee": the highest exponent, mantissa 0 for infinity, else NaN (IEEE 754; OCP's E5M2); "fn": NaN
    at all ones below the sign, no infinity (OCP's E4M3); "finite": none (OCP's E3M2, E2M3, E2M1); "fnuz": NaN
    at the code of -0, one zero. bias: None for 2^(exponent_bits - 1) - 1, one more with fnuz. rounding:
    "nearest-even" (ties to the even code), "nearest-away", "toward-zero", or "stochastic". overflow:
    "saturate" gives the largest value, infinities too (OCP); "ieee" infinity, or NaN where there is no
    infinity (toward zero, the largest value: IEEE 754-2019, 7.4). Infinities (with "ieee") and NaNs (unless
    "finite") are encoded too. scaled: a float32 scale that fit() chooses so that the largest magnitude
    becomes the largest value; errors: ValueError.

    >>> Minifloat(2, 1, "finite").values().tolist()[:8]
    [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
    """

    family: ClassVar[str] = "minifloat"

    exponent_bits: int = 4
    mantissa_bits: int = 3
    special: str = "ieee"
    bias: int | None = None
    rounding: str = "nearest-even"
    overflow: str = "saturate"
    scaled: bool = False

    @property
    def width(self) -> int:
        """Bits of a code."""
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def scales(self) -> Floats:
        """The scale of every parameter set: float32; empty where there is none."""
        return np.frombuffer(self.parameters or b"", "<f4")

    def _core_family(self) -> Any:
        return _core.formats.Minifloat(
            self.exponent_bits,
            self.mantissa_bits,
            self.special,
            self.bias,
            self.rounding,
            self.overflow,
            self.scaled,
        )
