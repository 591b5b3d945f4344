"""FQ-BERT's bit-split inner-product module (BIM): multipliers of 8 x 4 bits and two adder trees."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from siliconbert._core import hardware as _core

BIMS = ("A", "B")


def bim(left: ArrayLike, right: ArrayLike, bits: int = 8, kind: str = "A") -> int:
    """The inner product of two rows of whole numbers, as the module forms it.

    left, right : (N,), of -128..127; right of -8..7 where bits is 4
    bits        : of right: 4, a product for each multiplier, or 8, two multipliers for a product: right is
                  16 * high + low, one tree sums left * high, the other left * low
    kind        : "A" shifts the high tree's sum, "B" every high product: the same number from other logic
    errors      : ValueError naming the argument
    source      : fq_bert_date2021; how the halves are signed is ours

    >>> bim([3, -2], [100, -7]), bim([3, -2], [7, -8], bits=4)
    (314, 37)
    """
    if kind not in BIMS or bits not in (4, 8):
        raise ValueError(f"bim: bits must be 4 or 8 and kind one of {', '.join(BIMS)}; got {bits}, {kind!r}")
    rows = [_codes(name, given) for name, given in (("left", left), ("right", right))]
    return int(_core.bim_8x4(*rows) if bits == 4 else _core.bim_8x8(getattr(_core.Bim, kind), *rows))


def _codes(name: str, given: ArrayLike) -> np.ndarray:
    values = np.asarray(given)
    if values.ndim != 1 or values.dtype.kind not in "iu" or np.any((values < -128) | (values > 127)):
        raise ValueError(
            f"bim: {name} must be one row of whole numbers in -128..127, "
            f"got shape {values.shape} of {values.dtype}"
        )
    return values.astype(np.int8)
