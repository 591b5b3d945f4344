"""FQ-BERT's accelerator by definition, columns and heads dealt one by one, products bit by bit: the twin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from siliconbert.reference.fpga import memory_blocks

Codes = NDArray[np.int8]


class Layer(NamedTuple):
    """Cycles of one layer, and its weights' bytes."""

    linear: float
    attention: float
    simd: float
    transfer: float
    weight_bytes: float


def layer(
    tokens: int,
    hidden: int,
    heads: int,
    ffn: int,
    pus: int,
    n: int,
    m: int,
    overhead: float = 1.0,
    bus_bytes: float = 16.0,
    weight_bits: float = 4.0,
) -> Layer:
    """One layer through `pus` units of `n` PEs of `m` multipliers."""
    at_once = m // 2 if weight_bits > 4 else m
    linear = transfer = weight_bytes = 0.0
    # Q, K and V stream their weights as one product.
    for count, columns, depth in (
        (3, hidden, hidden),
        (1, hidden, hidden),
        (1, ffn, hidden),
        (1, hidden, ffn),
    ):
        busy = overhead * count * tokens * most(columns, pus * n) * slices(depth, at_once)
        loaded = count * columns * depth * weight_bits / 8 if tokens else 0.0
        linear, weight_bytes = linear + busy, weight_bytes + loaded
        transfer += max(0.0, loaded / bus_bytes - busy)
    head, rounds, pes = hidden // heads, most(heads, pus), n * max(1, pus // heads)
    scores = tokens * most(tokens, pes) * slices(head, m // 2)
    context = tokens * most(head, pes) * slices(tokens, m // 2)
    softmax = heads * tokens * slices(tokens, m)
    normalisation = 2 * tokens * slices(hidden, m)
    attention = overhead * rounds * (scores + context)
    return Layer(linear, attention, softmax + normalisation, transfer, weight_bytes)


def most(things: int, units: int) -> int:
    """How many things the busiest unit gets when they are dealt one by one."""
    return int(np.bincount(np.arange(things) % units, minlength=1).max()) if things else 0


def slices(depth: int, width: int) -> int:
    """Steps of `width` that cover a depth."""
    return len(range(0, depth, width))


def memory(
    tokens: int,
    hidden: int,
    heads: int,
    ffn: int,
    pus: int,
    n: int,
    m: int,
    blocks: Sequence[tuple[float, float]],
    weight_bits: float = 4.0,
) -> tuple[float, float]:
    """Memory blocks of all buffers: both halves of a double buffer in one memory, and each in its own."""
    column, word = slices(max(hidden, ffn), m), m * weight_bits
    packed = memory_blocks(blocks, 2 * column, word, 1) + memory_blocks(blocks, 2 * tokens, 32, 1)
    separate = 2 * memory_blocks(blocks, column, word, 1) + 2 * memory_blocks(blocks, tokens, 32, 1)
    attention = 4 * tokens * hidden + heads * tokens * tokens
    feed_forward = 2 * tokens * hidden + tokens * ffn
    kept = m * memory_blocks(blocks, slices(max(attention, feed_forward), m), 8, 1)
    return pus * n * packed + kept, pus * n * separate + kept


def bim_8x4(left: Codes, right: Codes) -> int:
    """A product for each multiplier: both trees' sums added."""
    products = left.astype(np.int64) * right.astype(np.int64)
    return int(products[0::2].sum() + products[1::2].sum())


def bim_8x8(kind: str, left: Codes, right: Codes) -> int:
    """A product for two multipliers; kind "A" shifts the high tree's sum, "B" every high product."""
    high, low = right.astype(np.int64) // 16, right.astype(np.int64) % 16
    high_products, low_products = left * high, left * low
    if kind == "A":
        return int(16 * high_products.sum() + low_products.sum())
    return int((16 * high_products).sum() + low_products.sum())


def bim_logic_bits(kind: str, multipliers: int) -> int:
    """Bits of adders and of the multiplexers that choose between shifted and plain."""
    half = multipliers // 2
    plain, high = [12] * half, [12 if kind == "A" else 16] * half
    low_sum, low_bits = tree(plain)
    high_sum, high_bits = tree(high)
    last = max(low_sum, high_sum + (4 if kind == "A" else 0)) + 1
    multiplexers = high_sum + 4 if kind == "A" else 16 * half
    return low_bits + high_bits + last + multiplexers


def tree(widths: Sequence[int]) -> tuple[int, int]:
    """Width of the sum and bits of all adders of a tree that adds neighbours level by level."""
    bits, level = 0, list(widths)
    while len(level) > 1:
        widest = max(level) + 1
        pairs = len(level) // 2
        bits += pairs * widest
        level = [widest] * (len(level) - pairs)
    return level[0], bits
