"""The clock around products: it changes no bit, misses no call, and its shares add up. No timings."""

import numpy as np
import pytest

from siliconbert import _core
from siliconbert.bench import breakdown
from siliconbert.models.engine import library, products
from small_models import ALBERT, sentences, small_model

LENGTHS = [5, 9, 12, 30, 2, 7]


@pytest.fixture(scope="module")
def clocked():
    model = small_model().quantized("adaptivfloat8", sentences(ALBERT, LENGTHS), threads=1)
    return breakdown.Clocked(model, model.tokens(sentences(ALBERT, LENGTHS)))


def test_every_product_of_a_trace_is_clocked():
    model, ids = small_model(), sentences(ALBERT, LENGTHS)
    timed = _core.transformer.TimedProducts(products(), library())
    encoder = _core.transformer.Encoder(timed, model.shape.engine(), dict(model.tensors))
    tokens = model.tokens(ids)
    where = (tokens.ids, tokens.types, tokens.offsets)
    for threads in (1, 2):
        timed.reset()
        np.testing.assert_array_equal(encoder.trace(*where, threads), model.trace(ids).logits)
        kinds = timed.kinds
        # 65 tokens are one block of rows; four layers with an exit each.
        assert {name: kind.calls for name, kind in kinds.items()} == {
            "16x48": 1, "48x144": 4, "48x48": 4, "48x80 gelu_new": 4, "80x48": 4, "48x48 tanh": 4, "48x3": 4,
            "scores": 4 * len(ids), "context": 4 * len(ids),
        }  # fmt: skip
        assert kinds["48x144"].operations == 4 * 2 * 128 * 48 * 144
        assert kinds["scores"].operations == sum(4 * 2 * n * n * 48 for n in LENGTHS)
        assert all(kind.seconds > 0 for kind in kinds.values())
        assert timed.between["scores", "context"] >= 0 and ("context", "48x48") in timed.between
    assert timed.name == products().name
    for bare in (False, True):
        assert timed.alone(1, bare).keys() == kinds.keys()
        assert min(timed.alone(2, bare).values()) > 0
    timed.reset()
    assert timed.kinds == timed.between == timed.alone(1, False) == {}


def test_shares_add_up(clocked):
    shares = clocked.shares(threads=1)
    assert shares.total == pytest.approx(sum(shares.inside.values()) + sum(shares.between.values()))
    assert 0 < shares.outside < 1 and shares.speed > 0
    assert shares.inside.keys() == shares.alone.keys() == shares.bare.keys()


def test_every_step_has_a_name():
    for before in breakdown.PRODUCTS:
        for after in breakdown.PRODUCTS:
            assert breakdown.step(before, after) in breakdown.STEPS.values()
    assert breakdown.step("3072x768", "768x768 tanh") != breakdown.step("3072x768", "768x768")


def test_the_limits_are_kept_or_not():
    shares = breakdown.Shares({"scores": 6.0}, {"scores": 5.4}, {"scores": 5.0}, {"softmax": 4.0})
    assert shares.outside == 0.4 and shares.speed == pytest.approx(0.9)
    assert shares.activations == pytest.approx(0.04)
    *_, inside, outside = breakdown.timings_of("adaptivfloat8", [shares], sentences=10)
    assert (inside.median, outside.median) == (600, 400)
    assert inside.ratio == pytest.approx(1) and outside.verdict == "BELOW THE FLOOR"
    text = "\n".join(breakdown.lines_of("adaptivfloat8", [shares]))
    assert "40.0% of the time passes between products (limit 30%)" in text and "attention scores 90%" in text


def test_a_clock_that_changes_a_bit_is_refused(monkeypatch):
    model = small_model()
    tokens = model.tokens(sentences(ALBERT, [4]))
    other = small_model(seed=1)
    monkeypatch.setattr(type(model), "encoder", other.encoder)
    with pytest.raises(RuntimeError, match="must have the bits of a plain one"):
        breakdown.Clocked(model, tokens)
