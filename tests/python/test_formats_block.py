"""Block floating point against its twin and gfloat."""

from dataclasses import replace

import gfloat
import numpy as np
import pytest

from format_probes import MOST, PEER_ROUNDING, ROUNDINGS, probes, same_bits
from siliconbert import formats
from siliconbert.reference import blockfloat as twins


def same_values(a, b):
    return np.array_equal(np.asarray(a, np.float64), np.asarray(b, np.float64))


def million(seed):
    """Groups of 32 values: normal ones of all scales, ties of coarse grids, subnormals, zeros."""
    draw = np.random.default_rng(seed)
    normal = draw.normal(size=(16_000, 32)) * 2.0 ** draw.integers(-30, 30, (16_000, 1))
    ties = draw.integers(-512, 513, (10_000, 32)) / 64
    tiny = draw.normal(size=(4_000, 32)) * 2.0 ** draw.integers(-149, -120, (4_000, 1))
    bits = draw.integers(0, 2**32, (2_000, 32), dtype=np.uint32).view(np.float32)
    wild = np.where(np.isfinite(bits), bits, np.float32(0))
    x = np.concatenate([normal, ties, tiny, wild.astype(np.float64)]).astype(np.float32)
    x[::97] = 0
    return x


def block_peer(width):
    """Sign and magnitude with the point behind the first bit, as gfloat describes it."""
    return gfloat.FormatInfo(
        "block",
        width,
        width,
        bias=0,
        is_signed=True,
        domain=gfloat.Domain.Finite,
        has_nz=True,
        num_high_nans=0,
        has_subnormals=True,
        is_twos_complement=False,
    )


def fitted(fmt, byte):
    return replace(fmt, parameters=bytes([byte % 256]))


@pytest.mark.parametrize("width", range(2, 17))
def test_every_block_code_decodes_as_the_twin_and_encodes_back(width):
    codes = np.arange(2**width, dtype=np.uint16)
    for exponent in (-128, -127, -9, 0, 3, 127) if width > 8 else range(-128, 128):
        fmt = fitted(formats.BlockFloat(width), exponent)
        values = formats.decode(codes, fmt)
        assert same_bits(values, twins.decode(codes, twins.BlockFloat(width), exponent))
        assert np.isfinite(values).all() and np.array_equal(formats.encode(values, fmt), codes)


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("width", range(2, 17))
def test_block_codes_of_values_ties_and_neighbours_are_the_twins(width, rounding):
    twin = twins.BlockFloat(width, rounding)
    for exponent in (-128, -126, -1, 0, 127):
        fmt = fitted(formats.BlockFloat(width, rounding), exponent)
        x = np.sort(probes(fmt.values()))
        assert np.array_equal(formats.encode(x, fmt), twins.encode(x, twin, exponent))
        rounded = formats.quantize(x, fmt)
        assert (np.diff(rounded) >= 0).all() and same_bits(formats.quantize(rounded, fmt), rounded)


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("width", [4, 8, 16])
def test_a_million_block_values_are_the_twins_and_gfloats(width, rounding):
    x = million(width) if rounding == "nearest-even" else million(width)[::10]
    fmt = formats.fit(x, formats.BlockFloat(width, rounding, per="row"))
    exponents = [twins.fit(row) for row in x]
    assert np.array_equal(np.frombuffer(fmt.parameters, np.int8), exponents)
    rounded, codes = formats.quantize(x, fmt), formats.encode(x, fmt)
    scale = 2.0 ** np.array(exponents)[:, None]
    peer = gfloat.round_ndarray(block_peer(width), x / scale, PEER_ROUNDING[rounding], True)
    assert same_values(rounded, peer * scale)
    assert np.array_equal(codes, gfloat.encode_ndarray(block_peer(width), peer))
    for i in range(0, len(x), 61):
        twin = twins.BlockFloat(width, rounding)
        assert np.array_equal(codes[i], twins.encode(x[i], twin, exponents[i]))


def test_the_largest_magnitude_fills_the_mantissa_and_saturates():
    fmt = formats.fit([0.25, -5.0], formats.BlockFloat(4))
    assert fmt.parameters == bytes([2])
    assert fmt.values()[:8].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert formats.quantize([7.4, 7.5, 100.0, -100.0], fmt).tolist() == [7, 7, 7, -7]
    for x, byte in (([], 128), ([0.0], 128), ([2.0**-149], 128), ([2.0**-128], 128), ([MOST], 127)):
        assert formats.fit(np.array(x, np.float32), formats.BlockFloat()).parameters == bytes([byte])


def test_one_exponent_a_tensor_row_or_group():
    x = np.array([[1.0, 2.0, 64.0], [0.0, 0.5, 0.0]], np.float32)
    for fmt, bytes_ in (
        (formats.BlockFloat(16), [6]),
        (formats.BlockFloat(16, per="row"), [6, 255]),
        (formats.BlockFloat(16, per="group", group=2), [1, 6, 255, 128]),
    ):
        assert list(formats.fit(x, fmt).parameters) == bytes_
        assert formats.quantize(x, fmt).tolist() == x.tolist()
    masked = formats.fit(x, formats.BlockFloat(per="row"), mask=x < 3)
    assert list(masked.parameters) == [1, 255]


def test_block_fields():
    fmt = formats.BlockFloat(4)
    assert fmt.fields() == {"sign": [3], "mantissa": [2, 1, 0]}


@pytest.mark.parametrize("per", ["tensor", "row"])
def test_stochastic_rounding_is_replayable_and_right_on_average(per):
    x = np.random.default_rng(7).normal(size=(500, 64)).astype(np.float32)
    fmt = formats.fit(x, formats.BlockFloat(5, "stochastic", per=per))
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
        (lambda: formats.BlockFloat(1), r"BlockFloat: width must be in 2\.\.16, got 1"),
        (lambda: formats.BlockFloat(17), r"BlockFloat: width must be in 2\.\.16, got 17"),
        (lambda: formats.BlockFloat(8, "up"), "BlockFloat: rounding must be one of .*; got 'up'"),
    ],
)
def test_what_is_no_block_format_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
