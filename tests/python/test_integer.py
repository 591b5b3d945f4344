"""Integer models: how they are built, what is refused, and that they follow the float network."""

import math
from dataclasses import replace

import numpy as np
import pytest

from siliconbert.models import Integer
from siliconbert.models.integer import scales as rules
from siliconbert.reference import integer as twin
from siliconbert.reference import transformer
from small_models import SHAPES, largest_of, small_model, some_ids

BERT = SHAPES["bert"]
STEPS = [
    Integer(8, 8, scales=False, softmax=False, layer_norm=False),
    Integer(8, 8, softmax=False, layer_norm=False),
    Integer(8, 8, layer_norm=False),
    Integer(8, 8),
    Integer(8, 8, per_channel=True),
]


@pytest.mark.parametrize("settings", STEPS, ids=str)
def test_eight_bits_stay_near_the_float_network(settings):
    model, sentences = small_model(BERT), some_ids()
    parts = model.integer(largest_of(model, sentences), settings).parts()
    for ids in sentences[:4]:
        plain = transformer.trace(BERT.engine(), model.tensors, ids)
        assert np.abs(twin.trace(parts, ids) - plain).max() < 0.1 * np.abs(plain).max()


def test_fewer_bits_are_further_away():
    model, sentences = small_model(BERT), some_ids()
    largest = largest_of(model, sentences)
    plain = transformer.hidden(BERT.engine(), model.tensors, sentences[0])[-1]
    error = []
    for width in (8, 6, 4, 2):
        built = model.integer(largest, Integer(width, 8))
        codes = twin.hidden(built.parts(), sentences[0])[-1]
        error.append(np.abs(codes / built.scales["main.token"] - plain).mean())
    assert error == sorted(error) and error[-1] > 4 * error[0]


def test_scales_have_eight_bits_and_weights_are_their_nearest_codes():
    model = small_model(BERT)
    built = model.integer(largest_of(model, some_ids()), Integer(4, 8))
    for scale in built.scales.values():
        mantissa = np.frexp(scale.astype(np.float64))[0] * 256
        assert (mantissa == np.rint(mantissa)).all()
    weight, scale = model.tensors["layers.0.up.weight"], built.scales["layers.0.up.weight"]
    codes = built.codes["layers.0.up.weight"]
    assert codes.dtype == np.int8 and np.abs(codes).max() == 7
    assert np.abs(codes / scale - weight).max() <= 0.52 / scale
    clipped = model.integer(
        largest_of(model, some_ids()), clip={"layers.0.up.weight": np.abs(weight).max() / 2}
    )
    assert (np.abs(clipped.codes["layers.0.up.weight"]) == 7).sum() > (np.abs(codes) == 7).sum()


def test_a_matrix_of_zeros_is_zero():
    model = small_model(BERT)
    tensors = {**model.tensors, "layers.0.up.weight": np.zeros((BERT.ffn, BERT.hidden), np.float32)}
    built = replace(model, tensors=tensors).integer(largest_of(model, some_ids()))
    assert not built.codes["layers.0.up.weight"].any()


def test_requantization_rounds_half_up_and_clamps():
    half = np.int64(1 << 27)
    assert list(twin.requantize(np.array([-3, -1, 1, 3, 500]), half, 127)) == [-1, 0, 1, 2, 127]
    assert twin.requantize(np.array([-500]), half, 127) == -127


@pytest.mark.parametrize("columns", [1, 7, 300])
def test_integer_softmax_is_near_the_softmax(columns):
    rng = np.random.default_rng(0)
    codes = rng.integers(-127, 128, (50, columns))
    raised = np.exp(codes / 16.0)
    exact = raised / raised.sum(axis=1, keepdims=True)
    found = twin.softmax(codes, rules.exponentials(16.0, 255), 255) / 255
    assert found.min() >= 0 and np.abs(found - exact).max() < 2 / 255


@pytest.mark.parametrize("columns", [16, 33, 384])
def test_integer_layer_norm_is_near_the_layer_norm(columns):
    rng = np.random.default_rng(1)
    x, y = rng.integers(-127, 128, (2, 20, columns))
    gain, shift = rng.normal(1, 0.3, columns), rng.normal(0, 0.5, columns)
    (g, bits), (t, fraction) = rules.fixed_point(gain), rules.fixed_point(shift)
    d = np.rint(t * 2.0 ** (10 + bits - fraction)).astype(np.int64)
    found = twin.layer_norm(
        x, y, rules.norm_factors(20.0, 31.0), g, d, rules.multiplier(25.0 / 2.0 ** (10 + bits), 1, "")[0], 127
    )
    values = x / 20 + y / 31
    exact = (values - values.mean(1, keepdims=True)) / values.std(1, keepdims=True) * gain + shift
    assert np.abs(found - np.clip(exact * 25, -127, 127)).max() < 1.5


def test_rows_without_variance_become_the_shift():
    x = np.full((2, 32), 5)
    found = twin.layer_norm(x, x, (100, 100), np.full(32, 64), np.full(32, 3 << 18), 1 << 10, 127)
    assert (found == 3).all()


def test_float_steps_are_near_their_definitions():
    x = np.linspace(-80, 80, 1001, dtype=np.float32)
    assert np.abs(twin.exponential(x) / np.exp(x.astype(np.float64)) - 1).max() < 1e-5
    assert np.abs(twin.tanh(x) - np.tanh(x)).max() < 1e-6
    rows = np.random.default_rng(2).normal(size=(3, 45)).astype(np.float32)
    np.testing.assert_allclose(twin.total(rows), rows.sum(axis=1), rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": 1}, "weights must be an integer in 2..8, got 1"),
        ({"activations": 9}, "activations must be an integer in 2..8, got 9"),
        ({"weights": 4.0}, "weights must be an integer in 2..8, got 4.0"),
        ({"softmax": 1}, "softmax must be true or false, got 1"),
    ],
)
def test_settings_are_checked(change, message):
    with pytest.raises(ValueError, match=message):
        Integer(**change)


def test_what_cannot_be_built_names_the_place():
    model = small_model(BERT)
    largest = largest_of(model, some_ids())
    with pytest.raises(
        ValueError, match=r"layer\.2\.context must be finite and above 0, got 0\.0 \(calibrated"
    ):
        model.integer({**largest, "layer.2.context": 0.0})
    with pytest.raises(ValueError, match=r"look at 'layer\.1\.scores'"):
        model.integer({place: v for place, v in largest.items() if place != "layer.1.scores"})
    with pytest.raises(
        ValueError, match=r"layers\.1\.up: its multiplier must be in 2\^8\.\.2\.147e\+09, got 0"
    ):
        model.integer({**largest, "layer.2.expanded": 1e9})
    with pytest.raises(ValueError, match="clip must name matrices of layers, got 'up'"):
        model.integer(largest, clip={"up": 1.0})
    with pytest.raises(ValueError, match=r"clip of layers\.0\.up\.weight must be above 0, got nan"):
        model.integer(largest, clip={"layers.0.up.weight": math.nan})
    loud = {**model.tensors, "layers.1.key.bias": np.full(BERT.hidden, 1e9, np.float32)}
    with pytest.raises(ValueError, match=r"layers\.1\.key: its sums must fit 32 bits, they could reach"):
        replace(model, tensors=loud).integer(largest)


def test_an_albert_is_refused():
    with pytest.raises(ValueError, match="the model must be a bert, got albert"):
        small_model(SHAPES["albert, one group"]).integer({})
