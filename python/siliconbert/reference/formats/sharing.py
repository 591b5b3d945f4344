"""Which parameter set and which draw belong to an element."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from siliconbert.reference.philox import ROUNDING, Draws


def sets_of(rows: int, columns: int, per: str, group: int | None = None) -> npt.NDArray[np.int64]:
    """Number of the parameter set of every element: one, one a row, or one a group of a row's neighbours."""
    row, column = np.indices((rows, columns))
    if per == "tensor":
        return np.zeros((rows, columns), np.int64)
    if per == "row":
        return np.asarray(row)
    assert group is not None
    return np.asarray(row * -(-columns // group) + column // group)


def draws_of(seed: int, name: str, count: int) -> npt.NDArray[np.float64]:
    """A number in [0, 1) of 32 bits for each element; four neighbours take the words of one Philox call."""
    draw = Draws(seed, ROUNDING, name, "values", 0)
    words = [draw(element & 0xFFFFFFFF, element >> 32) for element in range(-(-count // 4))]
    return np.array(words, np.float64).ravel()[:count] / 2.0**32
