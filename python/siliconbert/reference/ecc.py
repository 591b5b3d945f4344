"""Parity and extended Hamming codes bit by bit, in lists of 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

Bits = list[int]


class Decoded(NamedTuple):
    """Data and check bits as the decoder leaves them, and whether it changed a bit or only saw an error."""

    data: Bits
    check: Bits
    corrected: bool
    detected: bool


def check_bits(data: Sequence[int]) -> Bits:
    """The Hamming code's check bits, lowest position first, and last the bit that makes the sum of all even.

    Positions count from 1; check bit i stands at position 2^i and makes the sum of the positions that have
    bit i even; the data fill the other positions in order.
    """
    word = _in_positions(data)
    check = []
    for i in range(_hamming_bits(len(data))):
        check.append(sum(bit for position, bit in word.items() if position >> i & 1) % 2)
    return [*check, (sum(data) + sum(check)) % 2]


def decode(data: Sequence[int], check: Sequence[int]) -> Decoded:
    """One wrong bit is put right; two are seen."""
    expected = check_bits(data)
    wrong = sum(2**i for i in range(len(check) - 1) if expected[i] != check[i])
    odd = (sum(data) + sum(check)) % 2 == 1
    fixed, checks = list(data), list(check)
    if not odd:
        return Decoded(fixed, checks, False, wrong != 0)
    places = list(_in_positions(data))
    if wrong == 0:
        checks[-1] ^= 1
    elif wrong & (wrong - 1) == 0:
        checks[wrong.bit_length() - 1] ^= 1
    elif wrong in places:
        fixed[places.index(wrong)] ^= 1
    else:
        return Decoded(fixed, checks, False, True)
    return Decoded(fixed, checks, True, False)


def parity_bits(data: Sequence[int]) -> Bits:
    """One bit that makes the sum of all even."""
    return [sum(data) % 2]


def decode_parity(data: Sequence[int], check: Sequence[int]) -> Decoded:
    """An odd number of wrong bits is seen."""
    return Decoded(list(data), list(check), False, (sum(data) + sum(check)) % 2 == 1)


def words(bits: Sequence[int], size: int) -> list[Bits]:
    """A region's bits in words; zeros fill the last."""
    filled = [*bits, *[0] * (-len(bits) % size)]
    return [filled[first : first + size] for first in range(0, len(filled), size)]


def _hamming_bits(data_bits: int) -> int:
    count = 1
    while 2**count < data_bits + count + 1:
        count += 1
    return count


def _in_positions(data: Sequence[int]) -> dict[int, int]:
    """Position -> data bit."""
    places = [position for position in range(1, 2 * len(data) + 8) if position & (position - 1)]
    return dict(zip(places, data, strict=False))
