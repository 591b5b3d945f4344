"""Faults of activations in flight, and several faults at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from siliconbert import _core
from siliconbert.faults import checks

__all__ = ["ActivationFlip", "Fault", "Mixed", "check_places"]


class Fault(Protocol):
    """What disturbs stored cells, activations or both.

    >>> from siliconbert.faults import BitFlip
    >>> [fault.activations is None for fault in (BitFlip(1e-6), ActivationFlip(1e-7))]
    [True, False]
    """

    @property
    def core(self) -> Any:
        """The core's Disturb: what happens to stored cells."""

    @property
    def activations(self) -> Any:
        """The core's DisturbActivations: what happens in flight; None for nothing."""

    @property
    def label(self) -> str:
        """One line for reports; says what is assumed and what only emulates another tool."""


@dataclass(frozen=True)
class ActivationFlip:
    """Bits of activations flip for one pass: each on its own, anew for every sentence and trial.

    rate    : probability per bit of the values that pass, 0..1; a value is as wide as the activation format's
              code, or 32 bits in float32
    places  : names of places in the network ("layer.3.query"; see models.Shape.places); a name takes its
              parts too ("layer.3"), "*" stands for any one part. None: all of them
    fields  : only these fields of the word, among "sign", "exponent", "mantissa"
    errors  : ValueError

    Drawn for (seed, place, trial, number of the sentence): the same in any batch, on any number of threads.

    >>> ActivationFlip(1e-7, "layer.3").label
    'activation flips, rate 1e-07 at layer.3'
    """

    rate: float
    places: Sequence[str] | None = None
    fields: Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Check the options and make them hashable."""
        object.__setattr__(self, "rate", checks.number("ActivationFlip", "rate", self.rate, 0, 1))
        object.__setattr__(self, "places", checks.words("ActivationFlip", "places", self.places))
        object.__setattr__(self, "fields", checks.fields("ActivationFlip", self.fields))

    @property
    def core(self) -> Any:
        """The core's Disturb: nothing happens to stored cells."""
        return _core.faults.Mixed([])

    @property
    def activations(self) -> Any:
        """The core's DisturbActivations."""
        return _core.faults.ActivationFlip(self.rate, self.places or (), self.fields or ())

    @property
    def label(self) -> str:
        """One line for reports."""
        what = "" if self.fields is None else f" of {', '.join(self.fields)}"
        return f"activation flips, rate {self.rate:g}{what}" + (
            "" if self.places is None else f" at {', '.join(self.places)}"
        )


@dataclass(frozen=True)
class Mixed:
    """Several faults, one after another: each meets the cells as those before it left them.

    parts  : faults; they draw independently, the first one as if it were alone
    errors : ValueError for anything else

    A cell that several parts change is one event; one that is back at its stored level is none.

    >>> from siliconbert.faults import BitFlip, CellMisread
    >>> Mixed([CellMisread(), BitFlip(1e-9)]).label
    'cell misreads, all level pairs, binomial counts + bit flips, rate 1e-09'
    """

    parts: Sequence[Fault]

    def __post_init__(self) -> None:
        """Check the parts and take those of inner ones, so that no two parts share a number."""
        given = tuple(self.parts) if isinstance(self.parts, Iterable) else ()
        if not given or not all(hasattr(part, "core") and hasattr(part, "activations") for part in given):
            raise ValueError(f"Mixed: parts must be at least one fault, got {self.parts!r}")
        if own := [part for part in given if part.core is not None and not hasattr(part.core, "transitions")]:
            raise ValueError(f"Mixed: parts must be built-in faults, got {own[0]!r}")
        flat = [inner for part in given for inner in (part.parts if isinstance(part, Mixed) else (part,))]
        object.__setattr__(self, "parts", tuple(flat))

    @property
    def core(self) -> Any:
        """The core's Disturb."""
        return _core.faults.Mixed([part.core for part in self.parts])

    @property
    def activations(self) -> Any:
        """The core's DisturbActivations, None where no part has one."""
        found = [part.activations for part in self.parts if part.activations is not None]
        return _core.faults.MixedActivations(found) if found else None

    @property
    def label(self) -> str:
        """One line for reports."""
        return " + ".join(part.label for part in self.parts)


def check_places(fault: Fault, places: Sequence[str], caller: str) -> None:
    """Refuses a fault of activations that names what is none of a network's places nor a whole of some.

    >>> check_places(ActivationFlip(0.1, "layer.3"), ["layer.1.query", "layer.2.query"], "trace")
    Traceback (most recent call last):
    ValueError: trace: places of activation flips must be among layer.*.query; got 'layer.3'
    """
    for part in fault.parts if isinstance(fault, Mixed) else (fault,):
        for name in getattr(part, "places", None) or ():
            if not any(ActivationFlip(1, name).activations.at(place) for place in places):
                known = ", ".join(dict.fromkeys(re.sub(r"\d+", "*", place) for place in places))
                raise ValueError(f"{caller}: places of activation flips must be among {known}; got {name!r}")
