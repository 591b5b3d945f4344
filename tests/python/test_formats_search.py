"""The search for formats: everything is tried, errors are as defined, the order is right."""

import math

import numpy as np
import pytest

from siliconbert import formats


def values(seed=1, shape=(60, 96)):
    return (np.random.default_rng(seed).standard_t(5, shape) * 0.05).astype(np.float32)


def slow_divergence(x, y):
    """As Ranked defines it, with loops."""
    largest = np.abs(x).max()
    bins = [min(int((np.float32(v) / largest + np.float32(1)) / np.float32(2) * 2048), 2047) for v in x]
    p = np.bincount(bins, minlength=2048) / len(x)
    q = np.zeros(2048)
    for level in set(y.tolist()):
        members = [b for b, v in zip(bins, y.tolist(), strict=True) if v == level]
        for b in set(members):
            q[b] += len(members) / len(set(members)) / len(x)
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def test_every_family_has_splits_and_every_width_candidates():
    found = {type(fmt).family for width in range(1, 17) for fmt in formats.candidates(width)}
    assert found == set(formats.families())
    for width in range(1, 17):
        tried = formats.candidates(width)
        assert {fmt.width for fmt in tried} == {width}
        assert len(set(tried)) == len(tried)


def test_all_splits_are_tried():
    splits = {(f.exponent_bits, f.mantissa_bits) for f in formats.candidates(8, ["minifloat"])}
    assert splits == {(e, 7 - e) for e in range(1, 8)}
    assert {f.exponent_bits for f in formats.candidates(8, ["adaptivfloat"])} == set(range(1, 8))
    assert {f.exponent_bits for f in formats.candidates(16, ["posit"])} == set(range(4))
    assert {f.integer_bits for f in formats.candidates(5, ["fixed"])} == set(range(5))
    assert [f.element for f in formats.candidates(6, ["microscaling"])] == ["e3m2", "e2m3"]
    assert {(f.per, f.group) for f in formats.candidates(4, ["integer"], per=["row", 16])} == {
        ("row", None),
        ("group", 16),
    }


def test_errors_are_as_defined():
    x = values()
    for ranked in formats.search(x, 5, most=1000):
        y = formats.quantize(x, ranked.format)
        error = (x - y.astype(np.float64)).ravel()
        assert ranked.max_error == np.abs(error).max()
        sqnr = 10 * math.log10(np.square(x, dtype=np.float64).sum() / np.square(error).sum())
        assert ranked.sqnr_db == pytest.approx(sqnr)
        fitted = formats.fit(x, ranked.format)
        size = fitted.parameter_bytes if fitted.parameters is None else len(fitted.parameters)
        assert ranked.bits == pytest.approx(5 + 8 * size / x.size)
        assert ranked.bits <= 10


@pytest.mark.parametrize("fmt", [formats.Integer(3), formats.Codebook(2), formats.Posit(5, 1)], ids=str)
def test_divergence_is_as_defined(fmt):
    x = values(shape=(40, 40))
    (found,) = (r for r in formats.search(x, fmt.width, [fmt.family], most=99) if r.format == fmt)
    expected = slow_divergence(x.ravel(), formats.quantize(x, fmt).ravel())
    assert found.kl == pytest.approx(expected, rel=1e-9) and found.kl >= 0


@pytest.mark.parametrize(
    ("by", "key"), [("sqnr", lambda r: -r.sqnr_db), ("max", lambda r: r.max_error), ("kl", lambda r: r.kl)]
)
def test_the_best_stand_first_and_the_list_is_short(by, key):
    found = formats.search(values(), 4, by=by)
    keys = [key(each) for each in found]
    assert keys == sorted(keys) and len(found) == 10
    assert formats.search(values(), 4, by=by, most=3) == found[:3]


def test_what_a_format_holds_exactly_it_wins():
    x = formats.quantize(values(), formats.AdaptivFloat(6, 3))
    best = formats.search(x, 6, ["adaptivfloat", "posit", "integer"], per=["tensor"])[0]
    assert best.format == formats.AdaptivFloat(6, 3)
    assert (best.sqnr_db, best.max_error, best.kl) == (math.inf, 0.0, 0.0)


def test_families_stand_as_expected_for_bell_shaped_values():
    x = np.random.default_rng(2).normal(size=(300, 256)).astype(np.float32)
    best = {}
    for ranked in formats.search(x, 4, per=["tensor"], most=1000):
        best.setdefault(type(ranked.format).family, ranked.sqnr_db)
    # The best 16 levels for a normal distribution: 20.22 dB (S. Lloyd 1982, J. Max 1960).
    assert 20.0 < best["codebook"] < 20.4
    assert best["codebook"] == max(best.values())
    assert best["adaptivfloat"] > best["blockfloat"] and best["integer"] > best["blockfloat"]


def test_zeros_and_nothing():
    for x in (np.zeros((4, 4), np.float32), np.zeros((0, 4), np.float32), np.float32(0)):
        best = formats.search(x, 4, ["integer", "posit"])[0]
        assert (best.sqnr_db, best.max_error, best.kl) == (math.inf, 0.0, 0.0)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: formats.search([1.0], 4, by="mse"), "by must be one of sqnr, max, kl; got 'mse'"),
        (lambda: formats.search([1.0], 4, ["float"]), "families must be among adaptivfloat, .*; got 'float'"),
        (
            lambda: formats.search([1.0], 5, ["microscaling"]),
            "width must be one that microscaling has, got 5",
        ),
        (lambda: formats.search([1.0], 17), r"width must be in 1\.\.16, got 17"),
        (lambda: formats.search([np.nan], 8), "x must be finite, got nan"),
        (lambda: formats.search([1.0], 4, per=["columns"]), "per must be one of tensor, row, group"),
    ],
)
def test_what_cannot_be_searched_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
