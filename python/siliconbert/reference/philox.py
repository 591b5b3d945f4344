"""Philox 4x32-10 and the addresses of draws: the twin of base/philox.hpp (J. Salmon et al., SC'11)."""

from __future__ import annotations

import math
from typing import Any

# Streams.
FAULT, ACTIVATION_FAULT, MIXED_FAULT = 100, 110, 120
PREDICTOR_WEIGHTS, PREDICTOR_ORDER, ROUNDING = 200, 300, 400

_LOW = 0xFFFFFFFF


def philox(counter: Any, key: Any) -> tuple[Any, Any, Any, Any]:
    """Ten rounds over a counter of four and a key of two 32-bit words (integers or uint64 arrays).

    >>> [hex(word) for word in philox((0, 0, 0, 0), (0, 0))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        even, odd = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (odd >> 32) ^ c1 ^ k0, odd & _LOW, (even >> 32) ^ c3 ^ k1, even & _LOW
        k0, k1 = (k0 + 0x9E3779B9) & _LOW, (k1 + 0xBB67AE85) & _LOW
    return c0, c1, c2, c3


def name_hash(name: str) -> int:
    """FNV-1a, 64 bits, of the name's UTF-8 bytes."""
    result = 0xCBF29CE484222325
    for letter in name.encode():
        result = (result ^ letter) * 0x100000001B3 & (2**64 - 1)
    return result


class Draws:
    """The draws of one (seed, stream, tensor, region, trial); calling it gives four words."""

    def __init__(self, seed: int, stream: int, tensor: str, region: str, trial: int) -> None:
        """Hash the names under the seed, then the stream under that."""
        names = (*_halves(name_hash(tensor)), *_halves(name_hash(region)))
        mixed = philox(names, _halves(seed))
        self.key = philox((mixed[2], mixed[3], stream, 0), mixed[:2])[:2]
        self.trial = _halves(trial)

    def __call__(self, element: Any, index: Any) -> tuple[Any, Any, Any, Any]:
        """Draw number `index` of an element."""
        return philox((index, element, *self.trial), self.key)


def uniform(high: Any, low: Any) -> Any:
    """Two words as a number in (0, 1] with 53 bits.

    >>> uniform(0xFFFFFFFF, 0xFFFFFFFF)
    1.0
    """
    return ((((high << 32) | low) >> 11) + 1.0) * 2.0**-53


def gap(u: float, log1p_of_minus_rate: float) -> int:
    """Failures before the next success of independent trials, by inversion of the geometric distribution."""
    return min(math.floor(math.log(u) / log1p_of_minus_rate), 2**62)


def _halves(word: int) -> tuple[int, int]:
    return word & _LOW, word >> 32
