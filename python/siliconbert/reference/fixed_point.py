"""The 16-bit special function unit in plain integers: the twin of the core's fixed_point."""

from __future__ import annotations

import math
from collections.abc import Sequence

FRACTION, FINE = 10, 14
ONE, UNIT = 1 << FRACTION, 1 << FINE
POWER = [round(2 ** (i / 4) * UNIT) for i in range(5)]
LOG = [round(math.log2(1 + i / 8) * UNIT) for i in range(9)]
ROOT = [round(UNIT / math.sqrt(1 + i / 4)) for i in range(13)]
LOG2_E, LN_2 = round(math.log2(math.e) * UNIT), round(math.log(2) * UNIT)


def saturate(x: int) -> int:
    """Into 16 bits."""
    return max(-32768, min(32767, x))


def encode(value: float) -> int:
    """The nearest code of Q6.10, ties up."""
    if math.isnan(value):
        return 0
    return saturate(math.floor(value * ONE + 0.5)) if abs(value) < 64 else (32767 if value > 0 else -32768)


def shifted(x: int, shift: int) -> int:
    """x / 2^shift to the nearest, ties up."""
    return (x + (1 << (shift - 1))) >> shift if shift > 0 else x << -shift


def times(a: int, b: int) -> int:
    """The product of two codes."""
    return shifted(a * b, FRACTION)


def on_line(ends: Sequence[int], position: int, step: int) -> int:
    """Straight between the ends around a position; `step` positions lie between two ends."""
    i, inside = divmod(position, step)
    return ends[i] if inside == 0 else ends[i] + (ends[i + 1] - ends[i]) * inside // step


def exponential(x: int) -> int:
    """e^x for x <= 0."""
    n, f = divmod(x * LOG2_E // UNIT, ONE)
    return shifted(on_line(POWER, f, ONE // 4), FINE - FRACTION - n)


def logarithm(x: int) -> int:
    """ln x for x > 0."""
    k = x.bit_length() - 1
    m = x * UNIT // 2**k
    return shifted(((k - FRACTION) * UNIT + on_line(LOG, m - UNIT, UNIT // 8)) * LN_2, 2 * FINE - FRACTION)


def inverse_root(x: int) -> int:
    """1 / sqrt(x) for x > 0."""
    h = (x.bit_length() - 1 - FRACTION) // 2
    scale = FINE - FRACTION - 2 * h
    m = x << scale if scale >= 0 else x >> -scale
    return saturate(shifted(on_line(ROOT, m - UNIT, UNIT // 4), FINE - FRACTION + h))


def softmax(row: Sequence[float]) -> list[float]:
    """Of values that are scaled already."""
    codes = [encode(v) for v in row]
    codes = [saturate(c - max(codes)) for c in codes]
    log = logarithm(sum(exponential(c) for c in codes))
    return [exponential(saturate(c - log)) / ONE for c in codes]


def window(row: Sequence[float], weights: Sequence[float], renormalise: bool) -> list[float]:
    """Probabilities under a span's mask."""
    codes = [times(encode(p), encode(w)) for p, w in zip(row, weights, strict=True)]
    total = sum(codes)
    return [(c * ONE // total if renormalise and total else c) / ONE for c in codes]


def layer_norm(row: Sequence[float], gain: Sequence[float], shift: Sequence[float]) -> list[float]:
    """Variance as E[x^2] - E[x]^2, no epsilon."""
    codes = [encode(v) for v in row]
    mean = _toward_zero(sum(codes), len(codes))
    variance = shifted(sum(c * c for c in codes) // len(codes), FRACTION) - times(mean, mean)
    factor = inverse_root(variance) if variance > 0 else 0
    normal = [saturate(times(c - mean, factor)) for c in codes]
    return [
        saturate(times(v, encode(g)) + encode(b)) / ONE for v, g, b in zip(normal, gain, shift, strict=True)
    ]


def entropy(row: Sequence[float]) -> float:
    """ln(sum e^(x - m)) + m - sum x e^(x - m) / sum e^(x - m)."""
    codes = [encode(v) for v in row]
    most = max(codes)
    e = [exponential(saturate(c - most)) for c in codes]
    weighted = sum(times(c, x) for c, x in zip(codes, e, strict=True))
    return saturate(logarithm(sum(e)) + most - _toward_zero(weighted * ONE, sum(e))) / ONE


def _toward_zero(a: int, b: int) -> int:
    return a // b if a >= 0 else -(-a // b)
