"""Equal steps: fixed point, and integers with a scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from siliconbert import _core
from siliconbert.formats.family import Floats, Format


@dataclass(frozen=True, repr=False)
class Fixed(Format):
    """Fixed point Qm.n: two's complement of 1 + integer_bits + fraction_bits bits; saturates.

    The value is the code's integer times 2^-fraction_bits; the sign bit is not counted in integer_bits (Texas
    Instruments' notation; ARM's counts it). Widths 2..16. rounding: "nearest-even", "nearest-away",
    "toward-zero" or "stochastic". errors: ValueError.

    >>> Fixed(1, 2).values().tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, -2.0, -1.75, -1.5, -1.25, -1.0, -0.75, -0.5, -0.25]
    """

    family: ClassVar[str] = "fixed"

    integer_bits: int = 3
    fraction_bits: int = 4
    rounding: str = "nearest-even"

    @property
    def width(self) -> int:
        """Bits of a code."""
        return 1 + self.integer_bits + self.fraction_bits

    def _core_family(self) -> Any:
        return _core.formats.Fixed(self.integer_bits, self.fraction_bits, self.rounding)


@dataclass(frozen=True, repr=False)
class Integer(Format):
    """An integer of `width` bits times a float32 scale.

    symmetric: the value is q * scale, q in two's complement, and the scale takes the largest magnitude to the
    largest q, 2^(width-1) - 1; q stays within +- that, though the lowest code has a value too. Otherwise the
    value is (code - zero point) * scale, code unsigned; the smallest and the largest value, or zero if it
    lies beyond them, become the ends. A scale of all zeros is 1. Widths 2..16. rounding: "nearest-even",
    "nearest-away", "toward-zero" or "stochastic". A set's parameters are the scale (4 bytes) and, where
    asymmetric, the zero point (2 bytes). errors: ValueError.

    >>> from siliconbert.formats import encode, fit
    >>> fmt = fit([[1.0, -127.0], [0.5, 0.25]], Integer(8, per="row"))
    >>> encode([[1.0, -127.0], [0.5, 0.25]], fmt).tolist()
    [[1, 129], [127, 64]]
    """

    family: ClassVar[str] = "integer"

    width: int = 8
    symmetric: bool = True
    rounding: str = "nearest-even"

    @property
    def scales(self) -> Floats:
        """The scale of every parameter set: float32; empty until fitted."""
        return self._sets()["scale"]

    @property
    def zero_points(self) -> npt.NDArray[np.uint16]:
        """The code of zero in every parameter set: uint16; zeros where symmetric; empty until fitted."""
        sets = self._sets()
        return np.zeros(len(sets), np.uint16) if self.symmetric else sets["zero"]

    def _sets(self) -> npt.NDArray[np.void]:
        zero = [] if self.symmetric else [("zero", "<u2")]
        return np.frombuffer(self.parameters or b"", np.dtype([("scale", "<f4"), *zero]))

    def _core_family(self) -> Any:
        return _core.formats.Integer(self.width, self.symmetric, self.rounding)
