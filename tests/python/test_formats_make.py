"""Formats by family and from configuration records: what is made, what is refused, and the way back."""

from itertools import chain

import numpy as np
import pytest

from siliconbert import formats


@pytest.mark.parametrize("name", formats.names())
def test_a_record_makes_the_format_again(name):
    fmt = formats.get(name)
    assert formats.from_record(fmt.record()) == fmt == formats.from_record(name)
    assert formats.make(fmt.family, **{k: v for k, v in fmt.record().items() if k != "family"}) == fmt


@pytest.mark.parametrize("name", formats.names())
def test_fields_and_order_name_every_bit_once(name):
    fmt = formats.get(name)
    fields = fmt.fields()
    assert sorted(chain(*fields.values())) == list(range(fmt.width)) == sorted(fmt.bit_order())
    assert set(fields) <= {"sign", "exponent", "mantissa"}
    assert all(bits == sorted(bits, reverse=True) for bits in fields.values())
    wanted = chain(*(fields.get(field, []) for field in ("sign", "mantissa", "exponent")))
    assert fmt.bit_order() == list(wanted)


def test_sharing_is_an_option_of_every_family():
    fmt = formats.from_record({"family": "integer", "width": 4, "per": "group", "group": 32})
    assert fmt == formats.Integer(4, per="group", group=32)
    assert repr(fmt) == "Integer(width=4, symmetric=True, rounding='nearest-even', per='group', group=32)"
    x = np.ones((3, 70), np.float32)
    fitted = formats.fit(x, fmt)
    assert len(fitted.scales) == 9 and fitted.fitted and not fmt.fitted
    assert formats.fit(x, formats.Integer(per="row", symmetric=False)).zero_points.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ("fp9", "formats.get: name must be one of .*; got 'fp9'"),
        ({}, "formats.from_record: record must be a name or have a family"),
        (7, "formats.from_record: record must be a name or have a family, got 7"),
        ({"family": "float"}, "formats.make: family must be one of adaptivfloat, .*; got 'float'"),
        ({"family": "integer", "bits": 4}, "options of integer must be among .*width; got 'bits'"),
        ({"family": "integer", "parameters": b""}, "options of integer must be among"),
        ({"family": "integer", "width": "4"}, "width of integer must be int, got '4'"),
        ({"family": "integer", "width": True}, "width of integer must be int, got True"),
        ({"family": "integer", "symmetric": 1}, "symmetric of integer must be bool, got 1"),
        ({"family": "integer", "width": 40}, r"Integer: width must be in 2\.\.16, got 40"),
        ({"family": "integer", "rounding": "up"}, "Integer: rounding must be one of .*; got 'up'"),
        (
            {"family": "integer", "per": "column"},
            "Format: per must be one of tensor, row, group; got 'column'",
        ),
        ({"family": "integer", "per": "group"}, "Format: group must be at least 1, got 0"),
        ({"family": "integer", "group": 8}, "Format: group must be None where .* not per group, got 8"),
        ({"family": "integer", "per": "group", "group": -1}, "Format: group must be at least 1, got -1"),
        (
            {"family": "minifloat", "special": "inf"},
            "Minifloat: special must be one of ieee, fn, .*; got 'inf'",
        ),
        (
            {"family": "minifloat", "exponent_bits": 2, "special": "finite", "overflow": "ieee"},
            "Minifloat: overflow must be saturate for a finite format",
        ),
        ({"family": "minifloat", "exponent_bits": 9}, r"Minifloat: exponent_bits must be in 1\.\.8, got 9"),
        (
            {"family": "adaptivfloat", "per": "row", "bias": 3},
            "AdaptivFloat: bias must be None where it is per row, got 3",
        ),
    ],
)
def test_records_that_describe_no_format_are_refused(record, sentence):
    with pytest.raises(ValueError, match=sentence):
        formats.from_record(record)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: formats.encode(np.ones((2, 3)), fitted_rows(3)),
            "for x's 2 sets .4 bytes each., got 12 bytes",
        ),
        (lambda: formats.decode(np.ones((4, 3), np.uint8), fitted_rows(3)), "x's 4 sets"),
        (lambda: formats.encode([1.0], formats.Integer()), "encode: fmt must be fitted"),
        (
            lambda: formats.fit([1.0], formats.Integer(), [1]),
            r"fit: mask must be bool of shape \(1,\), got int64",
        ),
        (lambda: formats.fit([np.nan], formats.get("e4m3")), "fit: x must be finite"),
        (lambda: formats.encode([1.0], formats.get("e4m3"), seed=-1), "seed must be in"),
        (lambda: fitted_rows(3).values(3), "values: set must be one of the fitted ones, got 3"),
    ],
)
def test_arrays_that_do_not_fit_the_format_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def fitted_rows(rows):
    return formats.fit(np.ones((rows, 3)), formats.Integer(per="row"))
