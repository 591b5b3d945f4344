"""The integer model file: what was saved comes back bit for bit, and a damaged file is refused."""

import json
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from siliconbert.models import Integer, load, load_integer
from siliconbert.models.tensorfile import INTEGER_KEY, open_tensors, write_tensors
from small_models import SHAPES, small_integer_model, small_model, some_ids

BERT = SHAPES["bert"]
CASES = {
    "everything": Integer(4, 8),
    "eight bits, per channel": Integer(8, 8, per_channel=True),
    "three bits, the rest float": Integer(3, 8, scales=False, softmax=False, layer_norm=False),
}


@cache
def built(case="everything", ramps=True):
    return small_integer_model(CASES[case], ramps=ramps)


def saved(folder, model=None):
    path = folder / "small.safetensors"
    (model or built()).save(path)
    return path


def arrays_of(path):
    file = open_tensors(path)
    kinds = {"U8": np.uint8, "I8": np.int8, "I32": np.int32, "F32": np.float32}
    found = {
        name: file.read(name, (entry.dtype,), entry.shape).astype(kinds[entry.dtype])
        for name, entry in file.entries.items()
    }
    return found, json.loads(file.metadata[INTEGER_KEY])


def rewrite(path, arrays, record):
    write_tensors(path, arrays, {INTEGER_KEY: json.dumps(record)})


@pytest.mark.parametrize("ramps", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_a_saved_model_comes_back(tmp_path, case, ramps):
    model = built(case, ramps)
    back = load_integer(saved(tmp_path, model))
    assert back.fingerprint == model.fingerprint and back.settings == model.settings
    assert back.name == "small" and back.card == model.card
    sentences = some_ids(count=3)
    np.testing.assert_array_equal(back.trace(sentences).logits, model.trace(sentences).logits)


def test_four_bits_take_half_a_byte(tmp_path):
    entries = open_tensors(saved(tmp_path)).entries
    assert entries["layers.0.up.weight.codes"].bytes == BERT.hidden * BERT.ffn // 2
    assert entries["layers.0.up.bias.codes"].dtype == "I32"


def test_float_and_integer_files_are_told_apart(tmp_path):
    with pytest.raises(ValueError, match=r"an integer model, which models\.load_integer reads"):
        load(saved(tmp_path))
    small_model(BERT).save(tmp_path / "float.safetensors")
    with pytest.raises(ValueError, match=r"not an integer model, .* \(a float model\?\)"):
        load_integer(tmp_path / "float.safetensors")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("layers.0.up.weight.scale", np.ones(80, np.float32), r"must have shape \(1,\), got \(80,\)"),
        ("layer.1.scores.scale", np.ones(2, np.float32), r"must have shape \(1,\), got \(2,\)"),
        ("layer.1.scores.scale", np.zeros(1, np.float32), r"layer\.1\.scores: its scale must be in 2\^-60"),
        ("layer.1.scores.scale", np.full(1, np.nan, np.float32), "must be finite"),
        ("layer.1.scores.scale", np.full(1, 1.001, np.float32), "must have an 8-bit mantissa, got 1.00"),
        (
            "layer.1.scores.scale",
            np.full(1, 2.0**40, np.float32),
            r"layers\.0 \(scores\): its multiplier must",
        ),
        ("layers.0.up.bias.codes", np.full(80, 2**31 - 1, np.int32), r"layers\.0\.up: its sums must fit 32"),
        ("layers.0.up.bias.codes", np.zeros(80, np.float32), "must have type I32, got F32"),
        ("layers.0.up.weight.codes", np.zeros(48 * 40, np.uint8), r"codes must be in -7\.\.7"),
        ("layers.0.norm.weight.codes", np.full(48, -128, np.int8), r"codes must be in -127\.\.127"),
        ("extra", np.zeros(1, np.uint8), "tensor extra does not belong to this model"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(tmp_path, name, value, message):
    path = saved(tmp_path)
    arrays, record = arrays_of(path)
    rewrite(path, {**arrays, name: value}, record)
    with pytest.raises(ValueError, match=message) as error:
        load_integer(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version must be 1, got 2"),
        ({"ramps": 1}, "ramps must be true or false"),
        ({"settings": {"weights": 4}}, "settings: activations must be given"),
        ({"odd": 1}, "keys must be among"),
    ],
)
def test_metadata_that_does_not_fit_is_refused(tmp_path, change, message):
    path = saved(tmp_path)
    arrays, record = arrays_of(path)
    rewrite(path, arrays, {**record, **change})
    with pytest.raises(ValueError, match=message):
        load_integer(path)
    for width in (1, 9, "4", True):
        rewrite(path, arrays, {**record, "settings": {**record["settings"], "weights": width}})
        with pytest.raises(ValueError, match=r"settings: Integer: weights must be an integer in 2\.\.8"):
            load_integer(path)


def test_a_missing_tensor_is_named(tmp_path):
    path = saved(tmp_path)
    arrays, record = arrays_of(path)
    del arrays["main.token.scale"]
    rewrite(path, arrays, record)
    with pytest.raises(ValueError, match=r"tensor main\.token\.scale is missing"):
        load_integer(path)


@given(st.data())
@hypothesis_settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_damaged_file_is_refused_or_still_a_model(tmp_path, data):
    whole = bytearray(saved(tmp_path).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(bytes(whole[: data.draw(st.sampled_from([len(whole), len(whole) // 2]))]))
    try:
        model = load_integer(path)
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert np.isfinite(model.trace(some_ids(count=1)).logits).all()
