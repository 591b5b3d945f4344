"""Checks of the options that faults share; every error is one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

FIELDS = ("sign", "exponent", "mantissa")


def number(who: str, what: str, given: Any, low: float, high: float) -> float:
    """A real number of low..high, as a float."""
    right = isinstance(given, Real) and not isinstance(given, bool)
    if not right or not math.isfinite(given) or not low <= given <= high:
        limits = f"in {low:g}..{high:g}" if high < math.inf else f"from {low:g} on"
        raise ValueError(f"{who}: {what} must be a number {limits}, got {given!r}")
    return float(given)


def flag(who: str, what: str, given: Any) -> None:
    """True or False."""
    if not isinstance(given, bool):
        raise ValueError(f"{who}: {what} must be True or False, got {given!r}")


def whole(who: str, what: str, given: Any, low: int, high: int) -> int:
    """A whole number of low..high, as an int."""
    if isinstance(given, bool) or not isinstance(given, Integral) or not low <= int(given) <= high:
        raise ValueError(f"{who}: {what} must be a whole number in {low}..{high}, got {given!r}")
    return int(given)


def words(who: str, what: str, given: Any) -> tuple[str, ...] | None:
    """None, one word or several, as a tuple."""
    if given is None:
        return None
    found = (given,) if isinstance(given, str) else _several(given)
    if not found or not all(isinstance(word, str) and word for word in found):
        raise ValueError(f"{who}: {what} must be None or at least one name, got {given!r}")
    return found


def fields(who: str, given: Any) -> tuple[str, ...] | None:
    """None or some of the fields of a code."""
    found = words(who, "fields", given)
    if found and not set(found) <= set(FIELDS):
        raise ValueError(f"{who}: fields must be among {', '.join(FIELDS)}; got {given!r}")
    return found


def positions(who: str, given: Any) -> tuple[int, ...] | None:
    """None or bit positions of a code."""
    if given is None:
        return None
    found = (given,) if isinstance(given, Integral) else _several(given)
    if not found:
        raise ValueError(f"{who}: bits must be None or at least one position, got {given!r}")
    return tuple(whole(who, "bits", bit, 0, 31) for bit in found)


def _several(given: Any) -> tuple[Any, ...]:
    return tuple(given) if isinstance(given, Iterable) else ()
