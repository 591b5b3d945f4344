"""Models as Hugging Face directories: transformers answers as the engine does, and they come back whole."""

import json
import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from siliconbert.cli import main
from siliconbert.models import Spans, load
from siliconbert.models.tensorfile import open_tensors
from small_models import SHAPES, sentences, small_model
from test_models_compressed import CARD, VOCABULARY, compressed, same_model

TOLERANCE = 1e-5  # of the largest logit
BESIDE = "siliconbert.safetensors"
IDS = ["albert, two groups", "albert, embedding as wide", "bert", "bert, relu, odd sizes"]


@cache
def with_spans(name):
    model = compressed(name)
    spans = np.random.default_rng(3).uniform(0, 30, (model.shape.groups, model.shape.heads))
    spans[0, 0] = 0
    return replace(model, spans=Spans(spans))


def exported(model, folder):
    with pytest.warns(UserWarning, match=r"transformers will not see .*: siliconbert.safetensors holds them"):
        model.save_huggingface(folder)
    return folder


def codes_of(path):
    file = open_tensors(path)
    parts = (".codes", ".mask")
    return {
        name: file.read(name, (entry.dtype,), entry.shape)
        for name, entry in file.entries.items()
        if name.endswith(parts)
    }


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("ramps", [True, False])
def test_an_exported_model_comes_back(tmp_path, name, ramps):
    model = with_spans(name) if ramps else compressed(name, ramps)
    found = load(exported(model, tmp_path / "directory"))
    same_model(found, replace(model, card=found.card))
    assert found.spans == model.spans
    assert {key: found.card[key] for key in model.card} == model.card


@pytest.mark.parametrize("name", IDS)
def test_the_compressed_file_from_the_directory_has_the_same_codes_and_masks(tmp_path, name):
    model = compressed(name)
    model.save(tmp_path / "before.safetensors")
    load(exported(load(tmp_path / "before.safetensors"), tmp_path / "d")).save(tmp_path / "after.safetensors")
    before, after = codes_of(tmp_path / "before.safetensors"), codes_of(tmp_path / "after.safetensors")
    assert before.keys() == after.keys() and len(before) > 10
    for key, values in before.items():
        np.testing.assert_array_equal(after[key], values, err_msg=key)


def test_a_plain_model_needs_no_file_beside(tmp_path):
    model = small_model(SHAPES["bert"], ramps=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.save_huggingface(tmp_path / "d")
    assert sorted(p.name for p in (tmp_path / "d").iterdir()) == [
        "card.json", "config.json", "model.safetensors"
    ]  # fmt: skip
    same_model(load(tmp_path / "d"), replace(model, card={}))


def test_model_safetensors_holds_only_what_transformers_knows(tmp_path):
    folder = exported(with_spans("bert"), tmp_path / "d")
    assert not [
        name
        for name in load_file(folder / "model.safetensors")
        if not name.startswith(("bert.", "classifier."))
    ]
    assert set(json.loads((folder / "config.json").read_text())) & {"attention_spans", "siliconbert"} == set()
    assert (folder / "tokenizer.json").read_bytes() == VOCABULARY
    assert json.loads((folder / "card.json").read_text()) == CARD


def test_weights_trained_elsewhere_are_refused_and_readable_without_the_file(tmp_path):
    folder = exported(compressed("bert"), tmp_path / "d")
    tensors = load_file(folder / "model.safetensors")
    name = "bert.encoder.layer.0.attention.self.query.weight"
    tensors[name] = tensors[name] * np.float32(1.01)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(
        ValueError, match=r"siliconbert.safetensors: layers.0.query.weight must have the mask"
    ):
        load(folder)
    (folder / BESIDE).unlink()
    assert load(folder).formats == {}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda tensors, record: tensors.update(stray=np.zeros(3, np.uint8)), "tensor stray does not belong"),
        (lambda tensors, record: record.update(version=9), "version must be 1, got 9"),
        (lambda tensors, record: record.update(more=1), "keys must be among version, formats"),
        (
            lambda tensors, record: tensors.update({"layers.0.up.weight.mask": np.zeros(3, np.uint8)}),
            r"layers.0.up.weight.mask must have shape \(480,\), got \(3,\)",
        ),
        (lambda tensors, record: record["formats"].update(nobody={}), "formats: keys must be among"),
        (lambda tensors, record: record["activations"].update(width=99), "width must be in 2..16"),
        (lambda tensors, record: record.update(attention_spans={"values": 3}), "keys must be values, ramp"),
    ],
)
def test_a_damaged_file_beside_is_one_sentence(tmp_path, change, sentence):
    folder = exported(compressed("bert"), tmp_path / "d")
    file = open_tensors(folder / BESIDE)
    tensors, record = load_file(folder / BESIDE), json.loads(file.metadata["siliconbert"])
    change(tensors, record)
    save_file(tensors, folder / BESIDE, {"siliconbert": json.dumps(record)})
    with pytest.raises(ValueError, match=rf"siliconbert.safetensors: .*{sentence}") as caught:
        load(folder)
    assert "\n" not in str(caught.value)


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("notes")
    with pytest.raises(ValueError, match="folder must be new or empty"):
        compressed("bert").save_huggingface(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_is_left_where_writing_fails(tmp_path):
    model = replace(compressed("bert"), card={"unwritable": object()})
    with pytest.raises(TypeError):
        model.save_huggingface(tmp_path / "d")
    assert list(tmp_path.iterdir()) == []


def test_other_formats_travel_as_values(tmp_path):
    model = small_model(SHAPES["bert"], ramps=False).rounded("int8")
    found = load(exported(model, tmp_path / "d"))
    for name, values in model.tensors.items():
        np.testing.assert_array_equal(found.tensors[name], values)
    assert found.formats == {}


def theirs(folder, ids):
    """Logits of transformers, one sentence at a time."""
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    model, notes = transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, output_loading_info=True, attn_implementation="eager", dtype=torch.float32
    )
    assert not any(notes[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    with torch.no_grad():
        return np.concatenate([model.eval()(torch.tensor([each])).logits.numpy() for each in ids])


def in_fp32(model, ids, **other):
    """The engine's logits of the main classifier, without what transformers cannot do."""
    return replace(model, activations=None, spans=None, **other).trace(ids).logits[:, -1]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", IDS)
def test_transformers_gives_the_engines_logits(tmp_path, name):
    model = with_spans(name)
    ids = sentences(model.shape, [3, 12, 30, 1], seed=4)
    found = theirs(exported(model, tmp_path / "d"), ids)
    expected = in_fp32(model, ids, vocabulary=None)
    assert np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max()


@pytest.mark.filterwarnings("ignore")
def test_the_zoo_model_in_transformers_and_back(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        main(["export", "edgebert-mini/sst2", str(tmp_path / "d")])
    out, err = capsys.readouterr()
    assert left.value.code == 0 and "model.safetensors" in out
    assert "transformers will not see the classifiers between layers" in err and err.count("\n") == 1
    model, found = load("edgebert-mini/sst2"), load(tmp_path / "d")
    assert found.fingerprint == model.fingerprint and found.tokenizer is not None
    model.save(tmp_path / "before.safetensors")
    found.save(tmp_path / "after.safetensors")
    before, after = codes_of(tmp_path / "before.safetensors"), codes_of(tmp_path / "after.safetensors")
    assert all(np.array_equal(after[key], values) for key, values in before.items())
    texts = ["a triumph of tiny details .", "dull , and far too long", "it simply works"]
    ids = model.tokenizer.encode(texts, 128).ids
    logits, expected = theirs(tmp_path / "d", [list(map(int, each)) for each in ids]), in_fp32(model, texts)
    assert np.abs(logits - expected).max() <= TOLERANCE * np.abs(expected).max()
