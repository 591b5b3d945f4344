"""Voltage, frequency and the energy of sentences by definition: the twin of the core's supply."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Point = tuple[float, float]  # V, Hz
Parts = tuple[float, float, float, float]  # J: dynamic, leakage, adpll, regulator


class Sentence(NamedTuple):
    """What one sentence costs: V, Hz, s, J."""

    voltage: float
    frequency: float
    latency: float
    dynamic: float
    leakage: float
    adpll: float
    regulator: float
    transition: float
    feasible: bool


def threshold(nominal: Point, low: Point, alpha: float, load: float) -> float:
    """The threshold voltage at which (V - Vt)^alpha / V^load has the two points' ratio, by bisection."""

    def ratio(vt: float) -> float:
        drive = (low[0] - vt) / (nominal[0] - vt)
        scale = (nominal[0] / low[0]) ** load if low[0] else 1.0
        return math.pow(drive, alpha) * scale

    below, above = -10.0 * nominal[0], low[0]
    for _ in range(200):
        middle = (below + above) / 2
        below, above = (middle, above) if ratio(middle) > low[1] / nominal[1] else (below, middle)
    return (below + above) / 2


def frequency(voltage: float, nominal: Point, vt: float, alpha: float, load: float) -> float:
    """The highest frequency at a voltage: nothing at the threshold, the nominal frequency at nominal."""
    if voltage <= vt:
        return 0.0
    speed, most = (math.pow(v - vt, alpha) / math.pow(v, load) for v in (voltage, nominal[0]))
    return nominal[1] * speed / most


def leakage(voltage: float, nominal: float, power: float, rise: float) -> float:
    """Leakage power: voltage times a current that falls by a factor e for each 1/rise volts."""
    return power * voltage / nominal * math.exp(rise * voltage) / math.exp(rise * nominal)


def sentence(
    layer: tuple[float, float],
    plan: tuple[float, float],
    exit: int,
    predicted: int,
    target: float,
    levels: Sequence[Point],
    rates: Mapping[str, float],
    first: int = 1,
) -> Sentence:
    """One latency-aware sentence: nominal up to layer `first`, then the lowest level that suffices.

    layer, plan : cycles, and joules at nominal voltage; levels: ascending
    rates       : settle_time, leakage_power, leakage_rise, clock_power, rail_capacitance, regulator_input,
                  regulator_efficiency
    """
    nominal, top = levels[-1]

    def spend(joules: float, seconds: float, voltage: float, hertz: float) -> Parts:
        dynamic = joules * (voltage / nominal) ** 2
        still = leakage(voltage, nominal, rates["leakage_power"], rates["leakage_rise"]) * seconds
        loss = 0.0
        if rates["regulator_input"]:
            charge = (dynamic + still) / voltage
            loss = rates["regulator_input"] * charge / rates["regulator_efficiency"] - dynamic - still
        return dynamic, still, rates["clock_power"] * hertz / top * seconds, loss

    if exit <= first:
        time = exit * layer[0] / top
        return Sentence(nominal, top, time, *spend(exit * layer[1], time, nominal, top), 0.0, time <= target)
    elapsed = (first * layer[0] + plan[0]) / top + rates["settle_time"]
    spent = spend(first * layer[1] + plan[1], elapsed, nominal, top)
    needed = (predicted - first) * layer[0] / (target - elapsed) if target > elapsed else math.inf
    enough = [(v, f) for v, f in levels if f > 0 and f >= needed]
    slowest = next(f for _, f in levels if f > 0)
    voltage, hertz = (enough[0][0], max(needed, slowest)) if enough else (nominal, top)
    seconds = (exit - first) * layer[0] / hertz
    rest = spend((exit - first) * layer[1], seconds, voltage, hertz)
    dynamic, still, clock, loss = (a + b for a, b in zip(spent, rest, strict=True))
    charging = rates["rail_capacitance"] * (nominal - voltage) * nominal
    return Sentence(voltage, hertz, elapsed + seconds, dynamic, still, clock, loss, charging, bool(enough))
