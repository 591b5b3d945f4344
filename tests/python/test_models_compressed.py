"""The compressed model file: what was saved comes back bit for bit, and a damaged file is refused."""

import json
import struct
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siliconbert import formats
from siliconbert.models import load
from siliconbert.models.tensorfile import open_tensors, write_tensors
from small_models import ALBERT, SHAPES, sentences, small_model

VOCABULARY = json.dumps({"version": "1.0", "words": ["a", "b"]}).encode()
CARD = {"recipe": {"seed": 3}, "accuracy": 0.5, "vocabulary": {"source": "by hand", "licence": "none needed"}}


@cache
def compressed(name="albert, two groups", ramps=True, width=8):
    shape = SHAPES[name]
    model = small_model(shape, ramps).pruned({"embeddings.word": 0.4, "layers.": 0.5})
    fmt = formats.AdaptivFloat(width, 4)
    model = model.quantized(fmt, sentences(shape, [9, 5, 30]))
    return replace(model, vocabulary=VOCABULARY, card=CARD)


def same_model(found, expected):
    assert found.shape == expected.shape and found.card == expected.card
    assert found.vocabulary == expected.vocabulary
    assert found.activations == expected.activations and found.formats == expected.formats
    assert list(found.tensors) == list(expected.tensors)
    for name, values in expected.tensors.items():
        np.testing.assert_array_equal(
            found.tensors[name].view(np.uint32), values.view(np.uint32), err_msg=name
        )
        if values.ndim == 2:
            np.testing.assert_array_equal(found.mask(name), expected.mask(name), err_msg=name)
    assert found.fingerprint == expected.fingerprint


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("ramps", [True, False])
@pytest.mark.parametrize("split", [True, False])
def test_a_saved_model_comes_back(tmp_path, name, ramps, split):
    model = compressed(name, ramps)
    model.save(tmp_path / "m.safetensors", tmp_path / "table.safetensors" if split else None)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.safetensors", "table.safetensors"][: 1 + split]
    same_model(load(tmp_path / "m.safetensors"), model)


@pytest.mark.parametrize("width", [5, 6, 12])
def test_other_widths(tmp_path, width):
    model = compressed(width=width)
    model.save(tmp_path / "m.safetensors")
    same_model(load(tmp_path / "m.safetensors"), model)


def test_a_plain_model_without_tokenizer(tmp_path):
    model = small_model()
    model.save(tmp_path / "m.safetensors")
    same_model(load(tmp_path / "m.safetensors"), model)


def test_the_file_is_as_small_as_its_codes_and_masks(tmp_path):
    model = compressed()
    model.save(tmp_path / "m.safetensors")
    entries = open_tensors(tmp_path / "m.safetensors").entries
    for name in model.matrices():
        assert entries[f"{name}.codes"].bytes == model.mask(name).sum(), name
        if not model.mask(name).all():
            assert entries[f"{name}.mask"].bytes == -(-model.mask(name).size // 8), name
    assert np.isclose(model.mask("embeddings.word").mean(), 0.4, atol=1e-3)


def test_two_tasks_share_a_table(tmp_path):
    table = tmp_path / "table.safetensors"
    compressed().save(tmp_path / "a.safetensors", table)
    before = table.read_bytes()
    other = replace(compressed(), card={**CARD, "accuracy": 0.7})
    other.save(tmp_path / "b.safetensors", table)
    assert table.read_bytes() == before
    same_model(load(tmp_path / "a.safetensors"), compressed())
    same_model(load(tmp_path / "b.safetensors"), other)


def test_a_file_that_would_be_too_large_is_not_written(tmp_path):
    with pytest.raises(
        ValueError, match=r"Model\.save: .*m\.safetensors would have \d+ bytes, the most is 10000"
    ):
        compressed().save(tmp_path / "m.safetensors", most_bytes=10_000)
    assert not list(tmp_path.iterdir())


def test_the_table_lies_beside_its_encoder(tmp_path):
    for table in (tmp_path / "other" / "table.safetensors", tmp_path / "m.safetensors"):
        with pytest.raises(ValueError, match=r"Model\.save: table must be another file in the folder"):
            compressed().save(tmp_path / "m.safetensors", table)


def test_a_missing_or_other_table_is_refused(tmp_path):
    table = tmp_path / "table.safetensors"
    compressed().save(tmp_path / "m.safetensors", table)
    raw = bytearray(table.read_bytes())
    raw[-1] ^= 1
    table.write_bytes(raw)
    with pytest.raises(ValueError, match=r"its word table .* must have SHA-256"):
        load(tmp_path / "m.safetensors")
    table.unlink()
    with pytest.raises(ValueError, match=r"its word table .*table\.safetensors is missing"):
        load(tmp_path / "m.safetensors")


def rewritten(path, tensors=None, record=None, model=None):
    """The model's file with some arrays replaced (None removes one) and its record changed by a function."""
    (model or compressed()).save(path)
    file = open_tensors(path)
    arrays = {name: file.read(name, (entry.dtype,), entry.shape) for name, entry in file.entries.items()}
    for name, change in (tensors or {}).items():
        arrays[name] = change(arrays[name].copy() if name in arrays else None)
    known = json.loads(file.metadata["siliconbert"])
    if record is not None:
        record(known)
    kept = {name: values for name, values in arrays.items() if values is not None}
    write_tensors(path, kept, {"siliconbert": json.dumps(known)})
    return path


def flip_first_bit(values):
    values[0] ^= 1
    return values


def set_last_bit(values):
    values[-1] |= 0x80
    return values


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"embeddings.word.codes": lambda v: v[:-1]}, "embeddings.word.codes must have shape"),
        (
            {"embeddings.word.codes": lambda v: v.astype(np.uint16)},
            "embeddings.word.codes must have type U8, got U16",
        ),
        ({"embeddings.word.codes": lambda v: None}, "tensor embeddings.word.codes is missing"),
        ({"embeddings.word.mask": lambda v: v[:-1]}, "embeddings.word.mask must have shape"),
        ({"embeddings.word.mask": flip_first_bit}, "embeddings.word.codes must have shape"),
        ({"embeddings.word.mask": lambda v: None}, "embeddings.word.codes must have shape"),
        ({"layers.0.up.bias": lambda v: v * np.float32(np.nan)}, "layers.0.up.bias must be finite"),
        ({"layers.0.up.bias": lambda v: None}, "tensor layers.0.up.bias is missing"),
        ({"surplus": lambda v: np.zeros(3, np.uint8)}, "tensor surplus does not belong to this model"),
        ({"tokenizer.json.zlib": lambda v: v[:-3]}, "tokenizer.json.zlib must inflate to at most"),
        ({"tokenizer.json.zlib": lambda v: np.append(v, v)}, "tokenizer.json.zlib must inflate to at most"),
        ({"tokenizer.json.zlib": lambda v: v[::-1]}, "tokenizer.json.zlib is not deflated data"),
    ],
)
def test_damaged_tensors(tmp_path, tensors, message):
    path = rewritten(tmp_path / "m.safetensors", tensors)
    with pytest.raises(ValueError, match=f"m\\.safetensors: .*{message}"):
        load(path)


def test_codes_and_masks_have_no_stray_bits(tmp_path):
    narrow = compressed(width=6)
    path = rewritten(
        tmp_path / "narrow.safetensors", {"embeddings.word.codes": lambda v: v | 0x40}, model=narrow
    )
    with pytest.raises(ValueError, match=r"embeddings.word.codes must be below 2\^6"):
        load(path)
    odd = compressed("bert, relu, odd sizes")
    assert odd.mask("layers.0.query.weight").size % 8
    path = rewritten(tmp_path / "odd.safetensors", {"layers.0.query.weight.mask": set_last_bit}, model=odd)
    with pytest.raises(ValueError, match=r"layers.0.query.weight.mask must have zeros after its 1225 bits"):
        load(path)


def change(*keys, to):
    def apply(record):
        for key in keys[:-1]:
            record = record[key]
        record[keys[-1]] = to

    return apply


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (change("version", to=2), "version must be 1, got 2"),
        (change("surprise", to=2), "keys must be among .*; got 'surprise'"),
        (change("shape", to=3), "shape must be an object, got 3"),
        (change("shape", "heads", to=5), "heads must divide hidden, got 5 and 48"),
        (change("shape", "heads", to="4"), "heads must be an integer"),
        (change("shape", "model_type", to=["bert"]), "model_type must be one of"),
        (change("shape", "activation", to={}), "activation must be one of"),
        (change("shape", "vocabulary", to=1 << 22), "embeddings.word.mask must have shape"),
        (change("shape", "more", to=5), "got 'more'"),
        (lambda r: r["shape"].pop("ffn"), "ffn must be given, got nothing"),
        (change("ramps", to=1), "ramps must be true or false, got 1"),
        (change("ramps", to=False), "keys must be among .*; got .ramps.1"),
        (change("card", to=[]), "card must be an object"),
        (
            change("formats", "embeddings.word", "family", to="posit"),
            "family must be one of adaptivfloat, got 'posit'",
        ),
        (change("formats", "embeddings.word", "width", to=40), "width must be in 2..16, got 40"),
        (change("formats", "embeddings.word", "width", to=10**30), "formats: embeddings.word: "),
        (change("formats", "embeddings.word", "variant", to="mine"), "variant must be one of"),
        (
            change("formats", "embeddings.word", "bias", to=None),
            "bias must be an integer of at least -1000, got None",
        ),
        (change("formats", "embeddings.word", "bias", to=500), "bias must be in"),
        (change("formats", "nobody", to={}), "keys must be among .*; got 'nobody'"),
        (change("activations", to=5), "activations must be an object"),
        (change("activations", "width", to=1), "width must be in 2..16, got 1"),
        (change("activations", "bias", "main.token", to=1.5), "main.token must be an integer"),
        (lambda r: r["activations"]["bias"].pop("main.token"), "bias must name the places .* main.token"),
        (change("activations", "bias", "layer.9.input", to=0), "bias must name the places .* layer.9.input"),
        (
            change("table", to={"file": "../t.safetensors", "sha256": ""}),
            "file must be the name of a file in the same",
        ),
        (
            change("table", to={"file": "t.safetensors", "sha256": ""}),
            "its word table .*t.safetensors is missing",
        ),
    ],
)
def test_damaged_records(tmp_path, record, message):
    path = rewritten(tmp_path / "m.safetensors", record=record)
    with pytest.raises(ValueError, match=f"m\\.safetensors: .*{message}"):
        load(path)


def test_other_safetensors_files_are_refused(tmp_path):
    write_tensors(tmp_path / "a.safetensors", {"x": np.zeros(2, np.float32)}, {})
    with pytest.raises(ValueError, match=r"a\.safetensors: not a compressed model"):
        load(tmp_path / "a.safetensors")
    compressed().save(tmp_path / "m.safetensors", tmp_path / "table.safetensors")
    with pytest.raises(
        ValueError, match=r"table\.safetensors: metadata: shape must be an object, got nothing"
    ):
        load(tmp_path / "table.safetensors")


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_random_damage_is_refused_or_harmless(tmp_path, data):
    """Whatever bytes change, loading gives a whole model or a ValueError."""
    path = tmp_path / "m.safetensors"
    if not path.exists():
        compressed().save(path)
    raw = bytearray(path.read_bytes())
    header = 8 + struct.unpack("<Q", raw[:8])[0]
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, header + 200))] = data.draw(st.integers(32, 126))
    (tmp_path / "damaged.safetensors").write_bytes(raw)
    try:
        model = load(tmp_path / "damaged.safetensors")
    except ValueError:
        return
    assert model.tensors.keys() == model.shape.tensors(model.ramps).keys()


def test_a_card_that_json_cannot_hold_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        replace(compressed(), card={"loss": float("nan")}).save(tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


def test_linear_ramps_are_part_of_the_shape_of_the_file(tmp_path):
    model = small_model(ALBERT)
    kept = model.shape.tensors(ramps=True, linear=True)
    linear = replace(model, tensors={name: model.tensors[name] for name in kept})
    linear = linear.quantized(formats.AdaptivFloat(8, 4), sentences(ALBERT, [9, 5, 30]))
    linear.save(tmp_path / "m.safetensors")
    assert load(tmp_path / "m.safetensors").linear_ramps
    same_model(load(tmp_path / "m.safetensors"), linear)


def test_ramps_are_part_of_the_shape_of_the_file(tmp_path):
    compressed(ramps=False).save(tmp_path / "m.safetensors")
    assert not load(tmp_path / "m.safetensors").ramps
    assert load(tmp_path / "m.safetensors").encoder.exits == [ALBERT.layers]
