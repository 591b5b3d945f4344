"""Codebooks against their twin: k-means, places, given entries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siliconbert import formats
from siliconbert.reference import codebook as twin

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
NORMAL_FLOAT_4 = tuple(np.round(np.linspace(-1, 1, 16) ** 3, 4).tolist())


def table(fmt):
    return np.frombuffer(fmt.parameters, np.float32)


def samples():
    draw = np.random.default_rng(1)
    yield "normal", draw.normal(size=5000).astype(np.float32)
    yield "two humps", np.concatenate([draw.normal(-3, 0.1, 700), draw.normal(5, 1, 300)]).astype(np.float32)
    yield "steps", np.round(draw.normal(size=3000) * 40).astype(np.float32)
    yield "one", np.array([2.5], np.float32)
    yield "none", np.zeros(0, np.float32)
    yield "wide", np.exp(draw.normal(size=2000) * 20).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "x"), list(samples()), ids=lambda each: each if isinstance(each, str) else ""
)
@pytest.mark.parametrize("width", [1, 2, 3, 5, 8])
def test_k_means_is_the_twins_bit_for_bit(name, x, width):
    fmt = formats.fit(x, formats.Codebook(width))
    expected = twin.fit(x, width)
    assert np.array_equal(table(fmt), expected)
    assert np.array_equal(fmt.values(), expected)
    assert np.array_equal(formats.encode(x, fmt), twin.encode(x, expected))
    assert np.array_equal(formats.quantize(x, fmt), twin.decode(twin.encode(x, expected), expected))


@settings(deadline=None)
@given(st.lists(FINITE, max_size=40), st.lists(FINITE, max_size=10), st.integers(1, 4))
def test_any_values_give_the_twins_codes(x, others, width):
    fmt = formats.fit(np.array(x, np.float32), formats.Codebook(width))
    expected = twin.fit(x, width)
    assert np.array_equal(table(fmt), expected)
    assert np.array_equal(formats.encode(others, fmt), twin.encode(others, expected))


def test_few_different_values_are_kept_exactly():
    x = np.random.default_rng(2).choice([-1.5, 0.0, 0.25, 7.0], (30, 30)).astype(np.float32)
    assert np.array_equal(formats.quantize(x, formats.Codebook(2)), x)


def test_k_means_stands_still_at_its_answer_and_beats_equal_steps():
    x = np.random.default_rng(3).normal(size=800).astype(np.float32)
    for width in (2, 4, 5):
        fmt = formats.fit(x, formats.Codebook(width))
        codes, centres = formats.encode(x, fmt), fmt.values()
        means = [x[codes == code].mean(dtype=np.float64) for code in range(2**width)]
        assert np.allclose(means, centres, atol=1e-6)
        error = np.square(formats.quantize(x, fmt) - x).mean()
        assert error < np.square(formats.quantize(x, formats.BlockFloat(width)) - x).mean()


@pytest.mark.parametrize("width", range(1, 9))
def test_every_code_encodes_back_or_to_its_equal(width):
    draw = np.random.default_rng(width)
    for x in (draw.normal(size=1000), np.array([1.0, 2.0]), np.zeros(3)):
        fmt = formats.fit(x, formats.Codebook(width))
        values = fmt.values()
        assert np.array_equal(formats.decode(formats.encode(values, fmt), fmt), values)
        assert (np.diff(values) >= 0).all()
        probes = np.sort(np.concatenate([values, (values[1:] + values[:-1]) / 2, [-9, 9]]).astype(np.float32))
        rounded = formats.quantize(probes, fmt)
        assert (np.diff(rounded) >= 0).all()
        nearest = np.abs(probes[:, None].astype(np.float64) - values).min(axis=1)
        assert np.array_equal(np.abs(probes.astype(np.float64) - rounded), nearest)


def test_halves_go_down():
    fmt = formats.Codebook(2, entries=(-1, 0, 2, 4))
    x = [4.0, -0.5, 1.0, 3.0, -7.0]
    assert formats.quantize(x, formats.fit([4.0], fmt)).tolist() == [4.0, -1.0, 0.0, 2.0, -1.0]


def test_given_entries_are_scaled_to_the_largest_magnitude():
    x = np.random.default_rng(4).normal(size=(7, 100)).astype(np.float32)
    fmt = formats.fit(x, formats.Codebook(4, entries=NORMAL_FLOAT_4, per="row"))
    assert len(fmt.parameters) == 7 * 4
    rounded = formats.quantize(x, fmt)
    for i, row in enumerate(x):
        scale = twin.fit_scale(row, NORMAL_FLOAT_4)
        values = np.asarray(NORMAL_FLOAT_4, np.float32) * scale
        assert np.array_equal(fmt.values(i), values)
        assert np.array_equal(rounded[i], twin.decode(twin.encode(row, values), values))


def test_ternary_weights_leave_one_code_over():
    fmt = formats.fit([0.5, -2.0], formats.Codebook(2, entries=(-1, 0, 1)))
    assert fmt.values().tolist() == [-2.0, 0.0, 2.0, 2.0]
    assert formats.encode([9.0], fmt).tolist() == [2]


def test_lists_per_row_and_group():
    x = np.random.default_rng(5).normal(size=(3, 10)).astype(np.float32)
    rows = formats.fit(x, formats.Codebook(2, per="row"))
    assert np.array_equal(table(rows).reshape(3, 4), [twin.fit(row, 2) for row in x])
    groups = formats.fit(x, formats.Codebook(1, per="group", group=4))
    expected = [twin.fit(x[i, start : start + 4], 1) for i in range(3) for start in (0, 4, 8)]
    assert np.array_equal(table(groups).reshape(9, 2), expected)
    mask = x > 0
    kept = formats.fit(x, formats.Codebook(2, per="row"), mask=mask)
    assert np.array_equal(table(kept).reshape(3, 4), [twin.fit(row[row > 0], 2) for row in x])


def test_fields_are_one_number():
    assert formats.Codebook(3).fields() == {"mantissa": [2, 1, 0]}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: formats.Codebook(9), r"Codebook: width must be in 1\.\.8, got 9"),
        (lambda: formats.Codebook(1, entries=(0, 1, 2)), "entries must be at most 2 for width 1, got 3"),
        (lambda: formats.Codebook(2, entries=(0, 2, 2)), "entries must ascend, got 2 at position 2"),
        (lambda: formats.Codebook(2, entries=(0, np.inf)), "entries must be finite, got inf"),
        (lambda: formats.Codebook(2, entries=(0,)), "entries must not be only zero"),
        (lambda: formats.fit([np.nan], formats.Codebook()), "fit: x must be finite, got nan"),
        (lambda: formats.encode([1.0], formats.Codebook()), "fmt must be fitted"),
    ],
)
def test_what_is_no_codebook_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_normal_float_of_the_catalogue():
    fmt = formats.get("nf4")
    assert fmt.width == 4 and len(fmt.entries) == 16 and fmt.group == 64
    x = np.random.default_rng(6).normal(size=(5, 100)).astype(np.float32)
    rounded = formats.quantize(x, fmt)
    for row, near in zip(x, rounded, strict=True):
        for start in (0, 64):
            part = row[start : start + 64]
            values = np.asarray(fmt.entries, np.float32) * np.abs(part).max()
            nearest = values[np.abs(part[:, None] - values).argmin(axis=1)]
            assert np.array_equal(near[start : start + 64], nearest)
