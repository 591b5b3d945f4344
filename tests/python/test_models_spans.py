"""Attention spans: the record, and the files that hold it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from siliconbert.models import Spans, load
from siliconbert.models.tensorfile import open_tensors, write_tensors
from small_models import ALBERT, CONFIG, SHAPES, random_tensors, small_model, write_albert

# Two weight sets of four heads, as ALBERT has; one head off in each.
VALUES = [[0, 3.25, 128, 1e-3], [40, 0, 7.5, 2]]
SPANS = Spans(VALUES, ramp=8)


def test_values_are_a_copy_that_nobody_writes():
    given = np.array(VALUES)
    spans = Spans(given)
    given[0, 1] = 99
    assert spans.values.dtype == np.float32 and spans.values[0, 1] == 3.25
    with pytest.raises(ValueError, match="read-only"):
        spans.values[0, 0] = 1
    assert (spans.ramp, spans.variant, spans.renormalise) == (32.0, "window", True)


def test_mean_and_heads_off():
    assert Spans(VALUES).heads_off == 2
    assert Spans(VALUES).mean == pytest.approx(np.mean(VALUES))
    off = Spans([[-0.0, 0]])
    assert off.heads_off == 2 and not np.signbit(off.values).any()


def test_plain_comes_back_through_json():
    for spans in (SPANS, Spans(VALUES, 256, "edgebert-public", False), Spans(np.full((3, 5), 1 / 3))):
        again = Spans.from_plain(json.loads(json.dumps(spans.plain())))
        assert again == spans and hash(again) == hash(spans)
        assert again.values.tobytes() == spans.values.tobytes()
    assert Spans(VALUES) != SPANS and Spans(np.array(VALUES) / 2, ramp=8) != SPANS


def changed(**fields):
    return {**SPANS.plain(), **fields}


BAD = [
    (
        changed(values=[]),
        "values must be rows of as many numbers in 0..128, one row a weight set, got \\[\\]",
    ),
    (changed(values=[0.5]), "values must be rows"),
    (changed(values=[[1, 2], [3]]), "values must be rows"),
    (changed(values=[[1, 2], [3, -0.1]]), "values must be rows"),
    (changed(values=[[1, 128.5]]), "values must be rows"),
    (changed(values=[[1, float("nan")]]), "values must be rows"),
    (changed(values=[[1, float("inf")]]), "values must be rows"),
    (changed(values=[[1, 10**400]]), "values must be rows"),
    (changed(values=[["1", "2"]]), "values must be rows"),
    (changed(values=[[True, False]]), "values must be rows"),
    (changed(values=[[None, 2]]), "values must be rows"),
    (changed(values={"0": [1]}), "values must be rows"),
    (changed(ramp=0), "ramp must be a number above 0 and at most 65536, got 0"),
    (changed(ramp=-3.5), "ramp must be a number above 0 and at most 65536, got -3.5"),
    (changed(ramp=float("nan")), "ramp must be a number above 0"),
    (changed(ramp=10**400), "ramp must be a number above 0"),
    (changed(ramp=True), "ramp must be a number above 0 and at most 65536, got True"),
    (changed(ramp="32"), "ramp must be a number above 0 and at most 65536, got '32'"),
    (changed(variant="public"), "variant must be one of window, edgebert-public, got 'public'"),
    (changed(variant=["window"]), "variant must be one of window, edgebert-public"),
    (changed(renormalise=1), "renormalise must be true or false, got 1"),
    (changed(more=1), "keys must be values, ramp, variant, renormalise"),
    ({"values": VALUES}, "keys must be values, ramp, variant, renormalise, got {'values'"),
    ([1], "keys must be values, ramp, variant, renormalise, got \\[1\\]"),
]


@pytest.mark.parametrize(("plain", "message"), BAD)
def test_bad_spans(plain, message):
    with pytest.raises(ValueError, match=f"^Spans: {message}"):
        Spans.from_plain(plain)


@pytest.mark.parametrize("shape", [(1, 4), (2, 3), (3, 4)])
def test_spans_of_another_network(shape):
    with pytest.raises(
        ValueError, match=r"Model.with_spans: spans must have 2 weight sets of 4 heads, got shape"
    ):
        small_model().with_spans(Spans(np.ones(shape)))


# Files


def test_a_hugging_face_directory(tmp_path):
    write_albert(tmp_path, random_tensors(ALBERT), {**CONFIG, "attention_spans": SPANS.plain()})
    assert load(tmp_path).spans == SPANS
    write_albert(tmp_path, random_tensors(ALBERT), {**CONFIG, "attention_spans": None})
    assert load(tmp_path).spans is None


@pytest.mark.parametrize(("plain", "message"), [*BAD[1:-1], (3, "attention_spans must be an object, got 3")])
def test_bad_spans_in_a_directory(tmp_path, plain, message):
    write_albert(tmp_path, random_tensors(ALBERT), {**CONFIG, "attention_spans": plain})
    with pytest.raises(ValueError, match=f"^{tmp_path}/config.json: (attention_spans: Spans: )?{message}"):
        load(tmp_path)


def test_a_directory_with_spans_of_another_network(tmp_path):
    plain = Spans([[1, 2, 3, 4]]).plain()
    write_albert(tmp_path, random_tensors(ALBERT), {**CONFIG, "attention_spans": plain})
    message = "config.json: attention_spans: Spans: spans must have 2 weight sets of 4 heads, got shape"
    with pytest.raises(ValueError, match=message):
        load(tmp_path)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("split", [True, False])
def test_a_compressed_file(tmp_path, name, split):
    shape = SHAPES[name]
    spans = Spans(np.random.default_rng(0).uniform(0, 128, (shape.groups, shape.heads)), 5, renormalise=False)
    model = small_model(shape).with_spans(spans)
    model.save(tmp_path / "m.safetensors", tmp_path / "table.safetensors" if split else None)
    found = load(tmp_path / "m.safetensors")
    assert found.spans == spans and found.fingerprint == model.fingerprint


@pytest.mark.parametrize(
    ("plain", "message"), [BAD[3], BAD[12], BAD[-2], (3, "attention_spans must be an object")]
)
def test_bad_spans_in_a_compressed_file(tmp_path, plain, message):
    path = tmp_path / "m.safetensors"
    small_model().with_spans(SPANS).save(path)
    file = open_tensors(path)
    arrays = {name: file.read(name, (entry.dtype,), entry.shape) for name, entry in file.entries.items()}
    record = {**json.loads(file.metadata["siliconbert"]), "attention_spans": plain}
    write_tensors(path, arrays, {"siliconbert": json.dumps(record)})
    with pytest.raises(ValueError, match=f"m.safetensors: metadata: (attention_spans: Spans: )?{message}"):
        load(path)


def test_a_file_without_spans_is_what_it_was(tmp_path):
    small_model().save(tmp_path / "m.safetensors")
    assert "attention_spans" not in open_tensors(tmp_path / "m.safetensors").metadata["siliconbert"]


def test_the_fingerprint_knows_the_spans():
    plain = small_model()
    prints = {
        model.fingerprint
        for model in (
            plain,
            plain.with_spans(SPANS),
            plain.with_spans(Spans(VALUES)),
            plain.with_spans(Spans(VALUES, renormalise=False)),
        )
    }
    assert len(prints) == 4 and replace(plain).fingerprint in prints
    assert plain.with_spans(SPANS).with_spans(None).fingerprint == plain.fingerprint
