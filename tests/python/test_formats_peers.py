"""Small floats, fixed point and integers against ml_dtypes and gfloat: no difference in any code.

ml_dtypes converts by IEEE's rules: ties to even, overflows to infinity or NaN. gfloat rounds in several ways,
with and without saturation. Both are compared on every code, and on values of random bits, subnormals, ties
and their neighbours.
"""

import warnings
from dataclasses import replace

import gfloat
import gfloat.formats as gfloat_formats
import ml_dtypes
import numpy as np
import pytest

import format_cases as cases
from siliconbert import formats

# Their name -> exponent bits, mantissa bits, special values, bias.
ML_DTYPES = {
    "bfloat16": (8, 7, "ieee", None),
    "float8_e5m2": (5, 2, "ieee", None),
    "float8_e4m3": (4, 3, "ieee", None),
    "float8_e3m4": (3, 4, "ieee", None),
    "float8_e4m3fn": (4, 3, "fn", None),
    "float8_e5m2fnuz": (5, 2, "fnuz", None),
    "float8_e4m3fnuz": (4, 3, "fnuz", None),
    "float8_e4m3b11fnuz": (4, 3, "fnuz", 11),
    "float6_e3m2fn": (3, 2, "finite", None),
    "float6_e2m3fn": (2, 3, "finite", None),
    "float4_e2m1fn": (2, 1, "finite", None),
}
# gfloat's formats by name.
GFLOAT = {
    "binary16": (5, 10, "ieee", None),
    "bfloat16": (8, 7, "ieee", None),
    "ocp_e5m2": (5, 2, "ieee", None),
    "ocp_e4m3": (4, 3, "fn", None),
    "ocp_e3m2": (3, 2, "finite", None),
    "ocp_e2m3": (2, 3, "finite", None),
    "ocp_e2m1": (2, 1, "finite", None),
}
ROUNDINGS = {
    "nearest-even": gfloat.RoundMode.TiesToEven,
    "nearest-away": gfloat.RoundMode.TiesToAway,
    "toward-zero": gfloat.RoundMode.TowardZero,
}


def minifloat(shape, **options):
    return formats.Minifloat(*shape, **cases.options_for(shape[2], options))


def inputs(fmt, count):
    """Random bits, subnormals of float32 and of the format, ties and their neighbours; infinities and NaNs
    where the format holds them."""
    known = fmt.values()
    rng = np.random.default_rng(9)
    smallest = known[known > 0].min()
    small = (rng.random(count // 8) * 20 - 10).astype(np.float32) * smallest
    near = rng.choice(cases.probes(known), count // 4)
    x = [cases.random_floats(count), small.astype(np.float32), near, cases.probes(known)]
    if fmt.special == "ieee":
        x.append(np.array([np.inf, -np.inf], np.float32))
    if fmt.special != "finite":
        x.append(np.array([np.nan], np.float32))
    return np.concatenate(x)


def same_values(a, b):
    nan = np.isnan(a) & np.isnan(b)
    return np.array_equal(np.isnan(a), np.isnan(b)) and cases.same_bits(a[~nan], b[~nan])


@pytest.mark.parametrize("name", ML_DTYPES)
def test_ml_dtypes_has_the_same_codes(name):
    theirs = getattr(ml_dtypes, name)
    fmt = minifloat(ML_DTYPES[name], overflow="ieee")
    codes = np.arange(2**fmt.width, dtype=np.uint8 if fmt.width <= 8 else np.uint16)
    assert same_values(formats.decode(codes, fmt), codes.view(theirs).astype(np.float32))
    x = inputs(fmt, 1_000_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # their casts warn of overflows and NaNs
        wanted = x.astype(theirs).view(codes.dtype)
    assert np.array_equal(formats.encode(x, fmt), wanted)  # NaNs have the same code too


def test_numpy_has_the_same_half_precision():
    fmt = formats.Minifloat(5, 10, overflow="ieee")
    codes = np.arange(2**16, dtype=np.uint16)
    assert same_values(formats.decode(codes, fmt), codes.view(np.float16).astype(np.float32))
    x = inputs(fmt, 1_000_000)
    with np.errstate(over="ignore"):
        wanted = x.astype(np.float16).view(np.uint16)
    assert np.array_equal(formats.encode(x, fmt), wanted)


@pytest.mark.parametrize("name", ["int4", "int2"])
def test_ml_dtypes_has_the_same_integers(name):
    theirs = getattr(ml_dtypes, name)
    width = int(name[3:])
    fmt = formats.Fixed(width - 1, 0)
    codes = np.arange(2**width, dtype=np.uint8)
    assert np.array_equal(formats.decode(codes, fmt), codes.view(theirs).astype(np.float32))
    assert np.array_equal(formats.encode(codes.view(theirs).astype(np.float32), fmt), codes)


def gfloat_info(shape):
    """Their description of any of our shapes."""
    fmt = minifloat(shape)
    nans = {"ieee": 2**fmt.mantissa_bits - 1, "fn": 1}.get(fmt.special, 0)
    return gfloat.FormatInfo(
        name=repr(fmt),
        k=fmt.width,
        precision=fmt.mantissa_bits + 1,
        bias=fmt._core_family().bias,
        has_nz=fmt.special != "fnuz",
        domain=gfloat.Domain.Extended if fmt.special == "ieee" else gfloat.Domain.Finite,
        num_high_nans=nans,
        has_subnormals=True,
        is_signed=True,
        is_twos_complement=False,
    )


def check_gfloat(info, shape, count):
    fmt = minifloat(shape)
    codes = np.arange(2**fmt.width)
    assert same_values(formats.decode(codes, fmt), gfloat.decode_ndarray(info, codes).astype(np.float32))
    x = inputs(fmt, count)
    for rounding, mode in ROUNDINGS.items():
        for saturate in (True, False):
            if fmt.special == "finite" and not saturate:
                continue
            ours = replace(fmt, rounding=rounding, overflow="saturate" if saturate else "ieee")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                wanted = gfloat.round_ndarray(info, x.astype(np.float64), mode, saturate)
                theirs = gfloat.encode_ndarray(info, wanted)
            found = formats.encode(x, ours)
            assert same_values(formats.decode(found, ours), wanted.astype(np.float32)), ours
            number = ~np.isnan(wanted)  # they give NaN another of its codes
            assert np.array_equal(found[number], theirs[number]), ours


@pytest.mark.parametrize("name", GFLOAT)
def test_gfloat_rounds_to_the_same_codes(name):
    info = getattr(gfloat_formats, f"format_info_{name}")
    check_gfloat(info, GFLOAT[name], 200_000)


@pytest.mark.long
@pytest.mark.parametrize("name", GFLOAT)
def test_gfloat_rounds_a_million_values_to_the_same_codes(name):
    check_gfloat(getattr(gfloat_formats, f"format_info_{name}"), GFLOAT[name], 1_000_000)


@pytest.mark.parametrize("width", [3, 4, 5, 6, 8, 11])
def test_gfloat_agrees_on_every_split(width):
    for fmt in cases.minifloats([width]):
        if fmt.special == "ieee" and fmt.exponent_bits == 1:
            continue  # subnormals only: their largest value takes the lowest exponent for a normal one
        shape = (fmt.exponent_bits, fmt.mantissa_bits, fmt.special, fmt.bias)
        check_gfloat(gfloat_info(shape), shape, 2000)


@pytest.mark.parametrize(("k", "precision"), [(4, 2), (6, 3), (6, 4), (8, 3), (8, 4)])
def test_gfloat_has_the_formats_of_p3109_without_infinity(k, precision):
    finite = gfloat_formats.format_info_p3109(k, precision, domain=gfloat.Domain.Finite)
    check_gfloat(finite, (k - precision, precision - 1, "fnuz", None), 20_000)


def test_gfloat_has_the_same_int8():
    fmt, info = formats.get("q1.6"), gfloat_formats.format_info_ocp_int8
    codes = np.arange(256)
    assert cases.same_bits(formats.decode(codes, fmt), gfloat.decode_ndarray(info, codes).astype(np.float32))
    x = np.concatenate([cases.random_floats(200_000), cases.probes(fmt.values())])
    for rounding, mode in ROUNDINGS.items():
        wanted = gfloat.round_ndarray(info, x.astype(np.float64), mode, True)
        assert np.array_equal(formats.quantize(x, replace(fmt, rounding=rounding)), wanted), rounding


@pytest.mark.parametrize(
    ("fmt", "x", "sentence"),
    [
        (formats.get("e4m3"), np.inf, "encode: x must be finite, got inf at position 1"),
        (formats.get("e2m1"), np.nan, "encode: x must be finite, got nan"),
        (formats.get("e4m3fnuz"), -np.inf, "encode: x must be finite, got -inf"),
        (formats.get("q3.4"), np.inf, "encode: x must be finite, got inf"),
    ],
)
def test_what_the_format_cannot_hold_is_refused(fmt, x, sentence):
    with pytest.raises(ValueError, match=sentence):
        formats.encode([1.0, x], fmt)
