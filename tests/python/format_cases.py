"""Formats for the tests: their twins, a grid of shapes, and inputs on, between and beside all values."""

from dataclasses import fields

import numpy as np

from siliconbert import _core, formats
from siliconbert.reference import formats as twin

SPECIALS = _core.formats.special_names()
MOST = float(np.finfo(np.float32).max)


def same_bits(a, b):
    return np.array_equal(
        np.asarray(a, np.float32).view(np.uint32), np.asarray(b, np.float32).view(np.uint32)
    )


def as_twin(fmt):
    """The twin's description of the family, its parameters not set; None where its twin stands elsewhere."""
    family = getattr(twin, type(fmt).__name__, None)
    shape = {
        f.name: getattr(fmt, f.name) for f in fields(fmt) if f.name not in ("per", "group", "parameters")
    }
    if "bias" in shape and shape["bias"] is None:
        shape["bias"] = fmt._core_family().bias if isinstance(fmt, formats.Minifloat) else 0
    return None if family is None else family(**shape)


def fitted_pair(fmt, x):
    """The format and its twin with the parameters of the values x."""
    reference = as_twin(fmt)
    return formats.fit(x, fmt), None if reference is None else twin.fit(x, reference)


def minifloats(widths, **options):
    """Every split and special rule that is a format."""
    for special in SPECIALS:
        for exponent_bits in range(1, 9):
            for width in widths:
                try:
                    yield formats.Minifloat(
                        exponent_bits, width - 1 - exponent_bits, special, **options_for(special, options)
                    )
                except ValueError:
                    continue


def options_for(special, options):
    return {**options, "overflow": "saturate"} if special == "finite" and "overflow" in options else options


def fixed_points(widths, **options):
    for width in widths:
        for fraction_bits in range(width):
            yield formats.Fixed(width - 1 - fraction_bits, fraction_bits, **options)


def integers(widths, **options):
    for width in widths:
        yield formats.Integer(width, **options)
        yield formats.Integer(width, symmetric=False, **options)


def probes(values):
    """Values, middles between neighbours, and the float32 numbers on both sides of each; finite."""
    known = np.unique(values[np.isfinite(values)].astype(np.float64))
    middles = (known[1:] + known[:-1]) / 2
    extreme = [0.0, -0.0, 2.0**-149, -(2.0**-149), 2.0**-126, MOST, -MOST]
    with np.errstate(over="ignore"):
        centres = np.concatenate([known, middles, 2 * known[[0, -1]], extreme]).astype(np.float32)
    centres = centres[np.isfinite(centres)]
    beside = [np.nextafter(centres, np.float32(MOST)), np.nextafter(centres, np.float32(-MOST))]
    return np.concatenate([centres, *beside])


def random_floats(count, seed=0):
    """Finite float32 of random bits: all exponents alike, subnormals too."""
    words = np.random.default_rng(seed).integers(0, 2**32, count, dtype=np.uint32)
    words[: count // 8] &= 0x807FFFFF  # subnormals
    x = words.view(np.float32)
    return x[np.isfinite(x)]
