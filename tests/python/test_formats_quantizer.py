"""Rounding without codes against codes there and back: the same bits, for samples and for every float32."""

import numpy as np
import pytest

from siliconbert import formats

FORMATS = [
    formats.AdaptivFloat(8, 4, bias=-15),
    formats.AdaptivFloat(8, 3, variant="author-2022", bias=-9),
    formats.AdaptivFloat(4, 3, bias=-20),
    formats.AdaptivFloat(12, 5, variant="author-2020", bias=-30),
]
NAMES = [repr(fmt) for fmt in FORMATS]


def same(values, fmt):
    exact = formats.decode(formats.encode(values, fmt), fmt)
    return np.array_equal(formats.quantize(values, fmt).view(np.uint32), exact.view(np.uint32))


def finite(bits):
    values = bits.view(np.float32)
    return values[np.isfinite(values)]


@pytest.mark.parametrize("fmt", FORMATS, ids=NAMES)
def test_rounding_gives_the_bits_of_codes_there_and_back(fmt):
    rng = np.random.default_rng(5)
    assert same(finite(rng.integers(0, 1 << 32, 1 << 18, np.uint32)), fmt)
    known = fmt.values()
    middles = (known[1:] / 2 + known[:-1] / 2).astype(np.float32)
    near = np.concatenate([known, middles, np.float32([0.0, -0.0, 1e-45, -1e-45])])
    assert same(
        np.concatenate([near, np.nextafter(near, np.float32(9)), np.nextafter(near, -np.float32(9))]), fmt
    )


@pytest.mark.long
@pytest.mark.parametrize("fmt", FORMATS[:2], ids=NAMES[:2])
def test_rounding_of_every_float32(fmt):
    step = 1 << 24
    for start in range(0, 1 << 32, step):
        assert same(finite(np.arange(start, start + step, dtype=np.uint32)), fmt), hex(start)


@pytest.mark.parametrize("count", [0, 1, 15, 63, 64, 65, 1000, 40_000])
def test_in_place_is_the_same(count):
    values = np.random.default_rng(6).standard_normal(count, np.float32)
    fmt = FORMATS[0]
    expected = formats.quantize(values, fmt)
    assert formats.quantize(values, fmt, out=values) is values
    assert np.array_equal(values.view(np.uint32), expected.view(np.uint32))


def test_the_first_value_that_is_refused_is_named_at_any_thread_count():
    values = np.ones(100_000, np.float32)
    values[[70_000, 40_001]] = np.inf, np.nan
    for threads in (1, 2, 3):
        with pytest.raises(ValueError, match="got nan at position 40001"):
            formats.quantize(values, FORMATS[0], threads)


@pytest.mark.parametrize(
    "fmt", [*FORMATS, formats.AdaptivFloat(8, 3, variant="edgebert-rtl", bias=-9)], ids=repr
)
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_what_is_refused_in_place_is_named_as_it_came(fmt, bad):
    values = np.full(70_000, 0.3, np.float32)
    values[66_000] = bad
    with pytest.raises(ValueError, match=f"got {bad} at position 66000"):
        formats.quantize(values, fmt, out=values)
    given = np.full(70_000, 0.3, np.float32)
    given[5] = bad
    kept = given.copy()
    with pytest.raises(ValueError, match="at position 5"):
        formats.quantize(given, fmt)
    np.testing.assert_array_equal(given, kept)


@pytest.mark.parametrize("out", [np.zeros(3, np.float32), np.zeros(4), np.zeros((4, 2), np.float32)[:, 0]])
def test_another_out_is_refused(out):
    with pytest.raises(ValueError, match=r"quantize: out must be float32 of shape \(4,\) without gaps"):
        formats.quantize(np.ones(4, np.float32), FORMATS[0], out=out)
