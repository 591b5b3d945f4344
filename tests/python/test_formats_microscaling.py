"""Microscaling against its twin, gfloat and ml_dtypes."""

from dataclasses import replace

import gfloat
import gfloat.formats
import ml_dtypes
import numpy as np
import pytest

from format_probes import MOST, PEER_ROUNDING, ROUNDINGS, probes, same_bits
from siliconbert import formats
from siliconbert.reference import microscaling as twins

ELEMENTS = {
    "e5m2": (gfloat.formats.format_info_ocp_e5m2, ml_dtypes.float8_e5m2),
    "e4m3": (gfloat.formats.format_info_ocp_e4m3, ml_dtypes.float8_e4m3fn),
    "e3m2": (gfloat.formats.format_info_ocp_e3m2, ml_dtypes.float6_e3m2fn),
    "e2m3": (gfloat.formats.format_info_ocp_e2m3, ml_dtypes.float6_e2m3fn),
    "e2m1": (gfloat.formats.format_info_ocp_e2m1, ml_dtypes.float4_e2m1fn),
    "int8": (gfloat.formats.format_info_ocp_int8, None),
}


def same_values(a, b):
    return np.array_equal(np.asarray(a, np.float64), np.asarray(b, np.float64), equal_nan=True)


def million(seed):
    """Groups of 32 values: normal ones of all scales, ties of coarse grids, subnormals, zeros."""
    draw = np.random.default_rng(seed)
    normal = draw.normal(size=(16_000, 32)) * 2.0 ** draw.integers(-30, 30, (16_000, 1))
    ties = draw.integers(-512, 513, (10_000, 32)) / 64
    tiny = draw.normal(size=(4_000, 32)) * 2.0 ** draw.integers(-149, -120, (4_000, 1))
    bits = draw.integers(0, 2**32, (2_000, 32), dtype=np.uint32).view(np.float32)
    wild = np.where(np.abs(bits) < 2.0**127, bits, np.float32(0))  # for int8 beyond that, see below
    x = np.concatenate([normal, ties, tiny, wild.astype(np.float64)]).astype(np.float32)
    x[::97] = 0
    return x


def fitted(fmt, byte):
    return replace(fmt, parameters=bytes([byte]))


def encode_one(x, fmt):
    """Codes of values that all have the one fitted scale."""
    return formats.encode(x, replace(fmt, per="tensor", group=None))


@pytest.mark.parametrize("element", ELEMENTS)
def test_every_element_under_every_scale_is_the_twins_and_the_peers(element):
    fmt, twin = formats.Microscaling(element), twins.Microscaling(element)
    codes = np.arange(2**fmt.width, dtype=np.uint8)
    peer, kind = ELEMENTS[element]
    for scale in range(256):
        values = fitted(fmt, scale).values()
        assert same_values(values, twins.decode(codes, twin, scale))
        with np.errstate(over="ignore", invalid="ignore"):
            factor = np.uint8(scale).view(ml_dtypes.float8_e8m0fnu).astype(np.float64)
            assert same_values(values, (gfloat.decode_ndarray(peer, codes) * factor).astype(np.float32))
            if kind is not None:
                theirs = codes.view(kind).astype(np.float64) * factor
                assert same_values(values, theirs.astype(np.float32))
    assert np.isnan(fitted(fmt, 255).values()).all()


@pytest.mark.parametrize("element", ELEMENTS)
def test_every_number_encodes_back(element):
    fmt = formats.Microscaling(element)
    codes = np.arange(2**fmt.width, dtype=np.uint8)
    for scale in (0, 1, 100, 127, 200):
        values = fitted(fmt, scale).values()
        real = np.isfinite(values)
        assert np.array_equal(encode_one(values[real], fitted(fmt, scale)), codes[real])


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("element", ELEMENTS)
def test_element_codes_of_values_ties_and_neighbours_are_the_twins(element, rounding):
    twin = twins.Microscaling(element, rounding)
    for scale in (0, 1, 120, 127, 130, 254):
        fmt = fitted(formats.Microscaling(element, rounding), scale)
        x = np.sort(probes(fmt.values()))
        assert np.array_equal(encode_one(x, fmt), twins.encode(x, twin, scale))
        rounded = formats.decode(encode_one(x, fmt), replace(fmt, per="tensor", group=None))
        assert (np.diff(rounded[np.isfinite(rounded)]) >= 0).all()


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("element", ELEMENTS)
def test_a_million_values_in_groups_are_gfloats(element, rounding):
    peer, kind = ELEMENTS[element]
    x = million(2) if rounding == "nearest-even" else million(3)[::10]
    fmt = formats.fit(x, formats.Microscaling(element, rounding))
    scale = np.frombuffer(fmt.parameters, np.uint8).view(ml_dtypes.float8_e8m0fnu).astype(np.float64)
    for i in range(0, len(x), 9):
        assert scale[i] == gfloat.compute_scale_amax(peer.emax, x[i].astype(np.float64))
    scaled = x / scale[:, None]
    theirs = gfloat.round_ndarray(peer, scaled, PEER_ROUNDING[rounding], True)
    assert same_values(formats.quantize(x, fmt), theirs * scale[:, None])
    codes = formats.encode(x, fmt)
    assert np.array_equal(codes, gfloat.encode_ndarray(peer, theirs))
    if kind is not None and rounding == "nearest-even":
        inside = np.abs(scaled) <= peer.max
        assert np.array_equal(codes[inside], scaled[inside].astype(kind).view(np.uint8))


@pytest.mark.parametrize("element", ELEMENTS)
def test_scales_follow_the_largest_magnitude_as_far_as_they_reach(element):
    twin = twins.Microscaling(element)
    top = int(np.floor(np.log2(twin.magnitudes()[-1])))
    draw = np.random.default_rng(6)
    for largest, code in ((1.0, 127 - top), (1.99, 127 - top), (2.0, 128 - top), (0.0, 0), (2.0**-149, 0),
                          (MOST, 254 - top)):  # fmt: skip
        x = np.float32(largest) * np.append(draw.uniform(-1, 1, 31), -1).astype(np.float32)
        fmt = formats.fit(x, formats.Microscaling(element))
        assert list(fmt.parameters) == [code] and twins.fit(x, twin) == code
        assert np.isfinite(formats.quantize(x, fmt)).all()  # int8 has no -2 * 2^127, which float32 lacks


def test_groups_of_32_in_each_row_and_other_sizes():
    x = np.ones((2, 40), np.float32)
    x[0, 32:] = 4
    assert list(formats.fit(x, formats.Microscaling("e2m1")).parameters) == [125, 127, 125, 125]
    assert len(formats.fit(x, formats.Microscaling("e2m1", group=8)).parameters) == 10
    assert formats.Microscaling("e3m2").width == 6
    assert formats.Microscaling("e2m1").fields() == {"sign": [3], "exponent": [2, 1], "mantissa": [0]}
    assert formats.Microscaling("int8").fields()["mantissa"] == [6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("element", ["e2m3", "e4m3", "int8"])
def test_stochastic_rounding_is_replayable_and_right_on_average(element):
    x = np.random.default_rng(7).normal(size=(500, 64)).astype(np.float32)
    fmt = formats.fit(x, formats.Microscaling(element, "stochastic"))
    first = formats.quantize(x, fmt, seed=3, name="a")
    assert same_bits(first, formats.quantize(x, fmt, threads=1, seed=3, name="a"))
    assert not same_bits(first, formats.quantize(x, fmt, seed=4, name="a"))
    down = formats.quantize(x, replace(fmt, rounding="toward-zero"))
    away = np.abs(first) != np.abs(down)
    assert same_bits(np.sign(first)[away], np.sign(x)[away])
    inside = np.abs(x) < 0.5  # no saturation there
    mean = np.mean([formats.quantize(x, fmt, seed=s) - x for s in range(60)], axis=0, dtype=np.float64)
    step = np.abs(np.diff(np.unique(first))).max()
    error = mean[inside].mean() / (step / np.sqrt(12 * 60 * inside.sum()))
    assert abs(error) < 5  # standard deviations: fails one time in a million


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: formats.Microscaling("e4m2"), "element must be one of e5m2, .*; got 'e4m2'"),
        (lambda: formats.Microscaling("e4m3", "up"), "Microscaling: rounding must be one of .*; got 'up'"),
        (lambda: formats.quantize([np.inf], formats.Microscaling()), "x must be finite, got inf"),
    ],
)
def test_what_is_no_block_format_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
