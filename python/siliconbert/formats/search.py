"""Which format of a width suits some values best."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from siliconbert import _core, html
from siliconbert.arrays import as_array
from siliconbert.formats.arrays import quantize
from siliconbert.formats.catalogue import families as known_families
from siliconbert.formats.catalogue import make
from siliconbert.formats.family import Floats, Format

_BINS = 2048
_PER: tuple[str | int, ...] = ("tensor", "row", 32)
_BY: dict[str, Callable[[Ranked], float]] = {
    "sqnr": lambda ranked: -ranked.sqnr_db,
    "max": lambda ranked: ranked.max_error,
    "kl": lambda ranked: ranked.kl,
}


@dataclass(frozen=True)
class Ranked:
    """A format (not fitted) and what rounding the values to it does.

    bits      : a value, its share of the parameters counted
    sqnr_db   : signal to quantization noise ratio, infinite where nothing changes
    max_error : largest absolute error
    kl        : divergence (Kullback-Leibler, nats) of the values' histogram of 2,048 bins from the one that
                the rounded values still tell: the share of each of them spread evenly over the bins that it
                came from (after S. Migacz, 8-bit inference with TensorRT, GTC 2017)

    >>> from siliconbert import formats
    >>> best = formats.search(np.linspace(-1, 1, 65), 4, ["integer"], most=1)[0]
    >>> best.format.width, 0 < best.max_error < 0.1
    (4, True)
    """

    format: Format
    bits: float
    sqnr_db: float
    max_error: float
    kl: float

    def _repr_html_(self) -> str:
        return html.record(
            repr(self.format),
            {
                "bits a value": self.bits,
                "SQNR, dB": self.sqnr_db,
                "largest error": self.max_error,
                "divergence, nats": self.kl,
            },
        )


def search(
    x: npt.ArrayLike,
    width: int,
    families: Sequence[str] | None = None,
    by: str = "sqnr",
    per: Sequence[str | int] = _PER,
    most: int = 10,
    threads: int | None = None,
) -> list[Ranked]:
    """The formats of a width that change x least, best first; of equals, the earlier candidate.

    Formats whose parameters would take more bits than the codes are left out.

    x        : finite, any shape; rows of its last dimension
    width    : bits of a code
    families, per : see candidates()
    by       : "sqnr", "max" or "kl", see Ranked
    most     : length of the list
    errors   : ValueError

    >>> x = np.random.default_rng(1).normal(size=(64, 64))
    >>> [type(each.format).__name__ for each in search(x, 4, ["fixed", "integer"], most=1)]
    ['Integer']
    """
    if by not in _BY:
        raise ValueError(f"formats.search: by must be one of {', '.join(_BY)}; got {by!r}")
    values = as_array(x, np.float32)
    small = [fmt for fmt in candidates(width, families, per) if _bits(values, fmt) <= 2 * width]
    return sorted((_rank(values, fmt, threads) for fmt in small), key=_BY[by])[:most]


def candidates(
    width: int, families: Sequence[str] | None = None, per: Sequence[str | int] = _PER
) -> list[Format]:
    """The formats of a width, in a fixed order: every split of the families in every sharing.

    families : names, see formats.families(); None for all
    per      : "tensor", "row", or a number of columns for groups, for families with parameters; microscaling
               has its groups of 32
    errors   : ValueError for other names, or where no family has the width

    >>> candidates(4, ["posit"])[1]
    Posit(width=4, exponent_bits=1)
    """
    if not 1 <= width <= 16:
        raise ValueError(f"formats.search: width must be in 1..16, got {width}")
    chosen = known_families() if families is None else list(families)
    if unknown := [name for name in chosen if name not in _SPLITS]:
        known = ", ".join(_SPLITS)
        raise ValueError(f"formats.search: families must be among {known}; got {unknown[0]!r}")
    found = [fmt for name in chosen for split in _SPLITS[name](width) for fmt in _shared(name, split, per)]
    if not found:
        raise ValueError(f"formats.search: width must be one that {' or '.join(chosen)} has, got {width}")
    return found


def _shared(name: str, split: dict[str, Any], per: Sequence[str | int]) -> list[Format]:
    """The format in every sharing that makes a difference to it."""
    plain = make(name, **split)
    if plain.fitted or plain.per != "tensor":
        return [plain]
    return [
        make(name, **split, per=each)
        if isinstance(each, str)
        else make(name, **split, per="group", group=each)
        for each in per
    ]


def _bits(x: Floats, fmt: Format) -> float:
    """Bits a value, parameters included."""
    columns = x.shape[-1] if x.ndim else 1
    if fmt.per == "tensor" or x.size == 0:
        sets = 1
    else:
        sets = x.size // columns * -(-columns // (fmt.group or columns))
    return fmt.width + 8 * int(fmt._core_shape().parameter_bytes) * sets / max(x.size, 1)


def _rank(x: Floats, fmt: Format, threads: int | None) -> Ranked:
    y = quantize(x, fmt, threads)
    error = np.abs(x.astype(np.float64) - y)
    noise, signal = float(np.square(error).sum()), float(np.square(x, dtype=np.float64).sum())
    sqnr = math.inf if noise == 0 else 10 * math.log10(signal / noise) if signal else -math.inf
    return Ranked(fmt, _bits(x, fmt), sqnr, float(error.max(initial=0.0)), _divergence(x.ravel(), y.ravel()))


def _divergence(x: Floats, y: Floats) -> float:
    largest = np.abs(x).max(initial=0)
    if largest == 0:
        return 0.0
    bins = np.minimum(((x / largest + 1) / 2 * _BINS).astype(np.uint64), _BINS - 1)
    # One number for each pair of rounded value and bin.
    pairs, counts = np.unique((y + 0.0).view(np.uint32) * np.uint64(_BINS) + bins, return_counts=True)
    _, which, spread = np.unique(pairs // _BINS, return_inverse=True, return_counts=True)
    told = (np.bincount(which, counts) / spread)[which]
    place = (pairs % _BINS).astype(np.int64)
    p, q = np.bincount(place, counts) / len(x), np.bincount(place, told) / len(x)
    seen = p > 0
    return float((p[seen] * np.log(p[seen] / q[seen])).sum())


def _exponents(width: int, most: int) -> range:
    """Exponent bits that leave room for a sign."""
    return range(1, min(most, width - 1) + 1)


# What each family offers at a width of 1..16 bits.
_SPLITS: dict[str, Callable[[int], list[dict[str, Any]]]] = {
    "adaptivfloat": lambda width: [{"width": width, "exponent_bits": e} for e in _exponents(width, 8)],
    "minifloat": lambda width: [
        {"exponent_bits": e, "mantissa_bits": width - 1 - e, "special": "finite", "scaled": scaled}
        for scaled in (False, True)
        for e in _exponents(width, 7)
    ],
    "fixed": lambda width: [
        {"integer_bits": i, "fraction_bits": width - 1 - i} for i in range(width) if width > 1
    ],
    "integer": lambda width: [{"width": width, "symmetric": each} for each in (True, False) if width > 1],
    "binary": lambda width: [{}] if width == 1 else [],
    "blockfloat": lambda width: [{"width": width}] if width > 1 else [],
    "microscaling": lambda width: [
        {"element": name}
        for name in _core.formats.microscaling_elements()
        if make("microscaling", element=name).width == width
    ],
    "posit": lambda width: [
        {"width": width, "exponent_bits": e} for e in range(5) if width > 1 and (width - 2) << e <= 127
    ],
    "codebook": lambda width: [{"width": width}] if width <= 8 else [],
}
