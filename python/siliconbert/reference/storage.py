"""Cells of stored codes and the bitmask's reading, in Python integers and lists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def split_into_cells(width: int, bits: int) -> list[int]:
    """Bits of each cell of a code: full cells first, then the rest."""
    cells = []
    while width > 0:
        cells.append(min(bits, width))
        width -= cells[-1]
    return cells


def levels(
    codes: Sequence[int], bit_order: Sequence[int], cell_bits: Sequence[int], gray: bool = False
) -> list[int]:
    """Level of every cell."""
    result = []
    for code in codes:
        stored = "".join(str(code >> bit & 1) for bit in bit_order)
        for bits in cell_bits:
            result.append(gray_codes(bits).index(stored[:bits]) if gray else int(stored[:bits], 2))
            stored = stored[bits:]
    return result


def gray_codes(bits: int) -> list[str]:
    """The reflected Gray code: the one of a bit less with 0 before it, then backwards with 1 before it."""
    if bits == 0:
        return [""]
    less = gray_codes(bits - 1)
    return ["0" + code for code in less] + ["1" + code for code in reversed(less)]


def mask_levels(mask: Mask, bits: int) -> list[int]:
    """Levels of the mask's cells: neighbours share one, the first in the highest bit, zeros fill the last."""
    stored = "".join(str(int(kept)) for kept in mask.ravel())
    stored += "0" * (-len(stored) % bits)
    return [int(stored[first : first + bits], 2) for first in range(0, len(stored), bits)]


def load(values: npt.NDArray[np.float32], mask: Mask) -> npt.NDArray[np.float32]:
    """Scatters decoded values over the ones of a mask: too many are dropped, missing ones are zero."""
    loaded = np.zeros(mask.size, np.float32)
    elements = np.flatnonzero(mask.ravel())[: len(values)]
    loaded[elements] = values[: len(elements)]
    return loaded.reshape(mask.shape)
