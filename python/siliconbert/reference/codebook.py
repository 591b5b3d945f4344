"""Codebooks: a code is the place of its value in a sorted list."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PASSES = 100


def fit(x: npt.ArrayLike, width: int) -> npt.NDArray[np.float32]:
    """The 2^width values that k-means finds for x, started from its quantiles; zeros for no values.

    Where x has no more different values than that, they are the codebook, the last one repeated. Each pass
    gives every value to its nearest centre, the lower of two as near, and moves the centre to the mean of its
    values; a centre without values stays. It ends when no value changes its centre, or after PASSES.
    """
    values = np.sort(np.asarray(x, np.float32).astype(np.float64).ravel()) + 0.0  # no negative zero
    count = 2**width
    if len(values) == 0:
        return np.zeros(count, np.float32)
    different = np.unique(values)
    if len(different) <= count:
        return np.pad(different, (0, count - len(different)), "edge").astype(np.float32)
    centres = values[((2 * np.arange(count) + 1) * len(values)) // (2 * count)]
    sums = np.concatenate([[0.0], np.cumsum(values)])
    before = np.zeros(0, np.int64)
    for _ in range(PASSES):
        starts = np.concatenate([[0], np.searchsorted(values, _middles(centres), "right"), [len(values)]])
        if np.array_equal(starts, before):
            break
        first, last = starts[:-1], starts[1:]
        means = (sums[last] - sums[first]) / np.maximum(last - first, 1)
        centres = np.where(last > first, means, centres)
        before = starts
    return np.sort(centres.astype(np.float32))


def fit_scale(x: npt.ArrayLike, entries: npt.ArrayLike) -> np.float32:
    """The factor (never 0) that takes the largest entry to the largest magnitude of x; 1 for zeros."""
    largest = float(np.max(np.abs(np.asarray(x, np.float32)), initial=np.float32(0)))
    if largest == 0:
        return np.float32(1)
    scale = np.float32(largest / float(np.max(np.abs(np.asarray(entries, np.float32)))))
    return np.float32(max(scale, np.finfo(np.float32).smallest_subnormal))


def decode(codes: npt.ArrayLike, values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Values of codes."""
    return np.asarray(values, np.float32)[np.asarray(codes, np.int64)]


def encode(x: npt.ArrayLike, values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Codes of the nearest values, which are sorted; the lower of two as near, the first of equal ones."""
    value = np.asarray(x, np.float32).astype(np.float64)
    table = np.asarray(values, np.float32).astype(np.float64)
    nearest = np.searchsorted(_middles(table), value, "left")
    return np.searchsorted(table, table[nearest], "left").astype(np.int64)


def _middles(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return (values[1:] + values[:-1]) / 2
