"""Counts, cycles and actions of EdgeBERT's accelerator by definition, tile by tile: the core's twin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Product(NamedTuple):
    """One matrix product: which elements of its operands are not zero, and which results are wanted."""

    part: str
    left: Mask  # rows x depth
    right: Mask  # depth x columns
    wanted: Mask | None = None  # rows x columns; None: all
    skips: bool = False  # whether tiles of an operand that hold nothing are left out


class Work(NamedTuple):
    """What the processing unit does for products."""

    cycles: int
    macs: int  # of vectors that both hold something
    skipped_macs: int
    decoded: int
    operand_bytes: float  # without masks


def near(tokens: int, reach: int) -> Mask:
    """Which pairs of tokens are at most `reach` apart."""
    place = np.arange(tokens)
    return np.asarray(np.abs(place[:, None] - place) <= reach)


def products(
    tokens: int,
    hidden: int,
    heads: int,
    reaches: Sequence[int],
    ffn: int,
    classes: int,
    window: bool = False,
    masks: Mapping[str, Mask] | None = None,
) -> list[Product]:
    """The products of a layer; `reaches`: of the heads that are on. masks: part -> (inputs, outputs)."""
    head, on = hidden // heads, len(reaches)

    def weights(part: str, inputs: int, outputs: int) -> Mask:
        given = (masks or {}).get(part)
        return np.ones((inputs, outputs), bool) if given is None else given[:inputs, :outputs]

    def dense(rows: int, depth: int) -> Mask:
        return np.ones((rows, depth), bool)

    found = [Product("qkv", dense(tokens, hidden), weights("qkv", hidden, on * head)) for _ in range(3)]
    for reach in reaches:
        pairs = near(tokens, reach)
        found.append(
            Product("scores", dense(tokens, head), dense(head, tokens), pairs if window else None, window)
        )
        found.append(Product("context", pairs, dense(tokens, head), None, window))
    context = dense(tokens, on * head if window else hidden)
    context[:, on * head :] = False
    found.append(Product("output", context, weights("output", context.shape[1], hidden)))
    found.append(Product("ffn_up", dense(tokens, hidden), weights("ffn_up", hidden, ffn)))
    found.append(Product("ffn_down", dense(tokens, ffn), weights("ffn_down", ffn, hidden)))
    if classes and tokens:
        found.append(Product("ramp", dense(1, hidden), dense(hidden, hidden)))
        found.append(Product("ramp", dense(1, hidden), dense(hidden, classes)))
    return found


def macs(listed: Sequence[Product]) -> dict[str, int]:
    """Multiply-accumulates by part; where tiles may be left out, those of wanted results and elements."""
    totals: dict[str, int] = {}
    for p in listed:
        rows, depth = p.left.shape
        columns = p.right.shape[1]
        if p.wanted is not None:
            count = int(p.wanted.sum()) * depth
        else:
            count = (int(p.left.sum()) if p.skips else rows * depth) * columns
        totals[p.part] = totals.get(p.part, 0) + count
    return totals


def processing_unit(p: Product, n: int, width: float = 8) -> Work:
    """All tiles of a product: n cycles each, and n to drain each n x n result."""
    left, right = _padded(p.left, n), _padded(p.right, n)
    wanted = None if p.wanted is None else _padded(p.wanted, n)
    cycles = sums = tiles = values = 0
    for k in range(0, left.shape[0], n):
        for j in range(0, right.shape[1], n):
            if wanted is not None and not wanted[k : k + n, j : j + n].any():
                continue
            done = 0
            for m in range(0, left.shape[1], n):
                a, b = left[k : k + n, m : m + n], right[m : m + n, j : j + n]
                if wanted is None and p.skips and not a.any():
                    continue
                done += 1
                sums += int(a.any(axis=1).sum()) * int(b.any(axis=0).sum())
                values += int(a.sum()) + int(b.sum())
            tiles += done
            cycles += n * done + (n if left.shape[1] else 0)
    return Work(cycles, sums * n, tiles * n**3 - sums * n, 2 * tiles * n * n, values * width / 8)


class Pass(NamedTuple):
    """One operation of the special function unit on one row of v vectors."""

    states: int
    reads: int  # vectors
    writes: int


def sfu_passes(tokens: int, hidden: int, heads_on: int, classes: int, n: int) -> dict[str, tuple[int, Pass]]:
    """Rows and their pass: softmax of every head, two normalisations and two additions, one entropy."""
    row, width, v = math.ceil(tokens / n), math.ceil(hidden / n), math.ceil(classes / n)
    return {
        # Maximum and sum read a row, the last pass reads it and its span and writes it.
        "softmax": (heads_on * tokens, Pass(2 * row + 2 * row + 5 * row + 1, row + row + 2 * row, row)),
        # One pass for both sums, one that reads the row, gamma and beta.
        "layer_norm": (2 * tokens, Pass((2 * width + 1) + (7 * width + 1), width + 3 * width, width)),
        "add": (2 * tokens, Pass(6 * width + 1, 2 * width, width)),
        "entropy": (1 if classes and tokens else 0, Pass(2 * v + 2 * v + 2, 2 * v, 0)),
    }


def sfu_cycles(passes: Mapping[str, tuple[int, Pass]], intervals: Mapping[str, float]) -> float:
    """States times cycles a state."""
    return sum(rows * one.states * intervals[f"{name}_interval"] for name, (rows, one) in passes.items())


def _padded(mask: Mask, n: int) -> Mask:
    return np.pad(mask, [(0, -size % n) for size in mask.shape])
