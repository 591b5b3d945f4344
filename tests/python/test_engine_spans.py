"""Attention spans in the engine: against the definition, its properties, and with formats."""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest

from siliconbert import _core, formats
from siliconbert.models import Spans
from siliconbert.models.engine import products
from siliconbert.reference import transformer as twin
from small_models import ALBERT, SHAPES, sentences, small_model

LONG = replace(ALBERT, positions=300)
BERT = SHAPES["bert"]
# Two weight sets of four heads; one head off in each.
MIXED = [[0, 3.25, 20, 0.5], [7, 1.5, 0, 2]]
VARIANTS = pytest.mark.parametrize(
    ("variant", "ramp", "renormalise"),
    [
        ("window", 8, True),
        ("window", 5.5, False),
        ("edgebert-public", 256, True),
        ("edgebert-public", 120, False),
    ],
)


def modelled(values, shape=ALBERT, **settings):
    return small_model(shape).with_spans(Spans(values, **settings))


def random_spans(shape, ramp=4, most=12, off=0.3, seed=0, **settings):
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, most, (shape.groups, shape.heads))
    values[rng.uniform(size=values.shape) < off] = 0
    return Spans(values, ramp, **settings)


def defined(model, data):
    """Logits by the definition, in float64."""
    tensors = {name: values.astype(np.float64) for name, values in model.tensors.items()}
    spans = model.spans.plain()
    return np.array([twin.trace(model.shape.engine(), tensors, ids, spans=spans) for ids in data])


@cache
def back_ends():
    found = {back_end.name: back_end for back_end in (products(), _core.transformer.eigen())}
    return tuple(found.values())


def traces(model, data, threads=None):
    """The model's logits on every back end."""
    tokens = model.tokens(data)
    active = model.activations.engine() if model.activations else None
    for back_end in back_ends():
        network = _core.transformer.Encoder(
            back_end, model.shape.engine(), dict(model.tensors), active, model.spans.plain()
        )
        yield network.trace(tokens.ids, tokens.types, tokens.offsets, threads or 0)


def close(found, expected, tolerance=1e-5):
    return np.abs(found - expected).max() < tolerance * np.abs(expected).max()


# The definition


@pytest.mark.parametrize("name", SHAPES)
@VARIANTS
def test_every_shape_equals_the_definition(name, variant, ramp, renormalise):
    shape = SHAPES[name]
    spans = random_spans(shape, ramp, 60, variant=variant, renormalise=renormalise)
    model = small_model(shape).with_spans(spans)
    data = sentences(shape, [1, 7, 33, 13, 2, 31])
    expected = defined(model, data)
    for found in traces(model, data):
        assert close(found, expected)
    assert not close(model.with_spans(None).trace(data).logits, expected, 1e-3)


@VARIANTS
def test_long_sentences_equal_the_definition(variant, ramp, renormalise):
    """Long enough that narrow windows are computed in blocks of queries."""
    model = modelled(MIXED, LONG, variant=variant, ramp=ramp, renormalise=renormalise)
    data = sentences(LONG, [300, 65, 131])
    expected = defined(model, data)
    for found in traces(model, data):
        assert close(found, expected)


@pytest.mark.parametrize("scale", [1, 4, 12, 40])
def test_windows_with_hardly_any_probability_equal_the_definition(scale):
    """The 1e-8 in the sum counts where almost all of a row's probability lies outside its window."""
    model = modelled(MIXED, LONG, ramp=2)
    sharper = {
        name: values * np.float32(scale) if ".query." in name else values
        for name, values in model.tensors.items()
    }
    model = replace(model, tensors=sharper)
    data = sentences(LONG, [150, 220])
    expected = defined(model, data)
    for found in traces(model, data):
        assert close(found, expected)


# Properties


def test_spans_beyond_every_sentence_are_no_spans():
    plain = small_model()
    data = sentences(ALBERT, [40, 3, 17])
    for variant, renormalise in product(("window", "edgebert-public"), (True, False)):
        whole = plain.with_spans(Spans(np.full((2, 4), 128), 1, variant, renormalise))
        assert close(whole.trace(data).logits, plain.trace(data).logits, 1e-6)


def test_without_heads_attention_adds_its_bias_only():
    data = sentences(ALBERT, [40, 3, 17])
    off = modelled(np.zeros((2, 4)))
    assert close(off.trace(data).logits, defined(off, data))
    still = {
        name: np.zeros_like(values) if name.endswith("output.weight") else values
        for name, values in off.tensors.items()
    }
    np.testing.assert_allclose(
        off.trace(data).logits,
        replace(off, tensors=still, spans=None).trace(data).logits,
        rtol=0,
        atol=1e-5 * np.abs(off.trace(data).logits).max(),
    )


@pytest.mark.parametrize("head", range(4))
def test_a_head_that_is_off_equals_output_columns_of_zeros(head):
    values = np.full((2, 4), 9.0)
    values[:, head] = 0
    model = modelled(values)
    width = ALBERT.hidden // ALBERT.heads
    tensors = dict(model.tensors)
    for name in ("layers.0.output.weight", "layers.1.output.weight"):
        tensors[name] = tensors[name].copy()
        tensors[name][:, head * width : (head + 1) * width] = 0
    on = replace(model, tensors=tensors).with_spans(Spans(np.full((2, 4), 9.0)))
    data = sentences(ALBERT, [40, 3, 17])
    assert close(model.trace(data).logits, on.trace(data).logits)


@pytest.mark.parametrize("adaptivfloat", [False, True])
@pytest.mark.parametrize("shape", [LONG, BERT], ids=["albert, long", "bert"])
def test_a_sentence_has_the_same_bits_in_any_company_on_any_threads(shape, adaptivfloat):
    lengths = [1, 33, 7, 31, 2] + ([300, 130, 66] if shape is LONG else [])
    data = sentences(shape, lengths)
    model = small_model(shape).with_spans(random_spans(shape))
    if adaptivfloat:
        model = model.quantized("adaptivfloat8", sentences(shape, [30, 9, 2]))
    together = list(traces(model, data, 1))
    for i, ids in enumerate(data):
        for whole, alone in zip(together, traces(model, [ids]), strict=True):
            np.testing.assert_array_equal(alone[0], whole[i])
    for threads in (2, 3, 7):
        for whole, again in zip(together, traces(model, data, threads), strict=True):
            np.testing.assert_array_equal(again, whole)


# Formats


def test_adaptivfloat_follows_the_definition():
    """Sums of another order can round to another code, and what follows differs: logits agree loosely."""
    model = modelled(MIXED).quantized("adaptivfloat8", sentences(ALBERT, [9, 5, 30]))
    assert model.spans == Spans(MIXED)
    data = sentences(ALBERT, [33, 12, 40, 5, 21])
    active = model.activations
    of = {p: formats.AdaptivFloat(active.width, active.exponent_bits, bias=b) for p, b in active.bias.items()}
    tensors = {name: values.astype(np.float64) for name, values in model.tensors.items()}

    def quantize(place, values):
        return formats.quantize(values, of[place]).astype(values.dtype)

    plain = model.spans.plain()
    expected = np.array(
        [twin.trace(ALBERT.engine(), tensors, ids, quantize=quantize, spans=plain) for ids in data]
    )
    scale = np.abs(expected).max()
    for found in traces(model, data):
        assert np.median(np.abs(found - expected)) < 1e-3 * scale
        assert np.abs(found - expected).max() < 0.05 * scale
