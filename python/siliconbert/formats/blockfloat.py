"""Block floating point: one exponent for many mantissas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from siliconbert import _core
from siliconbert.formats.family import Format


@dataclass(frozen=True, repr=False)
class BlockFloat(Format):
    """Signed mantissas of width - 1 bits that share one exponent (of 8 bits) per tensor, row or group.

    A value is +-mantissa * 2^(exponent - width + 2); there is no hidden one, and there are two zeros. Fitting
    takes the exponent of the largest magnitude, at least -128. What is larger saturates, which half of the
    largest step always does: a mantissa of all ones is the largest.

    width: 2..16 bits. rounding: "nearest-even", "nearest-away", "toward-zero" or "stochastic".
    errors: ValueError

    >>> from siliconbert.formats import quantize
    >>> quantize([6.0, 1.9, -0.4], BlockFloat(4)).tolist()
    [6.0, 2.0, -0.0]
    """

    family: ClassVar[str] = "blockfloat"

    width: int = 8
    rounding: str = "nearest-even"

    def _core_family(self) -> Any:
        return _core.formats.BlockFloat(self.width, self.rounding)
