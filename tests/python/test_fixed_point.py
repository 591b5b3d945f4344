"""The 16-bit special functions: bit for bit the twin's, close to the exact ones, and inside a model."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siliconbert import exits, hardware, models
from siliconbert.hardware import fixed_point
from siliconbert.reference import fixed_point as twin
from siliconbert.reference import transformer as reference

values = st.floats(-40, 40, width=32)
rows = st.lists(values, min_size=1, max_size=20)
laws = settings(max_examples=60, deadline=None, derandomize=True)


@laws
@given(rows)
def test_softmax_and_entropy_equal_the_twin(row):
    x = np.float32([row])
    assert fixed_point.softmax(x)[0].tolist() == twin.softmax(x[0].tolist())
    assert fixed_point.entropy(x)[0] == twin.entropy(x[0].tolist())


@laws
@given(st.lists(st.tuples(values, values, values), min_size=1, max_size=20), st.booleans())
def test_layer_norm_and_window_equal_the_twin(columns, renormalise):
    x, gain, shift = np.float32(columns).T
    wanted = twin.layer_norm(x.tolist(), gain.tolist(), shift.tolist())
    assert fixed_point.layer_norm([x], gain, shift)[0].tolist() == wanted
    p, w = np.abs(np.float32([gain, shift])) / 40
    wanted = twin.window(p.tolist(), w.tolist(), renormalise)
    assert fixed_point.window([p], [w], renormalise)[0].tolist() == wanted


def test_every_code_of_the_functions_is_close_to_the_exact_one():
    # A line between points h apart is off by at most h^2 / 8 of the second derivative; a code is 1/1024.
    step = 1 / 1024
    for code in range(-32768, 1, 7):
        assert abs(twin.exponential(code) * step - np.exp(code * step)) < 0.0055
    for code in range(1, 1 << 18, 37):
        assert abs(twin.logarithm(code) * step - np.log(code * step)) < 0.0025
    for code in range(1, 32768, 7):
        exact = min(1 / np.sqrt(code * step), 32767 * step)
        assert abs(twin.inverse_root(code) * step - exact) < 0.008 * exact + step


def test_close_to_the_exact_functions():
    rng = np.random.default_rng(0)
    x = rng.normal(0, 2, (50, 64)).astype(np.float32)
    exact = np.exp(x - x.max(1, keepdims=True))
    exact /= exact.sum(1, keepdims=True)
    assert np.abs(fixed_point.softmax(x) - exact).max() < 0.01
    norm = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
    assert np.abs(fixed_point.layer_norm(x, np.ones(64), np.zeros(64)) - norm).max() < 0.03
    logits = rng.normal(0, 2, (200, 3)).astype(np.float32)
    assert np.abs(fixed_point.entropy(logits) - exits.entropy(logits)).max() < 0.02


def test_what_cannot_be_is_finite():
    x = np.float32([[np.inf, -np.inf, np.nan, 1e30]])
    assert np.isfinite(fixed_point.softmax(x)).all()
    assert np.isfinite(fixed_point.layer_norm(x, np.ones(4), np.zeros(4))).all()
    # Without variance a row becomes its shift.
    assert fixed_point.layer_norm([[5.0, 5.0]], [2, 2], [0.25, -1]).tolist() == [[0.25, -1]]
    with pytest.raises(ValueError, match=r"^layer_norm: gain and shift must have one value a column"):
        fixed_point.layer_norm([[1.0, 2.0]], [1, 1, 1], [0, 0])
    with pytest.raises(ValueError, match=r"^softmax: x must have 2 dimensions"):
        fixed_point.softmax([1.0])


def fixed_norm(shape, tensors, name, x, exact=reference._norm):
    if name == "embeddings.norm":
        return exact(shape, tensors, name, x)
    return fixed_point.layer_norm(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def fixed_softmax(scores):
    return fixed_point.softmax(scores.reshape(-1, scores.shape[-1])).reshape(scores.shape)


@pytest.mark.parametrize("spans", [None, models.Spans([[20.0] * 6 + [0.0] * 6], ramp=2.0, renormalise=False)])
def test_a_model_runs_with_it(spans, monkeypatch):
    model = replace(models.load("edgebert-mini/sst2"), activations=None).with_spans(spans)
    ids = [101, 2009, 2003, 2204, 102, 6659, 3185, 1012, 102]
    exact, fixed = (one.trace([ids]).logits[0] for one in (model, model.with_sfu()))
    monkeypatch.setattr(reference, "_norm", fixed_norm)
    monkeypatch.setattr(reference, "_softmax", fixed_softmax)
    plain = spans.plain() if spans else None
    wanted = reference.trace(model.shape.engine(), model.tensors, ids, spans=plain)
    # Sums in another order move a code here and there.
    assert np.abs(fixed - wanted).max() < 0.05 < np.abs(fixed - exact).max()
    two = [ids, ids[:4]]
    one_thread, more = (model.with_sfu().trace(two, threads=t).logits for t in (1, 3))
    np.testing.assert_array_equal(one_thread, more)
    assert model.with_sfu().fingerprint != model.fingerprint
    assert model.with_sfu(False).fingerprint == model.fingerprint


def test_densities_of_a_real_model():
    model = models.load("edgebert-mini/sst2")
    for n in (4, 16):
        found = hardware.densities(model, n)
        for part, name in (("output", "output"), ("ffn_up", "up"), ("ffn_down", "down")):
            assert found[part].elements == pytest.approx(model.mask(f"layers.0.{name}.weight").mean())
            assert found[part].elements <= found[part].vectors <= 1
    cost = hardware.accelerator("edgebert-12nm").layer(model, density=hardware.densities(model, 16))
    assert cost.kept_macs_by_part["ffn_up"] < cost.macs_by_part["ffn_up"]
