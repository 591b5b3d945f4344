"""Adaptive attention spans: how far every head looks, as models carry them and files hold them.

Sukhbaatar et al. 2019 (the soft window); Tambe et al. 2021 (EdgeBERT: one span a head, heads switched off).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert.models.jsonfile import Config
from siliconbert.models.shape import Shape

KEY = "attention_spans"
VARIANTS = ("window", "edgebert-public")
LONGEST = 128.0
# Far above any length: a window this soft hardly differs from none.
LARGEST_RAMP = 65536.0
_KEYS = ("values", "ramp", "variant", "renormalise")


@dataclass(frozen=True, eq=False)
class Spans:
    """One span z a head and own set of layer weights; a head whose z is exactly 0 is off: its context is 0.

    With the variant "window" a key at distance d = |query - key| keeps the share
    m(d) = clamp((ramp + z - d) / ramp, 0, 1) of its probability. With "edgebert-public", the mask of
    EdgeBERT's public code, the key at position p of the sentence keeps clamp((p - 127 + z) / ramp + 1, 0, 1),
    whatever the query. Then a row of probabilities is divided by its sum + 1e-8, unless `renormalise` is
    false.

    values : (weight sets, heads) float32, tokens, 0..128; one set in a model whose layers share their weights
    ramp   : tokens over which the window falls to 0
    errors : ValueError naming the field

    >>> spans = Spans([[0, 12, 36]])
    >>> spans.mean, spans.heads_off
    (16.0, 1)
    """

    values: NDArray[np.float32] = field(repr=False)
    ramp: float = 32.0
    variant: str = "window"
    renormalise: bool = True

    def __init__(
        self, values: ArrayLike, ramp: float = 32.0, variant: str = "window", renormalise: bool = True
    ):
        """Checks and copies the values."""
        object.__setattr__(self, "values", _checked(values))
        fits = not isinstance(ramp, bool) and isinstance(ramp, Real) and 0 < ramp <= LARGEST_RAMP
        _require(fits, f"ramp must be a number above 0 and at most {LARGEST_RAMP:g}", ramp)
        _require(variant in VARIANTS, f"variant must be one of {', '.join(VARIANTS)}", variant)
        _require(isinstance(renormalise, bool), "renormalise must be true or false", renormalise)
        object.__setattr__(self, "ramp", float(ramp))
        object.__setattr__(self, "variant", variant)
        object.__setattr__(self, "renormalise", renormalise)

    @property
    def mean(self) -> float:
        """Average span of all heads, those that are off with 0, without the ramp; tokens."""
        return float(self.values.mean(dtype=np.float64))

    @property
    def heads_off(self) -> int:
        """How many heads of all weight sets are off."""
        return int((self.values == 0).sum())

    def plain(self) -> dict[str, Any]:
        """What JSON files hold under the key "attention_spans"; see from_plain."""
        return {
            "values": self.values.tolist(),
            "ramp": self.ramp,
            "variant": self.variant,
            "renormalise": self.renormalise,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Spans:
        """The spans that plain() described; errors: ValueError for other keys, or naming the field."""
        if not isinstance(plain, Mapping) or set(plain) != set(_KEYS):
            raise ValueError(f"Spans: keys must be {', '.join(_KEYS)}, got {_short(plain)}")
        return cls(**plain)

    def fitting(self, shape: Shape, caller: str) -> Spans:
        """These spans; errors: ValueError where the network has other weight sets or heads."""
        if self.values.shape != (shape.groups, shape.heads):
            raise ValueError(
                f"{caller}: spans must have {shape.groups} weight sets of {shape.heads} heads, "
                f"got shape {self.values.shape}"
            )
        return self

    def __eq__(self, other: object) -> bool:
        """Whether all values and settings are the same."""
        return isinstance(other, Spans) and self.plain() == other.plain()

    def __hash__(self) -> int:
        """Of all values and settings."""
        return hash((self.values.tobytes(), self.ramp, self.variant, self.renormalise))


def read_spans(record: Config, shape: Shape) -> Spans | None:
    """The spans under a record's key, for a network of this shape; None where there is no such key.

    errors: ValueError naming the file and the field
    """
    if record.values.get(KEY) is None:
        return None
    try:
        return Spans.from_plain(record.part(KEY).values).fitting(shape, "Spans")
    except ValueError as error:
        message = str(error)
        raise ValueError(
            message if message.startswith(record.place) else f"{record.place}: {KEY}: {message}"
        ) from None


def _checked(values: ArrayLike) -> NDArray[np.float32]:
    rule = f"values must be rows of as many numbers in 0..{LONGEST:g}, one row a weight set"
    try:
        wide = np.asarray(values)
        # Text would be read as numbers, and true as 1.
        numbers = wide.astype(np.float64) if wide.dtype.kind in "iuf" else np.empty(0)
    except (ValueError, TypeError, OverflowError):
        numbers = np.empty(0)
    # Comparisons with NaN are false.
    fits = numbers.ndim == 2 and numbers.size > 0 and bool(((numbers >= 0) & (numbers <= LONGEST)).all())
    _require(fits, rule, values)
    found = numbers.astype(np.float32) + np.float32(0)  # -0 becomes 0
    found.flags.writeable = False
    return found


def _require(holds: bool, rule: str, got: object) -> None:
    if not holds:
        raise ValueError(f"Spans: {rule}, got {_short(got)}")


def _short(got: object) -> str:
    return " ".join(repr(got).split())[:80]
