"""Language models: folders, compressed files, and what cannot be one."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import siliconbert as sb

WORDS, WIDTH, FFN, WINDOW = 40, 32, 16, 9
BERT = {
    "attention.self.query": (WIDTH, WIDTH),
    "attention.self.key": (WIDTH, WIDTH),
    "attention.self.value": (WIDTH, WIDTH),
    "attention.output.dense": (WIDTH, WIDTH),
    "intermediate.dense": (FFN, WIDTH),
    "output.dense": (WIDTH, FFN),
}


def tensors(seed=0):
    rng = np.random.default_rng(seed)
    tables = {"word": WORDS, "position": WINDOW, "token_type": 1}
    found = {
        f"bert.embeddings.{n}_embeddings.weight": rng.normal(0, 1, (r, WIDTH)) for n, r in tables.items()
    }
    linear = {f"bert.encoder.layer.{i}.{name}": shape for i in range(2) for name, shape in BERT.items()}
    for name, shape in {**linear, "decoder": (WORDS, WIDTH)}.items():
        found |= {f"{name}.weight": rng.normal(0, 0.3, shape), f"{name}.bias": rng.normal(0, 0.1, shape[0])}
    layers = [f"bert.encoder.layer.{i}.{place}" for i in range(2) for place in ("attention.output", "output")]
    for name in ("bert.embeddings", *layers):
        gain, shift = rng.uniform(0.5, 1.5, WIDTH), rng.normal(0, 0.1, WIDTH)
        found |= {f"{name}.LayerNorm.weight": gain, f"{name}.LayerNorm.bias": shift}
    return {name: values.astype(np.float32) for name, values in found.items()}


CONFIG = {
    "model_type": "bert",
    "hidden_size": WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": FFN,
    "hidden_act": "relu",
    "layer_norm_eps": 1e-12,
    "vocab_size": WORDS,
    "max_position_embeddings": WINDOW,
    "type_vocab_size": 1,
    "language_model": {"causal": True, "window": WINDOW},
}


def written(folder, changes=None, **config):
    folder.mkdir(exist_ok=True)
    save_file(tensors() | (changes or {}), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG | config))
    (folder / "vocab.txt").write_text("\n".join(f"w{i}" for i in range(WORDS)) + "\n")
    return folder


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path / "lm")


def test_a_folder_with_a_decoder_is_a_language_model(folder):
    model = sb.models.load(folder)
    assert isinstance(model, sb.models.LanguageModel)
    assert (model.shape.decoder, model.shape.vocabulary, model.shape.classes) == ("causal", WORDS, 0)
    assert model.words[3] == "w3"
    stored = load_file(folder / "model.safetensors")
    assert np.array_equal(model.tensors["decoder.weight"], stored["decoder.weight"])
    assert not model.masks


def test_the_mask_is_part_of_what_a_model_is(folder, tmp_path):
    other = sb.models.load(written(tmp_path / "other", language_model={"causal": False}))
    assert other.shape.decoder == "unmasked"
    assert other.fingerprint != sb.models.load(folder).fingerprint


def test_zeros_are_pruned_weights_and_stay_so_in_a_compressed_file(tmp_path):
    cut = tensors()["decoder.weight"].copy()
    cut[:, 16:] = 0
    model = sb.models.load(written(tmp_path / "lm", {"decoder.weight": cut}))
    assert list(model.masks) == ["decoder.weight"]
    small = model.rounded("adaptivfloat8")
    assert np.array_equal(small.tensors["decoder.weight"] != 0, cut != 0)
    small.save(tmp_path / "lm.safetensors")
    again = sb.models.load(tmp_path / "lm.safetensors")
    assert isinstance(again, sb.models.LanguageModel)
    assert (again.fingerprint, again.words) == (small.fingerprint, model.words)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("language_model", 1, "language_model must be an object, got 1"),
        ("language_model", {"causal": "yes"}, "causal must be true or false, got 'yes'"),
        ("vocab_size", WORDS + 1, "must have shape"),
    ],
)
def test_bad_folders_are_refused(tmp_path, key, value, said):
    with pytest.raises(ValueError, match=said):
        sb.models.load(written(tmp_path / "lm", **{key: value}))


def test_a_missing_decoder_is_named(tmp_path):
    place = written(tmp_path / "lm")
    save_file({n: v for n, v in tensors().items() if n != "decoder.bias"}, place / "model.safetensors")
    with pytest.raises(ValueError, match=r"tensor decoder\.bias is missing"):
        sb.models.load(place)


def test_a_shape_has_classes_or_a_decoder():
    with pytest.raises(ValueError, match="a language model must have 0 classes, got 2"):
        sb.models.Shape("bert", 9, 9, 1, 8, 8, 2, 8, 1, 1, 2, decoder="causal")
    with pytest.raises(ValueError, match="decoder must be one of '', 'causal', 'unmasked', got left"):
        sb.models.Shape("bert", 9, 9, 1, 8, 8, 2, 8, 1, 1, 0, decoder="left")
