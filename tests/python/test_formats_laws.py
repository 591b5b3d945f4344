"""What holds for every format, and every one against its twin: all codes, all values, ties and neighbours."""

from dataclasses import replace

import numpy as np
import pytest

import format_cases as cases
from siliconbert import formats
from siliconbert.reference import formats as twin

X = np.random.default_rng(5).normal(size=(120, 50)).astype(np.float32)
# The catalogue has wide formats too; the wide ones of the grid take longer.
WIDTHS = [*range(2, 13), *(pytest.param(width, marks=pytest.mark.long) for width in range(13, 17))]
ROUNDINGS = ["nearest-even", "nearest-away", "toward-zero"]


def check_codes(fmt, reference):
    """Every code decodes as the twin and comes back, as itself unless another has the same value."""
    codes = np.arange(2**fmt.width, dtype=np.uint8 if fmt.width <= 8 else np.uint16)
    values = formats.decode(codes, fmt)
    assert np.array_equal(values, fmt.values(), equal_nan=True)
    wanted = values if reference is None else twin.values(reference)
    numbers = ~np.isnan(values)
    assert np.array_equal(numbers, ~np.isnan(wanted)), fmt
    assert cases.same_bits(values[numbers], wanted[numbers]), fmt
    reached = numbers & np.isfinite(values) & ~never_given(fmt, codes)
    back = formats.encode(values[reached], fmt)
    assert cases.same_bits(formats.decode(back, fmt), values[reached]), fmt
    _, first, count = np.unique(values[reached].view(np.uint32), return_index=True, return_counts=True)
    alone = first[count == 1]
    assert np.array_equal(back[alone], codes[reached][alone]), fmt


def never_given(fmt, codes):
    """Codes that have a value but that no rounding gives."""
    lowest = isinstance(fmt, formats.Integer) and fmt.symmetric
    return codes == 2 ** (fmt.width - 1) if lowest else np.zeros(codes.shape, bool)


def check_rounding(fmt, reference, x):
    codes = formats.encode(x, fmt)
    assert reference is None or np.array_equal(codes, twin.encode(x, reference)), fmt
    assert cases.same_bits(formats.quantize(x, fmt), formats.decode(codes, fmt)), fmt
    ordered = np.sort(x)
    rounded = formats.quantize(ordered, fmt)
    rounded = rounded[~np.isnan(rounded)]  # overflows of a format without infinity
    assert (rounded[1:] >= rounded[:-1]).all(), fmt
    reached = np.isfinite(rounded)
    assert cases.same_bits(formats.quantize(rounded[reached], fmt), rounded[reached]), fmt


def check_nearest(fmt, x):
    """No value is nearer; toward zero, none lies between. A scale's values are rounded to float32."""
    known = np.unique(fmt.values()[np.isfinite(fmt.values())].astype(np.float64))
    if isinstance(fmt, formats.Integer) and fmt.symmetric:
        known = known[1:]
    x = x[(x >= known[0]) & (x <= known[-1])]
    rounded, x = formats.quantize(x, fmt).astype(np.float64), x.astype(np.float64)
    above = known[np.minimum(np.searchsorted(known, x), len(known) - 1)]
    below = known[np.searchsorted(known, x, "right") - 1]
    slack = np.abs(x) * 2.0**-23 if fmt.parameters else 0.0
    if getattr(fmt, "rounding", "nearest-even") == "toward-zero":
        inner = np.where(x < 0, above, below)
        assert (np.abs(rounded - inner) <= slack + (slack > 0) * (above - below)).all(), fmt
    else:
        best = np.minimum(above - x, x - below)
        assert (np.abs(rounded - x) <= best + slack).all(), fmt


@pytest.mark.parametrize("name", formats.names())
def test_every_format_of_the_catalogue_obeys(name):
    fmt, reference = cases.fitted_pair(replace(formats.get(name), per="tensor", group=None), X)
    check_codes(fmt, reference)
    x = np.concatenate([cases.probes(fmt.values()), cases.random_floats(100_000), X.ravel()])
    check_rounding(fmt, reference, x)
    if rounds_to_nearest(fmt):
        check_nearest(fmt, x)


def rounds_to_nearest(fmt):
    """Posits round by their bits, binary by the sign; some published AdaptivFloat emulations flush."""
    flushes = isinstance(fmt, formats.AdaptivFloat) and fmt.variant != "algorithm1"
    return not flushes and not isinstance(fmt, (formats.Binary, formats.Posit))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("overflow", ["saturate", "ieee"])
def test_every_split_of_small_floats_obeys(width, overflow):
    for fmt in cases.minifloats([width], overflow=overflow):
        reference = cases.as_twin(fmt)
        check_codes(fmt, reference)
        for rounding in ROUNDINGS if width < 12 else ROUNDINGS[:1]:
            fmt = replace(fmt, rounding=rounding)
            x = np.concatenate([cases.probes(fmt.values()), cases.random_floats(2000)])
            check_rounding(fmt, cases.as_twin(fmt), x)
            check_nearest(fmt, x)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_fixed_point_and_integer_obeys(width):
    for fmt in [*cases.fixed_points([width]), *cases.integers([width])]:
        for rounding in ROUNDINGS if width < 12 else ROUNDINGS[:1]:
            fitted, reference = cases.fitted_pair(replace(fmt, rounding=rounding), X)
            check_codes(fitted, reference)
            x = np.concatenate([cases.probes(fitted.values()), cases.random_floats(2000), X.ravel()])
            check_rounding(fitted, reference, x)
            check_nearest(fitted, x)


@pytest.mark.parametrize("shape", [(4, 3, "fn"), (2, 1, "finite"), (5, 2, "ieee"), (5, 10, "ieee")])
@pytest.mark.parametrize("largest", [2.0**-149, 1e-30, 3.7, 1e30, cases.MOST])
def test_a_scale_takes_the_largest_magnitude_to_the_largest_value(shape, largest):
    fmt = formats.Minifloat(*shape, scaled=True)
    x = np.array([largest / 3, -largest, 0.0], np.float32)
    fitted, reference = cases.fitted_pair(fmt, x)
    assert fitted.scales[0] == np.float32(reference.scale)
    check_rounding(fitted, reference, np.concatenate([x, cases.probes(fitted.values())]))
    if largest > 1e-20:
        check_codes(fitted, reference)
        assert formats.quantize(x, fmt)[1] == pytest.approx(-largest, rel=1e-6)


STOCHASTIC = [
    formats.Minifloat(4, 3, "fn", rounding="stochastic"),
    formats.Minifloat(5, 2, overflow="ieee", rounding="stochastic"),
    formats.Minifloat(5, 10, rounding="stochastic", scaled=True),
    formats.Fixed(3, 4, rounding="stochastic"),
    formats.Integer(4, rounding="stochastic"),
    formats.Integer(8, symmetric=False, rounding="stochastic"),
]


@pytest.mark.parametrize("fmt", STOCHASTIC, ids=repr)
def test_stochastic_rounding_draws_as_the_twin(fmt):
    x = np.concatenate([X.ravel(), cases.random_floats(3000), cases.probes(formats.fit(X, fmt).values())])[
        :9999
    ]
    fitted, reference = cases.fitted_pair(fmt, X)
    draws = twin.draws_of(11, "layer", x.size)
    codes = formats.encode(x, fitted, seed=11, name="layer")
    assert np.array_equal(codes, twin.encode(x, reference, draws))
    for threads in (1, 2, 3, 7):
        again = formats.quantize(x, fitted, threads, seed=11, name="layer")
        assert cases.same_bits(again, formats.decode(codes, fitted))
    assert not np.array_equal(codes, formats.encode(x, fitted, seed=12, name="layer"))
    assert not np.array_equal(codes, formats.encode(x, fitted, seed=11, name="other"))


@pytest.mark.parametrize("fmt", STOCHASTIC[:4], ids=repr)
def test_stochastic_rounding_is_right_on_average(fmt):
    # A mean of 40,000 draws between neighbours one step apart lies within 5 of its standard deviations, which
    # are at most step / 2 / 200; that is false by chance less than once in 10^6.
    for x in (0.3, 1.01, -1.93):
        fitted = formats.fit([2.0], fmt)
        rounded = formats.quantize(np.full(40_000, x, np.float32), fitted, seed=3).astype(np.float64)
        step = np.ptp(rounded)
        assert step > 0 and abs(rounded.mean() - np.float32(x)) < 5 * step / 400


@pytest.mark.parametrize("per, group", [("row", None), ("group", 16), ("group", 7), ("group", 1000)])
@pytest.mark.parametrize(
    "fmt",
    [
        formats.AdaptivFloat(8, 4),
        formats.Minifloat(4, 3, "fn", scaled=True),
        formats.Integer(8),
        formats.Integer(4, symmetric=False),
        formats.Binary(),
    ],
    ids=repr,
)
def test_each_set_has_its_own_parameters_from_what_the_mask_keeps(fmt, per, group):
    x = X * np.exp(np.arange(120, dtype=np.float32)[:, None] / 20)
    mask = np.random.default_rng(1).random(x.shape) < 0.5
    mask[3] = False
    fitted = formats.fit(x, replace(fmt, per=per, group=group), mask)
    codes = formats.encode(x, fitted)
    sets = twin.sets_of(*x.shape, per, group)
    wanted = np.empty(x.shape, np.int64)
    for each in range(sets.max() + 1):
        of_set = sets == each
        reference = twin.fit(x[of_set & mask], cases.as_twin(fmt))
        wanted[of_set] = twin.encode(x[of_set], reference)
        assert np.array_equal(fitted.values(each), twin.values(reference), equal_nan=True)
    assert np.array_equal(codes, wanted)
    values = formats.decode(codes, fitted)
    assert cases.same_bits(values, lookup(fitted, sets, codes))
    for threads in (1, 2, 3, 7):
        assert formats.fit(x, replace(fmt, per=per, group=group), mask, threads) == fitted
        assert np.array_equal(formats.encode(x, fitted, threads), codes)
        assert cases.same_bits(formats.decode(codes, fitted, threads), values)
        assert cases.same_bits(formats.quantize(x, fitted, threads), values)


def lookup(fmt, sets, codes):
    tables = np.array([fmt.values(each) for each in range(sets.max() + 1)])
    return tables[sets, codes]
