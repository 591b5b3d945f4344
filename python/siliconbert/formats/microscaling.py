"""OCP microscaling: groups of small floats or integers with a power of two in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from siliconbert import _core
from siliconbert.formats.family import Format


@dataclass(frozen=True, repr=False)
class Microscaling(Format):
    """The MX formats: small elements, and a scale of 8 bits for each group of 32 neighbours in a row.

    The scale (E8M0) is 2^(code - 127), and code 255 makes every value of the group NaN. Fitting takes the
    exponent of the largest magnitude less that of the element's largest number, as far as the scale reaches;
    the smallest scale for zeros. Elements saturate.

    element: "e5m2" or "e4m3" (MXFP8), "e3m2" or "e2m3" (MXFP6), "e2m1" (MXFP4), "int8" (MXINT8: two's
    complement with 6 bits after the point; -2 is used unless float32 lacks its product with the scale).
    rounding: "nearest-even", "nearest-away", "toward-zero" or "stochastic". group: 32 in the standard.
    errors: ValueError. source: OCP Microscaling Formats (MX) Specification, version 1.0 (2023)

    >>> from siliconbert.formats import quantize
    >>> quantize([6.0, 1.3, -0.1], Microscaling("e2m1")).tolist()
    [6.0, 1.5, -0.0]
    """

    family: ClassVar[str] = "microscaling"

    element: str = "e4m3"
    rounding: str = "nearest-even"
    per: str = field(default="group", kw_only=True)
    group: int | None = field(default=32, kw_only=True)

    @property
    def width(self) -> int:
        """Bits of an element."""
        return int(self._core_family().width)

    def _core_family(self) -> Any:
        return _core.formats.Microscaling(self.element, self.rounding)
