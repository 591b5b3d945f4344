"""Faults of single stored bits: flipped with a rate or in an exact number, stuck at 0 or 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from siliconbert._core import faults as _core
from siliconbert.faults import checks

__all__ = ["BitFlip", "StuckAt"]


@dataclass(frozen=True, kw_only=True)
class _Bits:
    """Which stored bits may change: all of them where nothing is given."""

    fields: Sequence[str] | None = None
    bits: Sequence[int] | None = None
    regions: Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Check the options and make them hashable."""
        who = type(self).__name__
        object.__setattr__(self, "fields", checks.fields(who, self.fields))
        object.__setattr__(self, "bits", checks.positions(who, self.bits))
        object.__setattr__(self, "regions", checks.words(who, "regions", self.regions))
        if self.fields and self.bits:
            given = f"{self.fields} and {self.bits}"
            raise ValueError(f"{who}: fields and bits must not both be given, got {given}")

    @property
    def activations(self) -> None:
        """Nothing happens in flight."""

    def _choice(self) -> Any:
        return _core.BitChoice(self.regions or (), self.fields or (), self.bits or ())

    def _where(self) -> str:
        what = "" if self.fields is None else f" of {', '.join(self.fields)}"
        which = "" if self.bits is None else f" {', '.join(map(str, self.bits))}"
        return what + which + ("" if self.regions is None else f" in {', '.join(self.regions)}")


@dataclass(frozen=True)
class BitFlip(_Bits):
    """Stored bits flip: each on its own with a probability, or an exact number of them anywhere.

    rate    : probability per stored bit, 0..1
    count   : instead of a rate: so many different bits of the whole image, every set of them equally likely
              (the experiment of Ares, without its repeated positions and with every bit in reach)
    fields  : only these fields of the values' codes, among "sign", "exponent", "mantissa"
    bits    : only these positions in the values' codes, 0 is the lowest
    regions : only these; "values" takes its parts too ("values.sign", "values.check"). None: all, with fields
              or bits the values
    errors  : ValueError; on use also for a region that an image lacks, or where nothing is chosen

    >>> BitFlip(1e-6, fields=["sign"]).label
    'bit flips, rate 1e-06 of sign'
    """

    rate: float | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        if (self.rate is None) == (self.count is None):
            raise ValueError(
                f"BitFlip: either rate or count must be given, got rate={self.rate} and count={self.count}"
            )
        if self.rate is None:
            object.__setattr__(self, "count", checks.whole("BitFlip", "count", self.count, 0, 2**62))
        else:
            object.__setattr__(self, "rate", checks.number("BitFlip", "rate", self.rate, 0, 1))

    @property
    def core(self) -> Any:
        """The core's Disturb."""
        if self.rate is not None:
            return _core.BitFlip(self.rate, self._choice())
        assert self.count is not None  # one of the two is given
        return _core.BitFlipCount(self.count, self._choice())

    @property
    def label(self) -> str:
        """One line for reports."""
        what = f"exactly {self.count} bits" if self.rate is None else f"rate {self.rate:g}"
        return f"bit flips, {what}{self._where()}"


@dataclass(frozen=True)
class StuckAt(_Bits):
    """Stored bits are stuck at 0 or 1, each on its own; one that holds that value anyway does no harm.

    rate    : probability per stored bit that it is stuck, 0..1
    value   : 0 or 1
    fields, bits, regions : which bits, as in BitFlip
    errors  : ValueError

    The stuck bits are a function of seed and trial, whatever is stored. Events are those that read wrong.

    >>> StuckAt(1e-4, 0, regions="mask").label
    'bits stuck at 0, rate 0.0001 in mask'
    """

    rate: float
    value: int

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        object.__setattr__(self, "rate", checks.number("StuckAt", "rate", self.rate, 0, 1))
        object.__setattr__(self, "value", checks.whole("StuckAt", "value", self.value, 0, 1))

    @property
    def core(self) -> Any:
        """The core's Disturb."""
        return _core.StuckAt(self.rate, bool(self.value), self._choice())

    @property
    def label(self) -> str:
        """One line for reports."""
        return f"bits stuck at {self.value}, rate {self.rate:g}{self._where()}"
