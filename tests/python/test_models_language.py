"""Language models: folders, compressed files, and what cannot be one."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import siliconbert as sb
from siliconbert import cli
from siliconbert.data import bigram, wikitext
from siliconbert.reference import transformer as reference

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


@pytest.fixture(params=["causal", "unmasked"])
def model(request, tmp_path):
    return sb.models.load(written(tmp_path / "lm", language_model={"causal": request.param == "causal"}))


def some_windows(count=7, length=WINDOW, seed=2):
    return np.random.default_rng(seed).integers(0, WORDS, (count, length)).astype(np.int32)


def twin(model, read):
    """The definition in float64."""
    plain = {name: values.astype(np.float64) for name, values in model.tensors.items()}
    return np.array([reference.next_words(model.shape.engine(), plain, row) for row in read])


@pytest.mark.parametrize("back_end", ["onednn", "eigen"])
def test_next_words_are_those_of_the_definition(model, back_end, monkeypatch):
    monkeypatch.setenv("SILICONBERT_LINEAR", back_end)
    read = some_windows()
    np.testing.assert_allclose(model.next_words(read), twin(model, read), atol=1e-5, rtol=1e-5)


def test_next_words_are_those_of_pytorch(model, tmp_path):
    torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")
    from siliconbert.train import language

    network = language.load(tmp_path / "lm").eval()
    read = some_windows()
    with torch.no_grad():
        wanted = network.next_words(torch.from_numpy(read).long(), torch.float32).numpy()
    np.testing.assert_allclose(model.next_words(read), wanted, atol=1e-5, rtol=1e-5)


def test_a_causal_place_does_not_see_what_follows(model):
    read = some_windows()
    other = read.copy()
    other[:, 5:] = (other[:, 5:] + 1) % WORDS
    same = np.array_equal(model.next_words(read)[:, :5], model.next_words(other)[:, :5])
    assert same == (model.shape.decoder == "causal")


def test_judging_agrees_with_the_logits_at_any_thread_count(model):
    text = some_windows(60, WINDOW + 1)
    logits = model.next_words(text[:, :-1]).astype(np.float64)
    loss = np.log(np.exp(logits).sum(-1)) - np.take_along_axis(logits, text[:, 1:, None], -1)[..., 0]
    found = model.judge(text, threads=1)
    assert np.array_equal(found.best, logits.argmax(-1))
    np.testing.assert_allclose(found.loss, loss, atol=1e-5)
    assert found.accuracy == np.mean(found.best == text[:, 1:])
    assert found.perplexity == pytest.approx(np.exp(loss.mean()))
    for threads in (2, 3, 7):
        again = model.judge(text, threads=threads)
        assert np.array_equal(again.best, found.best)
        assert np.array_equal(again.loss, found.loss)


def test_a_corpus_must_number_the_words_as_the_model_does(folder):
    model = sb.models.load(folder)
    lines = [" ".join(model.words)]
    corpus = wikitext.number("made up", lines, lines * 3, "made up")
    with pytest.raises(
        ValueError, match="corpus must have the model's 40 words in their order, made up has 44"
    ):
        model.judge(corpus)
    ours = replace(model, vocabulary="\n".join(corpus.words[:WORDS]).encode())
    few = replace(corpus, words=corpus.words[:WORDS], held=corpus.held % WORDS)
    assert ours.judge(few).best.shape == (13, WINDOW)


@pytest.fixture
def known(tmp_path, monkeypatch):
    """A model that knows the words of a text at hand."""
    lines = [" ".join(["a"] + [f"w{i}"] * (WORDS - i)) for i in range(WORDS - 5)]
    (tmp_path / "test.txt").write_text("\n".join(lines) + "\n")
    (tmp_path / "valid.txt").write_text("\n".join(lines[:8]) + "\n")
    monkeypatch.setenv("SILICONBERT_WIKITEXT", str(tmp_path))
    folder = written(tmp_path / "lm")
    words = wikitext.load("wikitext2-split").words
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    return folder


def evaluated(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(["evaluate", *map(str, arguments), "--data", "wikitext2-split"])
    printed = capsys.readouterr()
    return left.value.code, printed.out if left.value.code == 0 else printed.err


def test_evaluate_prints_accuracy_beside_the_bigram_model(known, capsys):
    code, said = evaluated(capsys, known)
    assert code == 0
    assert "causal attention, 40 words" in said
    assert "windows of 9 words; WikiText-2 (custom split" in said
    assert "accuracy of the bigram model" in said


def test_evaluate_gives_the_same_as_json(known, capsys):
    corpus = wikitext.load("wikitext2-split")
    judged = sb.models.load(known).judge(corpus)
    found = json.loads(evaluated(capsys, known, "--json")[1])
    accuracy = found["accuracy"]
    assert accuracy["value"] == pytest.approx(judged.accuracy)
    assert accuracy["low"] <= judged.accuracy <= accuracy["high"]
    counted = bigram.fit(corpus.train, WORDS).accuracy(wikitext.windows(corpus.held, WINDOW))
    assert (found["perplexity"], found["bigram"]) == (pytest.approx(judged.perplexity), counted)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lm", "--threshold", "1"), "are for one task, not for wikitext2-split"),
        (("edgebert-mini/sst2",), "model must be a language model for wikitext2-split"),
    ],
)
def test_evaluate_refuses_what_is_not_for_language_models(known, capsys, arguments, said):
    code, printed = evaluated(capsys, *arguments)
    assert code != 0
    assert said in " ".join(printed.split())


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ([1, 2], r"read must be whole numbers of shape \(windows, 1 or more\), got int64 of shape \(2,\)"),
        ([[0.5]], "read must be whole numbers"),
        ([[-1]], r"read must have word numbers from 0 on, got -1\.\.-1"),
        ([[WORDS]], r"ids must be in 0\.\.39, got 40"),
        ([[0] * (WINDOW + 1)], "must have at most 9 tokens, got 10"),
    ],
)
def test_windows_that_cannot_be_read_are_refused(folder, read, said):
    with pytest.raises(ValueError, match=said):
        sb.models.load(folder).next_words(np.array(read))


def test_what_language_models_cannot_do_is_said(folder):
    model = sb.models.load(folder)
    with pytest.raises(ValueError, match=r"judge: following must be in 0\.\.39, got 40"):
        model.judge([[1, WORDS]])
    with pytest.raises(ValueError, match="neither attention spans nor 16-bit special functions"):
        model.with_sfu().next_words([[1]])
    with pytest.raises(ValueError, match="the model must have a classifier"):
        model.trace([[1, 2]])


def test_other_models_have_no_next_word(folder):
    model = sb.models.load(folder)
    plain = {name: values for name, values in model.tensors.items() if not name.startswith("decoder.")}
    bare = replace(model, shape=replace(model.shape, decoder=""), tensors=plain)
    with pytest.raises(ValueError, match="next_words: the model must be a language model, it has no decoder"):
        bare.next_words([[1]])


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
