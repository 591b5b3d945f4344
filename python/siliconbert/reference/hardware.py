"""Counts, cycles and energies of EdgeBERT's accelerator by definition: the twin of the core's hardware."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Sentence(NamedTuple):
    """What one sentence costs: V, Hz, s, J."""

    voltage: float
    frequency: float
    latency: float
    dynamic: float
    leakage: float
    clock: float
    feasible: bool


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


def sentence(
    layer_cycles: float,
    plan_cycles: float,
    exit: int,
    predicted: int,
    target: float,
    levels: Sequence[float],
    nominal_frequency: float,
    threshold_voltage: float,
    settle_time: float,
    energy_per_cycle: float,
    leakage_power: float,
    clock_power: float,
    first: int = 1,
) -> Sentence:
    """One latency-aware sentence: nominal up to layer `first`, then the lowest voltage that suffices."""
    nominal = levels[-1]

    def fastest(voltage: float) -> float:
        return nominal_frequency * (voltage - threshold_voltage) / (nominal - threshold_voltage)

    def energy(cycles: float, seconds: float, voltage: float, frequency: float) -> tuple[float, float, float]:
        dynamic = energy_per_cycle * cycles * (voltage / nominal) ** 2
        leakage = leakage_power * voltage / nominal * seconds
        return dynamic, leakage, clock_power * frequency / nominal_frequency * seconds

    if exit <= first:
        time = exit * layer_cycles / nominal_frequency
        spent = energy(exit * layer_cycles, time, nominal, nominal_frequency)
        return Sentence(nominal, nominal_frequency, time, *spent, time <= target)
    before = first * layer_cycles + plan_cycles
    elapsed = before / nominal_frequency + settle_time
    spent = energy(before, elapsed, nominal, nominal_frequency)
    remaining = (predicted - first) * layer_cycles
    needed = remaining / (target - elapsed) if target > elapsed else math.inf
    enough = [v for v in levels if fastest(v) >= needed]
    voltage = enough[0] if enough else nominal
    frequency = max(needed, fastest(levels[0])) if enough else nominal_frequency
    cycles = (exit - first) * layer_cycles
    rest = energy(cycles, cycles / frequency, voltage, frequency)
    dynamic, leakage, clock = (a + b for a, b in zip(spent, rest, strict=True))
    latency = elapsed + cycles / frequency
    return Sentence(voltage, frequency, latency, dynamic, leakage, clock, bool(enough))
