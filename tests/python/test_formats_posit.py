"""Posits against their twin, which is written from the standard: every code of every shape."""

import numpy as np
import pytest

from siliconbert import formats
from siliconbert.reference import posit as twin

SHAPES = [(n, e) for n in range(2, 17) for e in range(5) if (n - 2) * 2**e <= 127]


def as_twin(fmt):
    return twin.Posit(fmt.width, fmt.exponent_bits)


def same_bits(a, b):
    return np.array_equal(
        np.asarray(a, np.float32).view(np.uint32), np.asarray(b, np.float32).view(np.uint32)
    )


def probes(fmt):
    """Values, limits between neighbours (posits of one bit more), and the float32 numbers beside each."""
    codes = np.arange(2 ** (fmt.width + 1))
    centres = twin.decode(codes, twin.Posit(fmt.width + 1, fmt.exponent_bits))
    most = np.finfo(np.float32).max
    extreme = [2.0**-149, 2.0**-126, 3.0e38, most]
    centres = centres[np.abs(centres) <= most]
    centres = np.concatenate([centres, extreme, np.negative(extreme)]).astype(np.float32)
    return np.concatenate([centres, np.nextafter(centres, most), np.nextafter(centres, -most)])


@pytest.mark.parametrize(("width", "exponent_bits"), SHAPES)
def test_every_code_decodes_as_the_twin_and_encodes_back(width, exponent_bits):
    fmt = formats.Posit(width, exponent_bits)
    codes = np.arange(2**width, dtype=np.uint16)
    values = formats.decode(codes, fmt)
    expected = twin.decode(codes, as_twin(fmt))
    real = np.isfinite(expected)
    assert np.isnan(values[~real]).all() and np.flatnonzero(~real).tolist() == [2 ** (width - 1)]
    assert np.array_equal(values[real], expected[real])  # every posit is a float32
    assert np.array_equal(formats.encode(values[real], fmt), codes[real])
    assert same_bits(fmt.values()[real], values[real])


@pytest.mark.parametrize(("width", "exponent_bits"), SHAPES)
def test_codes_of_values_limits_and_their_neighbours_are_the_twins(width, exponent_bits):
    fmt = formats.Posit(width, exponent_bits)
    x = probes(fmt)
    assert np.array_equal(formats.encode(x, fmt), twin.encode(x, as_twin(fmt)))


@pytest.mark.parametrize(("width", "exponent_bits"), [(8, 0), (8, 2), (16, 1), (16, 2), (6, 1)])
def test_a_million_values_are_the_twins(width, exponent_bits):
    fmt = formats.Posit(width, exponent_bits)
    bits = np.random.default_rng(1).integers(0, 2**32, 1_000_000, dtype=np.uint32)
    x = bits.view(np.float32)
    x = np.where(np.isfinite(x), x, np.float32(0))
    assert np.array_equal(formats.encode(x, fmt), twin.encode(x, as_twin(fmt)))


@pytest.mark.parametrize(("width", "exponent_bits"), SHAPES)
def test_codes_stand_in_the_order_of_their_values_and_negate_by_twos_complement(width, exponent_bits):
    fmt = formats.Posit(width, exponent_bits)
    signed = np.arange(-(2 ** (width - 1)) + 1, 2 ** (width - 1))
    values = fmt.values()[signed % 2**width]
    assert (np.diff(values) > 0).all()
    assert np.array_equal(values, -values[::-1])
    x = np.sort(probes(fmt))
    rounded = formats.quantize(x, fmt)
    assert (np.diff(rounded) >= 0).all() and same_bits(formats.quantize(rounded, fmt), rounded)
    assert np.array_equal(formats.quantize(-x, fmt), -rounded)


@pytest.mark.parametrize(("width", "exponent_bits"), SHAPES)
def test_nothing_but_zero_becomes_zero_and_nothing_becomes_nar(width, exponent_bits):
    fmt = formats.Posit(width, exponent_bits)
    x = np.array([2.0**-149, -(2.0**-149), 3.4e38, -3.4e38, 0.0, -0.0], np.float32)
    smallest, largest = 2.0 ** -((width - 2) * 2**exponent_bits), 2.0 ** ((width - 2) * 2**exponent_bits)
    assert formats.quantize(x, fmt).tolist() == [smallest, -smallest, largest, -largest, 0.0, 0.0]
    assert formats.encode([0.0, -0.0], fmt).tolist() == [0, 0]


def test_values_of_the_standard():
    # Standard for Posit Arithmetic (2022), table 1: maxPos is 2^(4n - 8), and 1 is the code 01000...
    for width in (8, 16):
        fmt = formats.get(f"posit{width}")
        assert fmt == formats.Posit(width, 2)
        assert np.nanmax(fmt.values()) == 2.0 ** (4 * width - 8)
        assert formats.encode([1.0, -1.0], fmt).tolist() == [2 ** (width - 2), 3 * 2 ** (width - 2)]
    # 2^(4 * 0) * 2^1 * (1 + 1/8 + 1/4) = 2.75: regime 10, exponent 01, fraction 011.
    assert formats.decode([0b01001011], formats.Posit(8, 2)) == 2.75


def test_fields_and_parameters():
    fmt = formats.Posit(5, 1)
    assert fmt.fitted and fmt.fields() == {"sign": [4], "mantissa": [3, 2, 1, 0]}
    assert fmt.bit_order() == [4, 3, 2, 1, 0]
    assert formats.quantize([2.0], formats.fit([1.0, 2.0], fmt)) == 2


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: formats.Posit(17, 2), r"Posit: width must be in 2\.\.16, got 17"),
        (lambda: formats.Posit(1, 0), r"Posit: width must be in 2\.\.16, got 1"),
        (lambda: formats.Posit(16, 4), r"Posit: exponent_bits must be in 0\.\.3 for width 16, got 4"),
        (lambda: formats.Posit(8, 5), r"exponent_bits must be in 0\.\.4 for width 8, got 5"),
        (lambda: formats.Posit(8, -1), r"exponent_bits must be in 0\.\.4 for width 8, got -1"),
        (lambda: formats.encode([np.inf], formats.Posit()), "encode: x must be finite, got inf"),
    ],
)
def test_what_is_no_posit_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
