"""Formats against their twin: every code of every shape, and inputs on, between and beside all values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from format_cases import same_bits
from siliconbert import _core, formats
from siliconbert.reference import formats as twin

VARIANTS = _core.formats.adaptivfloat_variants()


def shapes(variant):
    if variant == "edgebert-rtl":
        return [(8, 3)]
    least = 2 if variant == "author-2022" else 1
    return [(n, e) for n in range(least + 1, 17) for e in range(least, min(8, n - 1) + 1)]


def biases(width, exponent_bits, variant):
    """Lowest, highest and one between that the shape tells."""
    core = formats.AdaptivFloat(width, exponent_bits, variant)._core_family()
    lowest, highest = core.lowest_bias, core.highest_bias
    return sorted({lowest, highest, min(highest, max(lowest, -(2**exponent_bits) + 1))})


def all_formats(widths):
    for variant in VARIANTS:
        for width, exponent_bits in shapes(variant):
            if width in widths:
                for bias in biases(width, exponent_bits, variant):
                    yield formats.AdaptivFloat(width, exponent_bits, variant, bias)


def as_twin(fmt):
    return twin.AdaptivFloat(fmt.width, fmt.exponent_bits, fmt.variant, fmt.bias)


def probes(fmt):
    """Values, middles between neighbours, and the float32 numbers on both sides of each."""
    values = np.unique(twin.values(as_twin(fmt)).astype(np.float64))
    middles = (values[1:] + values[:-1]) / 2
    extreme = [0.0, -0.0, 2.0**-149, -(2.0**-149), 2.0**-126, float(np.finfo(np.float32).max)]
    centres = np.concatenate([values, middles, extreme, [-extreme[-1]]]).astype(np.float32)
    most = np.finfo(np.float32).max
    return np.concatenate([centres, np.nextafter(centres, most), np.nextafter(centres, -most)])


@pytest.mark.parametrize("width", range(2, 17))
def test_every_code_decodes_as_the_twin_and_encodes_back(width):
    codes = np.arange(2**width, dtype=np.uint16)
    for fmt in all_formats([width]):
        values = formats.decode(codes, fmt)
        assert same_bits(values, twin.decode(codes, as_twin(fmt))), fmt
        assert np.isfinite(values).all()
        back = formats.encode(values, fmt)
        assert same_bits(formats.decode(back, fmt), values), fmt
        if fmt.variant in ("algorithm1", "author-2020"):
            assert np.array_equal(back, codes), fmt


@pytest.mark.parametrize("width", range(2, 17))
def test_codes_of_values_ties_and_their_neighbours_are_the_twins(width):
    for fmt in all_formats([width]):
        if width > 12 and fmt.bias != biases(width, fmt.exponent_bits, fmt.variant)[0]:
            continue
        x = probes(fmt)
        codes = formats.encode(x, fmt)
        assert np.array_equal(codes, twin.encode(x, as_twin(fmt))), fmt
        assert same_bits(formats.quantize(x, fmt), formats.decode(codes, fmt)), fmt


@pytest.mark.parametrize("width", [2, 4, 8, 11])
def test_rounding_is_monotone_and_idempotent(width):
    for fmt in all_formats([width]):
        x = np.sort(probes(fmt))
        rounded = formats.quantize(x, fmt)
        assert (np.diff(rounded) >= 0).all(), fmt
        assert same_bits(formats.quantize(rounded, fmt), rounded), fmt


@pytest.mark.parametrize("variant", ["algorithm1", "author-2020"])
def test_zero_and_half_of_the_smallest_value(variant):
    fmt = formats.AdaptivFloat(8, 4, variant, -15)
    smallest = np.float32(2.0**-15 * 1.125)
    half = smallest / 2
    x = [0.0, -0.0, half, -half, np.nextafter(half, np.float32(1)), 2.0**-15]
    assert formats.encode(x, fmt).tolist() == [0, 128, 0, 0, 1, 1]
    assert formats.decode([1], fmt)[0] == smallest


def test_carry_into_the_next_binade_and_saturation():
    fmt = formats.AdaptivFloat(8, 4, "algorithm1", -15)
    assert formats.quantize([0.249, -0.97, 1.95, 1e30, -1e30], fmt).tolist() == [
        0.25,
        -1.0,
        1.875,
        1.875,
        -1.875,
    ]


@pytest.mark.parametrize("exponent_bits, distinct", [(2, 129), (3, 193), (4, 225)])
def test_author_2022_has_the_published_number_of_values_and_flushes_below_the_smallest(
    exponent_bits, distinct
):
    fmt = formats.fit([1.0], formats.AdaptivFloat(8, exponent_bits, "author-2022"))
    values = np.unique(fmt.values())
    assert len(values) == distinct
    smallest = values[values > 0][0]
    assert smallest == 2.0 ** (3 - 2**exponent_bits)  # E_max = 0: -2^(e-1) + 2 - (2^(e-1) - 1)
    assert formats.quantize([np.nextafter(smallest, np.float32(0))], fmt) == 0
    assert formats.quantize([smallest], fmt) == smallest


def test_edgebert_rtl_rounds_halves_up_and_has_one_zero():
    fmt = formats.AdaptivFloat(8, 3, "edgebert-rtl", -3)
    assert formats.quantize([1 + 1 / 32, -1 - 1 / 32], fmt).tolist() == [1 + 1 / 16, -1]
    zeros = formats.quantize([-0.0, 2.0**-3, -(2.0**-3), 0.124, -0.126], fmt)
    assert same_bits(zeros, np.zeros(5))
    assert formats.decode([0x80], fmt).view(np.uint32)[0] == 0
    assert fmt.values().max() == 31


@pytest.mark.parametrize(
    "largest, variant, bias",
    [
        (1.0, "algorithm1", -15),
        (3.0, "algorithm1", -14),
        (1.0, "author-2022", -13),
        (3.0, "author-2022", -12),
        (0.0, "algorithm1", -15),
        (1e-38, "algorithm1", -128),
        (3.4e38, "algorithm1", 112),
    ],
)
def test_fit_follows_the_largest_magnitude(largest, variant, bias):
    fmt = formats.AdaptivFloat(8, 4, variant)
    assert formats.fit([largest / 4, -largest], fmt).bias == bias
    assert twin.fit([largest], twin.AdaptivFloat(8, 4, variant)).bias == bias


def test_fit_keeps_the_rtl_bias_in_its_register():
    fmt = formats.get("edgebert-rtl")
    assert [formats.fit([x], fmt).bias for x in (1e-6, 1.0, 12.0, 1e6)] == [-10, -7, -4, -3]


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=20), st.data())
def test_quantize_is_the_twins(x, data):
    variant = data.draw(st.sampled_from(VARIANTS))
    width, exponent_bits = data.draw(st.sampled_from(shapes(variant)))
    fmt = formats.fit(x, formats.AdaptivFloat(width, exponent_bits, variant))
    reference = twin.fit(np.asarray(x, np.float32), twin.AdaptivFloat(width, exponent_bits, variant))
    assert fmt.bias == reference.bias
    assert same_bits(formats.quantize(x, fmt), twin.quantize(x, reference))


@pytest.mark.parametrize("name", [name for name in formats.names() if name.startswith("adaptivfloat")])
def test_catalogue_formats_quantize_nearly_everything_nearly_right(name):
    x = np.random.default_rng(3).normal(size=(300, 41)).astype(np.float32)
    fmt = formats.get(name)
    fitted = formats.fit(x, fmt)
    y = formats.quantize(x, fmt)
    assert y.shape == x.shape and y.dtype == np.float32
    inside = (np.abs(x) > 2.0 ** (fitted.bias + 1)) & (np.abs(x) < fitted.values().max())
    assert (np.abs(y - x)[inside] <= np.abs(x)[inside] * 2.0 ** -(fmt.mantissa_bits + 1)).all()


@pytest.mark.parametrize("name", formats.names())
def test_threads_do_not_change_a_bit(name):
    x = np.random.default_rng(4).normal(size=50_001).astype(np.float32)
    fmt = formats.fit(x, formats.get(name))
    codes = formats.encode(x, fmt, threads=1)
    assert codes.dtype == (np.uint8 if fmt.width <= 8 else np.uint16)
    for threads in (2, 3, 7):
        assert np.array_equal(formats.encode(x, fmt, threads), codes)
        assert same_bits(formats.decode(codes, fmt, threads), formats.quantize(x, fmt, threads))


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda: formats.get("fp8"), "formats.get: name must be one of adaptivfloat16, .*; got 'fp8'"),
        (lambda: formats.AdaptivFloat(17), r"AdaptivFloat: width must be in 2\.\.16, got 17"),
        (lambda: formats.AdaptivFloat(8, 8), r"exponent_bits must be in 1\.\.7 for width 8, got 8"),
        (lambda: formats.AdaptivFloat(16, 9), r"exponent_bits must be in 1\.\.8 for width 16, got 9"),
        (lambda: formats.AdaptivFloat(8, 1, "author-2022"), r"exponent_bits must be in 2\.\.7"),
        (lambda: formats.AdaptivFloat(8, 4, "edgebert-rtl"), "must have width 8 and exponent_bits 3"),
        (lambda: formats.AdaptivFloat(8, 4, "B"), "variant must be one of algorithm1, .*; got 'B'"),
        (
            lambda: formats.AdaptivFloat(8, 4, bias=113),
            r"bias must be in -128\.\.112 for this format, got 113",
        ),
        (lambda: formats.encode([1.0], formats.AdaptivFloat()), r"encode: fmt must be fitted"),
        (lambda: formats.quantize([1.0, np.inf], formats.AdaptivFloat()), "finite, got inf at position 1"),
        (lambda: formats.encode([np.nan], formats.AdaptivFloat(bias=0)), "encode: x must be finite, got nan"),
        (lambda: formats.fit([1e300], formats.AdaptivFloat()), "fit: x must be finite"),
        (lambda: formats.decode([256], formats.AdaptivFloat(bias=0)), r"codes must be below 2\^8, got 256"),
        (lambda: formats.decode([-1], formats.AdaptivFloat(bias=0)), r"codes must be in 0\.\.65535"),
        (lambda: formats.decode([0.5], formats.AdaptivFloat(bias=0)), "codes must be integers, got float64"),
    ],
)
def test_what_is_no_format_value_or_code_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_empty_and_scalar_arrays_keep_their_shape():
    fmt = formats.AdaptivFloat(bias=-15)
    assert formats.quantize([], fmt).shape == (0,)
    assert formats.decode([], fmt).shape == (0,)
    assert formats.encode(1.0, fmt).shape == ()
    assert formats.quantize(np.ones((2, 3, 4))[:, ::2], fmt).shape == (2, 2, 4)
