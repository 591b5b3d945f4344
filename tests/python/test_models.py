"""Models: what goes in, traces, quantization, and trials of faults against a clean trace."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from siliconbert import exits, faults, formats, sparsity
from siliconbert.data import Data
from siliconbert.models import Trace, load
from siliconbert.models import engine as engine_module
from siliconbert.models.sentences import gather
from small_models import ALBERT, SHAPES, sentences, small_model, write_albert

TEXTS = ["a chip forgets", "a silicon chip reads each word and forgets it again", "word"]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *TEXTS[1].split()]
WORDS += [f"w{i}" for i in range(len(WORDS), ALBERT.vocabulary)]
TOKENIZER = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [],
    "normalizer": None,
    "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": {
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
        ],
        "pair": [
            {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
            {"Sequence": {"id": "B", "type_id": 1}},
            {"SpecialToken": {"id": "[SEP]", "type_id": 1}},
        ],
        "special_tokens": {
            name: {"id": name, "ids": [WORDS.index(name)], "tokens": [name]} for name in ("[CLS]", "[SEP]")
        },
    },
    "decoder": None,
    "model": {"type": "WordLevel", "vocab": {word: i for i, word in enumerate(WORDS)}, "unk_token": "[UNK]"},
}
LENGTHS = [1, 9, 40, 3, 17, 2, 25, 8]


@cache
def tiny(adaptivfloat=True, name="albert, two groups"):
    model = replace(small_model(SHAPES[name]), vocabulary=json.dumps(TOKENIZER).encode())
    if not adaptivfloat:
        return model
    pruned = model.pruned({"embeddings.word": 0.4, "layers.": 0.5})
    return pruned.quantized("adaptivfloat8", sentences(model.shape, [9, 5, 30]))


def labelled(count=200, classes=3, seed=5):
    """Sentences of three known words each, so that a fault in a row touches few of them."""
    rng = np.random.default_rng(seed)
    texts = [" ".join(rng.choice(WORDS[4:], 3)) for _ in range(count)]
    labels = rng.integers(0, classes, count)
    return Data("made-up", "dev", texts, labels, tuple("abc"[:classes]), "made up")


def same_trace(found, expected):
    np.testing.assert_array_equal(found.logits, expected.logits)
    np.testing.assert_array_equal(found.entropy, expected.entropy)
    assert (found.layers, found.path, found.sentences) == (expected.layers, expected.path, expected.sentences)


# What goes in


def test_text_pairs_and_ids_are_one_thing():
    model = tiny()
    ids = [[2, *(WORDS.index(word) for word in text.split()), 3] for text in TEXTS]
    same_trace(model.trace(TEXTS), model.trace(ids))
    data = Data("made-up", "dev", TEXTS, np.array([0, 1, 2]), ("a", "b", "c"), "made up")
    same_trace(model.trace(data), model.trace(TEXTS))
    tokens = model.tokens([("a chip", "reads it")])
    assert tokens.ids.tolist() == [2, 4, 6, 3, 7, 12, 3] and tokens.types.tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_long_sentences_are_cut_with_a_count():
    model = tiny()
    limit = model.shape.positions
    long = sentences(model.shape, [3, limit + 5, limit])
    with pytest.warns(UserWarning, match=f"1 of 3 sentences were truncated to {limit} tokens"):
        trace = model.trace(long)
    assert trace.truncated == 1
    same_trace(trace, model.trace([long[0], [*long[1][: limit - 1], long[1][-1]], long[2]]))
    with pytest.warns(UserWarning, match=f"1 of 2 sentences were truncated to {limit} tokens"):
        assert model.trace(["word " * 100, "word"]).truncated == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "data must be a list of at least one sentence, got \\[\\]"),
        ("a chip", "data must be a list of at least one sentence, got 'a chip'"),
        ([[]], "sentences must not be empty, sentence 0 is"),
        ([[1], []], "sentences must not be empty, sentence 1 is"),
        (["a", ""], "sentences must not be empty, sentence 1 is"),
        ([("a", "")], "sentences must not be empty, sentence 0 is"),
        (["a", [3]], "all text, all pairs or all token ids, but sentence 0 differs"),
        ([[3], "a"], "all text, all pairs or all token ids, but sentence 1 differs"),
        ([[1.5]], "sentence 0 must be text, a pair, or a list of token ids"),
        ([[[1]]], "sentence 0 must be text, a pair, or a list of token ids"),
        ([[1], [-3]], "token ids must not be negative or beyond 32 bits, sentence 1 has one"),
        ([[1 << 40]], "token ids must not be negative or beyond 32 bits, sentence 0 has one"),
        ([[90]], "90"),
    ],
)
def test_bad_sentences(data, message):
    with pytest.raises(ValueError, match=message):
        tiny().trace(data)


def test_text_needs_a_tokenizer():
    with pytest.raises(ValueError, match="data must be token ids because the model has no tokenizer"):
        small_model().trace(["a chip"])


def test_taking_sentences_out_of_a_batch():
    tokens = gather(sentences(ALBERT, LENGTHS), None, 40, "test")
    chosen = np.array([6, 0, 2])
    taken = tokens.take(chosen)
    for i, number in enumerate(chosen):
        mine = slice(taken.offsets[i], taken.offsets[i + 1])
        whole = slice(tokens.offsets[number], tokens.offsets[number + 1])
        np.testing.assert_array_equal(taken.ids[mine], tokens.ids[whole])
    assert len(tokens.take(np.array([], np.int64))) == 0


# Traces


@pytest.mark.parametrize("adaptivfloat", [False, True])
def test_a_trace_holds_every_exit(adaptivfloat):
    model = tiny(adaptivfloat)
    data = labelled()
    trace = model.trace(data, threads=2)
    assert (
        trace.logits.shape == (200, 4, 3) and trace.entropy.shape == (200, 4) and trace.layers == (1, 2, 3, 4)
    )
    np.testing.assert_array_equal(trace.entropy, exits.entropy(trace.logits))
    assert trace.path == model.encoder.path and model.fingerprint in trace.model
    right = (trace.logits.argmax(2) == data.labels[:, None]).mean(0)
    np.testing.assert_array_equal(trace.accuracy(data.labels), right)


def test_hidden_states_by_sentence():
    model = tiny(False)
    states = model.hidden(sentences(ALBERT, LENGTHS))
    assert [len(state) for state in states] == LENGTHS
    bare = replace(model, shape=replace(ALBERT, classes=0))
    for ours, theirs in zip(bare.hidden(sentences(ALBERT, LENGTHS)), states, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(
        ValueError, match=r"the model must have a classifier, small has none \(hidden\(\) works\)"
    ):
        bare.trace([[1, 2]])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], "labels must be 3 integers, got int64 \\(2,\\)"),
        ([0.0, 1.0, 2.0], "labels must be 3 integers, got float64"),
        ([0, 1, 3], "labels must be in 0..2, got 3"),
        ([0, -1, 2], "labels must be in 0..2, got -1"),
    ],
)
def test_bad_labels(labels, message):
    with pytest.raises(ValueError, match=message):
        tiny().trace(TEXTS).accuracy(labels)


def test_a_trace_is_kept_in_a_file(tmp_path):
    trace = tiny().trace(labelled())
    trace.to_parquet(tmp_path / "t.parquet")
    found = Trace.from_parquet(tmp_path / "t.parquet")
    same_trace(found, trace)
    assert (found.model, found.truncated) == (trace.model, trace.truncated)
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_other_files_are_not_traces(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"x": [1]}), tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("hello")
    for name in ("other", "text"):
        with pytest.raises(ValueError, match=f"{name}.parquet: not a trace written by siliconbert"):
            Trace.from_parquet(tmp_path / f"{name}.parquet")


# Pruned and quantized


def test_pruning_keeps_the_density():
    model = small_model().pruned({"embeddings.word": 0.4, "layers.1": 0.5})
    assert model.mask("embeddings.word").mean() == pytest.approx(0.4, abs=1e-3)
    for name in model.matrices():
        assert np.array_equal(model.mask(name), model.tensors[name] != 0)
        if name.startswith("layers."):
            assert model.mask(name).mean() == pytest.approx(0.5 if "layers.1" in name else 1.0), name
    with pytest.raises(
        ValueError, match=r"density must name matrices such as embeddings\.word, got 'encoder'"
    ):
        small_model().pruned({"encoder": 0.5})
    with pytest.raises(ValueError, match="density"):
        small_model().pruned({"embeddings.word": 0.0})


def test_pruning_takes_a_pattern():
    pattern = sparsity.Block((8, 4), "row")
    model = small_model().pruned({"layers.0.up": 0.25}, pattern)
    sparsity.check(model.mask("layers.0.up.weight"), pattern)
    assert model.mask("layers.0.up.weight").mean() == pytest.approx(0.25)


def test_quantized_weights_are_values_of_their_formats():
    plain, model = small_model().pruned({"layers.": 0.5}), tiny()
    assert set(model.formats) == set(model.matrices())
    for name, fmt in model.formats.items():
        np.testing.assert_array_equal(formats.quantize(model.tensors[name], fmt), model.tensors[name])
        assert not model.tensors[name][~model.mask(name)].any()
    name = "layers.1.up.weight"
    kept = plain.tensors[name][plain.mask(name)]
    assert model.formats[name] == formats.fit(kept, formats.get("adaptivfloat8"))
    assert set(model.activations.bias) == set(ALBERT.places())


def test_activations_are_fitted_to_the_largest_operand():
    data = sentences(ALBERT, [9, 5, 30])
    model = small_model().quantized("adaptivfloat8", data)
    tokens = model.tokens(data)
    plain = replace(model, activations=None)
    largest = plain.encoder.calibrate(tokens.ids, tokens.types, tokens.offsets)
    for place, most in largest.items():
        # algorithm1: the highest of 16 exponents is that of the largest magnitude.
        assert model.activations.bias[place] == int(np.floor(np.log2(most))) - 15, place


def test_only_algorithm1_runs_in_the_engine():
    with pytest.raises(ValueError, match="fmt must be AdaptivFloat of variant algorithm1"):
        small_model().quantized(formats.AdaptivFloat(variant="author-2022"), [[1]])


# Faults


def stored(cell="rram-mlc3", name="embeddings.word", model=None):
    return (model or tiny()).store(name, cells={"values": cell, "*": "rram-slc"})


def test_a_stored_model_without_faults_is_the_model():
    model = stored()
    assert model.image.bits["values"] == 8 * model.mask("embeddings.word").sum()
    np.testing.assert_array_equal(model.tensors["embeddings.word"], tiny().tensors["embeddings.word"])
    same_trace(model.trace(TEXTS), tiny().trace(TEXTS))


def test_a_plain_model_is_stored_in_a_given_format():
    plain = tiny(False)
    with pytest.raises(
        ValueError, match=r"fmt must be given because embeddings\.word of small is plain float32"
    ):
        plain.store("embeddings.word")
    model = plain.store("embeddings.word", "adaptivfloat8")
    expected = formats.quantize(plain.tensors["embeddings.word"], formats.get("adaptivfloat8"))
    np.testing.assert_array_equal(model.tensors["embeddings.word"], expected)
    with pytest.raises(ValueError, match=r"tensor must be one of embeddings.word, .*; got 'embeddings'"):
        plain.store("embeddings")


@pytest.mark.parametrize("cells", [{"values": "rram-mlc3", "*": "rram-slc"}, {"*": "rram-mlc3"}])
@pytest.mark.parametrize("name", ["embeddings.word", "layers.0.up.weight"])
def test_a_faulty_model_reruns_only_what_changed(cells, name):
    model = tiny().store(name, cells=cells)
    data = labelled()
    clean = model.trace(data)
    for trial in range(3):
        bad, events = faults.inject(model, faults.CellMisread(), seed=1, trial=trial)
        assert len(events) > 0
        plain = replace(tiny(), tensors=dict(bad.tensors))
        same_trace(bad.trace(data), plain.trace(data))
        again = bad.trace(data, clean=clean, threads=3)
        same_trace(again, plain.trace(data))
        assert again.model == bad.trace(data).model != clean.model


def test_untouched_sentences_do_not_run():
    model, data = stored(), labelled()
    tokens = model.tokens(data)
    copies = [model.inject(faults.CellMisread(), seed=1, trial=trial)[0] for trial in range(20)]
    bad = next(copy for copy in copies if len(copy.touched(tokens)))
    touched = bad.touched(tokens)
    assert len(touched) < len(data)
    spoilt = replace(model.trace(data), logits=np.full((200, 4, 3), 7, np.float32))
    logits = bad.trace(data, clean=spoilt).logits
    untouched = np.setdiff1d(np.arange(200), touched)
    assert (logits[untouched] == 7).all() and (logits[touched] != 7).any(axis=(1, 2)).all()


def test_trials_equal_single_runs():
    model, data = stored(), labelled()
    rule = exits.by_entropy
    clean = model.trace(data)
    seen = []
    numbers = [5, 2, 9, 17, 0]
    trials = model.trials(
        faults.CellMisread(),
        data,
        clean,
        seed=4,
        trials=numbers,
        threads=2,
        rule=lambda entropy: rule(entropy, 0.9),
        progress=seen.append,
    )
    assert (
        seen == sorted(seen)
        and seen[-1] == 5
        and trials.trials.tolist() == numbers
        and trials.path == clean.path
    )
    assert trials.rerun.any()
    for row, trial in enumerate(numbers):
        bad, events = faults.inject(model, faults.CellMisread(), seed=4, trial=trial)
        trace = bad.trace(data)
        layer = rule(trace.entropy, 0.9)
        np.testing.assert_array_equal(trials.layers[row], layer)
        right = trace.correct(data.labels)[np.arange(200), layer - 1]
        np.testing.assert_array_equal(np.unpackbits(trials.bits[row], bitorder="little"), right)
        assert trials.correct[row] == right.sum() and trials.events[row] == len(events)
        assert trials.accuracy[row] == right.mean()
    last = model.trials(faults.CellMisread(), data, seed=4, trials=range(5, 6))
    bad, _ = faults.inject(model, faults.CellMisread(), seed=4, trial=5)
    assert last.layers is None and last.correct[0] == bad.trace(data).correct(data.labels)[:, -1].sum()


def test_single_level_cells_change_nothing():
    model, data = stored("rram-slc"), labelled()
    trials = model.trials(faults.CellMisread(), data, trials=range(4))
    assert not trials.events.any() and not trials.rerun.any()
    assert (trials.correct == model.trace(data).correct(data.labels)[:, -1].sum()).all()


def test_a_clean_trace_of_something_else_is_refused():
    model, data = stored(), labelled()
    bad, _ = model.inject(faults.CellMisread(), seed=1, trial=0)
    clean = model.trace(data)
    for other, message in (
        (model.trace(labelled(seed=6)), "of the sentences"),
        (tiny(False).trace(data), "of the model"),
        (replace(clean, path="other 1.0"), "computed on"),
    ):
        with pytest.raises(ValueError, match=f"clean must be a trace {message}"):
            bad.trace(data, clean=other)
        with pytest.raises(ValueError, match=f"clean must be a trace {message}"):
            model.trials(faults.CellMisread(), data, other, trials=[0])
    with pytest.raises(ValueError, match=r"clean is for models that sb\.faults\.inject made"):
        model.trace(data, clean=clean)


@pytest.mark.parametrize("trials", [[], [-1]])
def test_bad_trial_numbers(trials):
    with pytest.raises(ValueError, match="trials must be numbers from 0 on, at least one"):
        stored().trials(faults.CellMisread(), labelled(), trials=trials)


# Back ends and places


def test_the_back_end_can_be_chosen(monkeypatch):
    monkeypatch.setenv("SILICONBERT_LINEAR", "eigen")
    assert engine_module.products().name.startswith("eigen")
    monkeypatch.setenv("SILICONBERT_LINEAR", "mkl")
    with pytest.raises(ValueError, match=r"models: \$SILICONBERT_LINEAR must be onednn or eigen, got 'mkl'"):
        engine_module.products()


@pytest.mark.parametrize("name", list(SHAPES))
def test_attention_on_tiles_has_the_librarys_bits(name):
    """Of bf16 products; where the processor has no tiles, both are the library's."""
    shape = replace(SHAPES[name], positions=140)
    ids = sentences(shape, [1, 2, 15, 16, 17, 25, 31, 32, 33, 64, 65, 129, 140])
    model = small_model(shape).quantized("adaptivfloat8", ids[:5], threads=1)
    tokens = model.tokens(ids)
    where = (tokens.ids, tokens.types, tokens.offsets)
    ours = model.encoder_on(engine_module.products()).trace(*where)
    np.testing.assert_array_equal(ours, model.encoder_on(engine_module.library()).trace(*where))


def test_a_missing_library_is_said_once_or_is_an_error(monkeypatch, capsys):
    monkeypatch.setattr(engine_module, "_DISTRIBUTION", "no-such-distribution")
    engine_module._chosen.cache_clear()
    try:
        monkeypatch.setenv("SILICONBERT_LINEAR", "onednn")
        with pytest.raises(
            RuntimeError, match=r"asks for onednn, but .*(no-such-distribution is not installed|no oneDNN)"
        ):
            engine_module.products()
        monkeypatch.delenv("SILICONBERT_LINEAR")
        assert engine_module.products().name.startswith("eigen")
        assert engine_module.products().name.startswith("eigen")
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 1 and said[0].startswith("siliconbert: products run on Eigen because ")
    finally:
        engine_module._chosen.cache_clear()


def test_a_directory_loads_with_its_name_tokenizer_and_card(tmp_path):
    folder = write_albert(tmp_path / "mini", dict(tiny(False).tensors))
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    (folder / "card.json").write_text('{"seed": 7}')
    model = load(folder)
    assert model.name == "mini" and model.card == {"seed": 7}
    same_trace(model.trace(TEXTS), tiny(False).trace(TEXTS))


@pytest.mark.parametrize("text", [b"", b"/etc/hostname", b"{}", b"[]", b"\xff{}", b'{"model": 3}'])
def test_a_tokenizer_that_cannot_be_read(text):
    with pytest.raises(ValueError, match=r"small: its tokenizer\.json cannot be read"):
        replace(small_model(), vocabulary=text).trace(["word"])


def test_a_tokenizer_with_more_words_than_the_model_is_caught():
    small = replace(ALBERT, vocabulary=6)
    model = replace(small_model(small), vocabulary=json.dumps(TOKENIZER).encode())
    with pytest.raises(ValueError, match="id"):
        model.trace(TEXTS)
