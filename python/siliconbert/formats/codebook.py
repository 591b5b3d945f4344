"""Codebooks: a sorted list of up to 256 values, found in the data or given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from siliconbert import _core
from siliconbert.formats.family import Format


@dataclass(frozen=True, repr=False)
class Codebook(Format):
    """Codes are places in a sorted list of 2^width values; each value goes to the nearest, halves down.

    Without entries every tensor, row or group has its own list (float32), found by k-means: it starts from
    the quantiles of the values and moves the list to the means until no value changes its place (at most 100
    times). No more than 2^width different values are taken as they are.

    entries: the list itself, ascending, at most 2^width numbers; then the parameter is one float32 scale that
    takes the largest entry to the largest magnitude, and codes beyond the entries read as the last one.

    width: 1..8 bits. errors: ValueError

    >>> from siliconbert.formats import quantize
    >>> quantize([0.5, 1.0, 4.0, -2.0, -3.0], Codebook(2)).tolist()
    [0.75, 0.75, 4.0, -2.0, -3.0]
    >>> quantize([0.3, -4.0, 1.9], Codebook(2, entries=(-1, 0, 1))).tolist()
    [0.0, -4.0, 0.0]
    """

    family: ClassVar[str] = "codebook"

    width: int = 4
    entries: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Takes entries of any sequence, and checks the shape."""
        if self.entries is not None:
            try:
                object.__setattr__(self, "entries", tuple(float(entry) for entry in self.entries))
            except (TypeError, ValueError):
                raise ValueError(f"Codebook: entries must be numbers, got {self.entries!r}") from None
        super().__post_init__()

    def _core_family(self) -> Any:
        return _core.formats.Codebook(self.width, list(self.entries or ()))
