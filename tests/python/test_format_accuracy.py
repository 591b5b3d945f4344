"""Rounding of a model's weights to any format, and the table of formats on a small network."""

import math
from dataclasses import replace

import numpy as np
import pytest

from siliconbert import formats, models
from siliconbert.campaign import format_accuracy
from siliconbert.campaign.setup import Call, Subject
from siliconbert.data import Data
from small_models import SHAPES, sentences, small_model

FAMILIES = {
    "float": {"family": "minifloat", "scaled": False},
    "blockfloat": {"family": "blockfloat"},
    "integer": {"family": "integer", "symmetric": True},
}


def data(shape, count=12):
    labels = np.random.default_rng(5).integers(0, shape.classes, count)
    return Data("made up", "dev", sentences(shape, [5] * count), labels, ("a", "b"), "made up")


@pytest.mark.parametrize(
    "fmt",
    [
        formats.Integer(4, per="row"),
        formats.Microscaling("e2m1"),
        formats.Codebook(3),
        formats.Posit(6, 1),
        formats.get("adaptivfloat8"),
    ],
    ids=str,
)
def test_rounded_models_hold_values_of_the_format_and_zeros_where_pruned(fmt):
    model = small_model(SHAPES["bert"]).pruned({"layers.": 0.5})
    rounded = model.rounded(fmt)
    assert rounded.activations is None and set(rounded.formats) == set(model.matrices())
    for name, values in model.tensors.items():
        if values.ndim == 1:
            assert rounded.tensors[name] is values
            continue
        mask = model.mask(name)
        fitted = formats.fit(values, fmt, mask=mask)
        assert rounded.formats[name] == fitted
        assert np.array_equal(rounded.tensors[name][mask], formats.quantize(values, fitted)[mask])
        assert not rounded.tensors[name][~mask].any()


def test_models_rounded_to_other_families_cannot_be_saved(tmp_path):
    model = small_model(SHAPES["bert"]).pruned({"layers.": 0.5}).rounded(formats.Integer(4, per="row"))
    with pytest.raises(ValueError, match="formats must be AdaptivFloat with one bias a matrix"):
        model.save(tmp_path / "a.safetensors")
    assert not list(tmp_path.iterdir())


def test_rounding_takes_names_and_leaves_the_network_in_fp32():
    model = small_model(SHAPES["bert"]).quantized("adaptivfloat8", sentences(SHAPES["bert"], [4, 7]))
    again = model.rounded("adaptivfloat8")
    assert model.activations is not None and again.activations is None
    assert all(np.array_equal(again.tensors[name], values) for name, values in model.tensors.items())


def test_the_chosen_format_has_the_smallest_mean_relative_error():
    model = small_model(SHAPES["bert"])
    chosen, sqnr = format_accuracy.choose(model, 6, "minifloat", scaled=False)
    assert chosen.exponent_bits in range(1, 6) and not chosen.scaled
    for exponent_bits in range(1, 6):
        fmt = formats.Minifloat(exponent_bits, 5 - exponent_bits, "finite")
        rounded = model.rounded(fmt)
        noise = [
            np.square(rounded.tensors[name] - model.tensors[name]).sum(dtype=np.float64)
            / np.square(model.tensors[name]).sum(dtype=np.float64)
            for name in model.matrices()
        ]
        ratio = -10 * math.log10(np.mean(noise))
        assert ratio <= sqnr + 1e-6
        if fmt == chosen:
            assert ratio == pytest.approx(sqnr, abs=1e-4)


def test_every_width_has_a_row_with_a_value_a_family(monkeypatch):
    model = replace(small_model(SHAPES["bert"]), name="a/b")
    found = data(model.shape)
    monkeypatch.setattr(format_accuracy, "prepare", lambda *a, **k: Subject(model, found, len(found)))
    plan = format_accuracy.Plan(["a/b"], (8, 4), FAMILIES)
    outcome = format_accuracy.run("adaptivfloat/formats", "wmt17-en-de", Call(threads=1), "x", plan)
    accuracy = {(m.row, m.quantity.name): m for m in outcome.measurements}
    clean = model.trace(found).accuracy(found.labels)[-1]
    assert accuracy["a/b", "accuracy_fp32"].value == pytest.approx(100 * clean)
    for width in (8, 4):
        for quantity, options in FAMILIES.items():
            cell = accuracy[f"a/b, {width} bits", quantity]
            fmt, sqnr = format_accuracy.choose(model, width, **options)
            right = model.rounded(fmt).trace(found).accuracy(found.labels)[-1]
            assert cell.value == pytest.approx(100 * right) and cell.low <= cell.value <= cell.high
            assert cell.beside == f"{width} bits"
            assert accuracy[f"a/b, {width} bits", f"{quantity}_sqnr"].value == sqnr
    (figure,) = outcome.figures
    assert set(figure.series) == set(FAMILIES) and figure.series["float"][0].tolist() == [4, 8]


def test_weights_that_do_not_change_need_no_trace(monkeypatch):
    shape = SHAPES["bert"]
    model = small_model(shape).rounded(formats.AdaptivFloat(5, 3))
    found = data(shape)
    monkeypatch.setattr(format_accuracy, "prepare", lambda *a, **k: Subject(model, found, len(found)))
    traces = []
    trace = models.Model.trace
    monkeypatch.setattr(models.Model, "trace", lambda *a, **k: traces.append(1) or trace(*a, **k))
    plan = format_accuracy.Plan(["small"], (6, 5), {"adaptivfloat": {"family": "adaptivfloat"}})
    outcome = format_accuracy.run("adaptivfloat/formats", "wmt17-en-de", Call(), "x", plan)
    assert len(traces) == 1
    assert len({m.value for m in outcome.measurements}) == 1
    assert "small: weights are adaptivfloat of 5 bits before they are rounded" in outcome.header
