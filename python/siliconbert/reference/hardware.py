"""Counts and cycles of EdgeBERT's accelerator by definition: the twin of the core's hardware."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def products(
    tokens: int, hidden: int, heads: int, heads_off: int, ffn: int, classes: int
) -> list[tuple[str, int, int, int]]:
    """Matrix products (part, rows, columns, depth) of a layer; a head that is off keeps its output slice."""
    head, on = hidden // heads, heads - heads_off
    found = [("qkv", tokens, on * head, hidden)] * 3
    found += [("scores", tokens, tokens, head), ("context", tokens, head, tokens)] * on
    found += [
        ("output", tokens, hidden, hidden),
        ("ffn_up", tokens, ffn, hidden),
        ("ffn_down", tokens, hidden, ffn),
    ]
    return found + ([("ramp", 1, hidden, hidden), ("ramp", 1, classes, hidden)] if classes else [])


def macs(listed: Sequence[tuple[str, int, int, int]]) -> dict[str, int]:
    """Multiply-accumulates by part."""
    totals: dict[str, int] = {}
    for part, rows, columns, depth in listed:
        totals[part] = totals.get(part, 0) + rows * columns * depth
    return totals


def pu_cycles(listed: Sequence[tuple[str, int, int, int]], n: int) -> int:
    """For every n x n result: n cycles a tile along the depth, and n to drain."""
    cycles = 0
    for _, rows, columns, depth in listed:
        for _ in range(math.ceil(rows / n) * math.ceil(columns / n)):
            cycles += n * math.ceil(depth / n) + n
    return cycles


def sfu_cycles(
    tokens: int,
    hidden: int,
    heads_on: int,
    classes: int,
    n: int,
    intervals: Mapping[str, float],
    overlap: float = 0.0,
) -> float:
    """States times cycles a state: softmax of every head, two additions, two normalisations, one entropy."""
    row, width = math.ceil(tokens / n), math.ceil(hidden / n)
    cycles = heads_on * tokens * intervals["softmax_interval"] * (2 * row + 2 * row + 5 * row + 1)
    cycles += 2 * tokens * intervals["layer_norm_interval"] * ((2 * width + 1) + (7 * width + 1))
    cycles += 2 * tokens * intervals["add_interval"] * (6 * width + 1)
    if classes:
        v = math.ceil(classes / n)
        cycles += intervals["entropy_interval"] * (2 * v + 2 * v + 2)
    return cycles * (1 - overlap)
