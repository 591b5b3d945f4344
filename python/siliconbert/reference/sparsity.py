"""Pruning as it is defined.

A pattern is a tuple: ("unstructured",), ("nm", n, m), ("block", rows, columns, balance, bank) or
("head", width, axis).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def prune(scores: npt.ArrayLike, pattern: tuple[Any, ...], density: float = 1.0) -> Mask:
    """Of every group the blocks of largest L2 norm survive, of equal ones the first in row-major order."""
    values = np.asarray(scores, np.float32)
    height, width = block_shape(pattern, values.shape)
    blocks = [-(-values.shape[0] // height), -(-values.shape[1] // width)]
    mask = np.zeros(values.shape, bool)
    kept = count(pattern, blocks, density)
    for group in groups(pattern, blocks):
        norms = [norm(values[i * height :][:height, j * width :][:, :width]) for i, j in group]
        for best in np.argsort(-np.array(norms), kind="stable")[:kept]:
            i, j = group[best]
            mask[i * height : (i + 1) * height, j * width : (j + 1) * width] = True
    return mask


def norm(block: npt.NDArray[np.float32]) -> float:
    """The square of the L2 norm, which orders alike."""
    return sum(float(s) ** 2 for s in block.ravel())


def block_shape(pattern: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of what survives or goes as a whole."""
    match pattern:
        case ("block", rows, columns, _, _):
            return rows, columns
        case ("head", width, axis):
            return (width, shape[1]) if axis == 0 else (shape[0], width)
    return 1, 1


def groups(pattern: tuple[Any, ...], blocks: list[int]) -> Iterator[list[tuple[int, int]]]:
    """The blocks, as (row, column), among which the same number survives."""
    rows, columns = range(blocks[0]), range(blocks[1])
    match pattern:
        case ("block", _, _, "row", _):
            yield from ([(i, j) for j in columns] for i in rows)
        case ("block", _, _, "column", _):
            yield from ([(i, j) for i in rows] for j in columns)
        case ("nm", _, m):
            yield from ([(i, j) for j in columns[at : at + m]] for i in rows for at in columns[::m])
        case ("block", _, c, "bank", bank):
            yield from groups(("nm", 0, bank // c), blocks)
        case _:
            yield [(i, j) for i in rows for j in columns]


def count(pattern: tuple[Any, ...], blocks: list[int], density: float) -> int:
    """How many blocks of a group survive; a product within 1e-9 of a whole number is taken for it."""
    match pattern:
        case ("nm", n, _):
            kept = n
        case ("block", _, _, "row", _):
            kept = floor(density * blocks[1] + 1e-9)
        case ("block", _, _, "column", _):
            kept = floor(density * blocks[0] + 1e-9)
        case ("block", _, c, "bank", bank):
            kept = ceil(density * (bank // c) - 1e-9)
        case _:
            kept = floor(density * (blocks[0] * blocks[1]) + 0.5)
    return max(1, int(kept))


def obeys(mask: npt.ArrayLike, pattern: tuple[Any, ...]) -> bool:
    """Blocks whole, N:M groups at most N, balanced groups all alike (one cut off at the edge: all it has)."""
    kept = np.asarray(mask, bool)
    height, width = block_shape(pattern, kept.shape)
    whole = {
        (i, j): set(kept[i * height :][:height, j * width :][:, :width].ravel().tolist())
        for i in range(-(-kept.shape[0] // height))
        for j in range(-(-kept.shape[1] // width))
    }
    if any(len(values) > 1 for values in whole.values()):
        return False
    blocks = [max(i for i, _ in whole) + 1, max(j for _, j in whole) + 1]
    counts = [(sum(True in whole[block] for block in group), len(group)) for group in groups(pattern, blocks)]
    if pattern[0] == "nm":
        return all(found <= pattern[1] for found, _ in counts)
    most = max(found for found, _ in counts)
    free = pattern[0] != "block" or pattern[3] == "free"
    return free or all(found == min(most, size) for found, size in counts)
