"""Hugging Face directories: every spelling reads alike, every fault in one is named in a sentence."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from siliconbert.models import load
from siliconbert.models.huggingface import read_huggingface
from small_models import ALBERT, CONFIG, random_tensors, theirs, write_albert

TENSORS = random_tensors(ALBERT)


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name, strict=True)


@pytest.mark.parametrize("prefix", [True, False])
def test_names_with_and_without_prefix(tmp_path, prefix):
    found = read_huggingface(write_albert(tmp_path, TENSORS, prefix=prefix))
    assert found.shape == ALBERT
    same(found.tensors, TENSORS)
    assert found.tokenizer is None and found.card == {}


def test_without_ramps_and_without_classifier(tmp_path):
    plain = random_tensors(ALBERT, ramps=False)
    same(read_huggingface(write_albert(tmp_path / "plain", plain)).tensors, plain)
    bare = {name: values for name, values in plain.items() if not name.startswith("main.")}
    found = read_huggingface(write_albert(tmp_path / "bare", bare))
    assert found.shape == replace(ALBERT, classes=0)
    same(found.tensors, bare)


def test_old_names_of_layer_norms(tmp_path):
    renamed = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): values
        for name, values in ((theirs(name), values) for name, values in TENSORS.items())
    }
    write_albert(tmp_path, TENSORS)
    save_file(renamed, tmp_path / "model.safetensors")
    same(read_huggingface(tmp_path).tensors, TENSORS)


def test_half_precision_becomes_float32(tmp_path):
    halves = {name: values.astype(np.float16) for name, values in TENSORS.items()}
    found = read_huggingface(write_albert(tmp_path, halves))
    same(found.tensors, {name: values.astype(np.float32) for name, values in halves.items()})


def shard(folder, where=None):
    write_albert(folder, TENSORS)
    (folder / "model.safetensors").unlink()
    names = [theirs(name) for name in TENSORS]
    parts = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    by_theirs = {theirs(name): values for name, values in TENSORS.items()}
    for file, part in parts.items():
        save_file({name: by_theirs[name] for name in part}, folder / file)
    index = {name: file for file, part in parts.items() for name in part} | (where or {})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    return folder


def test_shards(tmp_path):
    same(read_huggingface(shard(tmp_path)).tensors, TENSORS)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"x": "../b.safetensors"}, "weight_map must name files in the same folder, got '../b.safetensors'"),
        ({"x": "/etc/passwd"}, "weight_map must name files in the same folder"),
        ({"x": ".."}, "weight_map must name files in the same folder"),
        ({"x": "a" * 300}, "weight_map must name files in the same folder"),
        ({"x": 3}, "weight_map must map tensor names to file names"),
        ({"x": "c.safetensors"}, "c.safetensors: no such file"),
        ({"x": "a.safetensors"}, "a.safetensors has no tensor x"),
    ],
)
def test_bad_shard_indexes(tmp_path, where, message):
    with pytest.raises(ValueError, match=message):
        read_huggingface(shard(tmp_path, where))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt2"}, "model_type must be one of albert, bert, got 'gpt2'"),
        ({"model_type": None}, "model_type must be one of albert, bert, got None"),
        ({"hidden_size": "48"}, "hidden_size must be an integer of at least 1, got '48'"),
        ({"hidden_size": True}, "hidden_size must be an integer"),
        ({"hidden_size": 0}, "hidden_size must be an integer of at least 1, got 0"),
        ({"vocab_size": 1 << 50}, "vocabulary must be an integer in"),
        ({"num_attention_heads": 5}, "heads must divide hidden, got 5 and 48"),
        ({"num_hidden_groups": 3}, "groups must divide layers, got 3 and 4"),
        ({"inner_group_num": 2}, "inner_group_num must be 1, got 2"),
        (
            {"hidden_act": "swish"},
            "hidden_act must be one of gelu, gelu_new, gelu_pytorch_tanh, relu, got 'swish'",
        ),
        ({"hidden_act": ["gelu"]}, "hidden_act must be one of"),
        ({"layer_norm_eps": 0}, "layer_norm_eps must be a number above 0 and below 1, got 0"),
        ({"layer_norm_eps": 10**400}, "layer_norm_eps must be"),
        (
            {"position_embedding_type": "relative_key"},
            "position_embedding_type must be 'absolute', got 'relative_key'",
        ),
        ({"id2label": {"0": "a", "1": "b"}}, "id2label must be as long as classifier.weight has rows"),
        ({"id2label": 3}, "id2label must be an object, got 3"),
        ({"vocab_size": 91}, "word_embeddings.weight must have shape \\(91, 16\\), got \\(90, 16\\)"),
        ({"num_hidden_layers": 6, "num_hidden_groups": 3}, "albert_layer_groups.2.* is missing"),
        ({"num_hidden_layers": 6}, "tensor ramps.4.pooler.weight is missing"),
    ],
)
def test_bad_settings(tmp_path, change, message):
    write_albert(tmp_path, TENSORS, {**CONFIG, **change})
    with pytest.raises(ValueError, match=f"{tmp_path}.*{message}"):
        load(tmp_path)


@pytest.mark.parametrize("key", sorted(set(CONFIG) - {"inner_group_num"}))
def test_missing_settings(tmp_path, key):
    write_albert(tmp_path, TENSORS, {k: v for k, v in CONFIG.items() if k != key})
    with pytest.raises(ValueError, match=f"config.json: {key} must be .*, got nothing"):
        load(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"model_type": "albert", "model_type": "bert"}', "[" * 200_000]
)
def test_a_config_that_is_not_a_json_object(tmp_path, text):
    write_albert(tmp_path, TENSORS)
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ValueError, match=r"config\.json: (not valid JSON|must be a JSON object)"):
        load(tmp_path)


@pytest.mark.parametrize("name", sorted(TENSORS))
def test_every_tensor_must_be_there_and_finite(tmp_path, name):
    if name in ("main.classifier.weight", "ramps.1.pooler.weight"):
        return  # without them the file is a model without classifier, or fails on another ramp
    write_albert(tmp_path / "without", {key: values for key, values in TENSORS.items() if key != name})
    with pytest.raises(ValueError, match=f"tensor {theirs(name)} is missing"):
        load(tmp_path / "without")
    spoilt = TENSORS[name].copy()
    spoilt.flat[-1] = np.nan
    write_albert(tmp_path / "spoilt", {**TENSORS, name: spoilt})
    with pytest.raises(ValueError, match=f"{theirs(name)} must be finite"):
        load(tmp_path / "spoilt")


def test_missing_files(tmp_path):
    with pytest.raises(ValueError, match=r"config\.json: no such file"):
        load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    with pytest.raises(ValueError, match=r"model\.safetensors: no such file"):
        load(tmp_path)


def test_a_classifier_of_no_matrix(tmp_path):
    write_albert(tmp_path, {**TENSORS, "main.classifier.weight": np.array(1.0, np.float32)})
    with pytest.raises(ValueError, match="classifier"):
        load(tmp_path)
