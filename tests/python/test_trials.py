"""Trials of faults: the loop in the core against plain runs of faulty copies, and answers that are none."""

import os
import signal
import threading
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from siliconbert import exits, faults, formats, storage
from siliconbert.data import Data
from siliconbert.models import Trace
from siliconbert.reference import transformer as reference
from small_models import SHAPES, sentences, small_model

CELLS = {"values": "rram-mlc3", "*": "rram-slc"}
ALL_MLC3 = {"*": "rram-mlc3"}
PLACES = ["embeddings", "ramp.2.token", "main.pooled", "layer.4.activated"]
PLACES += [f"layer.2.{part}" for part in ("input", "query", "key", "value", "probabilities", "context")]
PLACES += ["layer.3.attended"]


@cache
def tiny(name="albert, two groups"):
    model = small_model(SHAPES[name]).pruned({"embeddings.word": 0.4, "layers.": 0.5})
    return model.quantized("adaptivfloat8", sentences(model.shape, [9, 5, 30]))


@cache
def labelled(name="albert, two groups", count=120):
    """Short sentences, so that a fault in a row touches few of them."""
    rng, classes = np.random.default_rng(5), SHAPES[name].classes
    ids = sentences(SHAPES[name], rng.integers(1, 6, count).tolist())
    labels = rng.integers(0, classes, count)
    return Data("made-up", "dev", ids, labels, tuple("abc"[:classes]), "made up")


def same_trials(found, expected, but=()):
    for entry in fields(expected):
        if entry.name in but:
            continue
        ours, theirs = getattr(found, entry.name), getattr(expected, entry.name)
        if isinstance(theirs, dict):
            assert list(ours) == list(theirs)
            for key in theirs:
                np.testing.assert_array_equal(ours[key], theirs[key])
        else:
            np.testing.assert_array_equal(ours, theirs, err_msg=entry.name)


def by_entropy(entropy):
    return exits.by_entropy(entropy, 0.9)


def by_prediction(entropy):
    lut = exits.Lut(np.arange(4) * 0.3, [[0.2, 0.9], [0.9, 0.5], [0.4, 0.4], [0.9, 0.9]])
    return exits.by_prediction(entropy, lut, 0.6)[0]


@pytest.mark.parametrize("layout", ["bitmask", "dense"])
@pytest.mark.parametrize("cells", [CELLS, ALL_MLC3], ids=["values", "everything"])
@pytest.mark.parametrize(
    "name",
    [
        "embeddings.word",
        "embeddings.position",
        "layers.0.value.weight",
        "layers.1.down.weight",
        "main.pooler.weight",
    ],
)
def test_trials_equal_plain_runs(layout, cells, name):
    model, data = tiny().store(name, layout=layout, cells=cells), labelled()
    clean, numbers = model.trace(data), [4, 0, 7]
    found = model.trials(
        faults.CellMisread(), data, clean, seed=3, trials=numbers, threads=2, rule=by_entropy
    )
    assert found.trials.tolist() == numbers and found.path == clean.path and found.sentences == len(data)
    for row, trial in enumerate(numbers):
        bad, events = faults.inject(model, faults.CellMisread(), seed=3, trial=trial)
        trace = replace(tiny(), tensors=dict(bad.tensors)).trace(data)
        layers = by_entropy(trace.entropy)
        right = trace.correct(data.labels)[np.arange(len(data)), layers - 1]
        np.testing.assert_array_equal(found.layers[row], layers)
        bits = np.unpackbits(found.bits[row], bitorder="little", count=len(data))
        np.testing.assert_array_equal(bits, right)
        assert found.correct[row] == right.sum() and found.accuracy[row] == right.mean()
        assert found.events[row] == len(events)
        by_region = np.bincount(events["region"], minlength=len(found.events_by_region))
        assert [counts[row] for counts in found.events_by_region.values()] == by_region.tolist()
        assert found.rerun[row] == len(bad.touched(model.tokens(data)))
    assert list(found.events_by_region) == list(model.image.bits)
    assert not found.nonfinite.any() and found.ecc == {}


def equals_plain_runs(model, data, fault, trials, rule=by_entropy):
    """The trials, compared with runs of whole faulty copies."""
    clean = model.trace(data)
    found = model.trials(fault, data, clean, seed=3, trials=trials, threads=2, rule=rule)
    for row, trial in enumerate(trials):
        bad, events = faults.inject(model, fault, seed=3, trial=trial)
        trace = bad.trace(data)
        layers = rule(trace.entropy)
        used = np.arange(len(data)), layers - 1
        np.testing.assert_array_equal(found.layers[row], layers)
        bits = np.unpackbits(found.bits[row], bitorder="little", count=len(data))
        np.testing.assert_array_equal(bits, trace.correct(data.labels)[used])
        assert found.events[row] == len(events)
        assert found.nonfinite[row] == (~np.isfinite(trace.logits[used]).all(axis=1)).sum()
        again = bad.trace(data, clean=clean)
        np.testing.assert_array_equal(again.logits, trace.logits)
    return found


@pytest.mark.parametrize("name", ["embeddings.word", "layers.1.up.weight"])
@pytest.mark.parametrize(
    "layout",
    [{"name": "bitmask", "restart": "row"}, "coo", "csr", "rle", "csb", "cscb", "bsr", "block_bitmap"],
    ids=str,
)
def test_trials_of_every_layout(layout, name):
    model = tiny().store(name, layout=layout)
    every_region = faults.BitFlip(2e-3)
    values = faults.BitFlip(5e-4, regions=["values"])
    for fault in (every_region, values):
        assert equals_plain_runs(model, labelled(), fault, [5, 0]).events.any()


@pytest.mark.parametrize("ecc", ["secded-72-64", {"values": "secded-39-32", "mask": "parity"}], ids=str)
@pytest.mark.parametrize(
    "cells", [CELLS, {"values.sign": "rram-slc", "values": "rram-mlc3", "*": "rram-mlc2"}], ids=str
)
def test_trials_behind_error_correcting_codes(ecc, cells):
    model, fault = tiny().store("embeddings.word", cells=cells, ecc=ecc, gray=True), faults.BitFlip(2e-3)
    found = equals_plain_runs(model, labelled(), fault, range(4))
    assert list(found.events_by_region) == list(model.image.bits)
    total = {}
    for trial in range(4):
        _, events = faults.inject(model, fault, 3, trial)
        for region, counts in storage.after_ecc(model.image, events)[1].items():
            for kind, count in counts.items():
                total.setdefault(f"{region}.{kind}", []).append(count)
    assert {name: counts.tolist() for name, counts in found.ecc.items()} == total
    assert sum(map(sum, total.values())) > 0


@pytest.mark.parametrize("name", ["embeddings.word", "layers.1.up.weight"])
@pytest.mark.parametrize(
    "fmt",
    [
        formats.Minifloat(5, 2, overflow="ieee"),
        formats.Minifloat(4, 3, "fn"),
        formats.Integer(8, per="row"),
        formats.Fixed(8, 6),
        formats.Codebook(4),
    ],
    ids=lambda fmt: fmt.family,
)
def test_trials_of_other_formats(fmt, name):
    """Scales and codes of these may turn infinite or undefined, and matrices may need other products."""
    model = tiny().store(name, fmt)
    every = equals_plain_runs(model, labelled(), faults.BitFlip(2e-3), [2, 7, 9], by_prediction)
    assert every.events.any()


def test_sentences_without_an_answer_are_counted():
    model, data = tiny().store("embeddings.word", formats.Minifloat(5, 2), layout="dense"), labelled()
    fault = faults.StuckAt(0.005, 1, fields=["exponent", "mantissa"])
    found = equals_plain_runs(model, data, fault, range(3))
    assert found.nonfinite.all() and (found.nonfinite < found.rerun).any()
    gone = found.layers == model.shape.layers
    assert (gone.sum(axis=1) >= found.nonfinite).all()
    assert (found.correct <= len(data) - found.nonfinite).all()


@pytest.mark.parametrize("name", ["embeddings.word", "layers.0.query.weight"])
def test_threads_and_reuse_change_nothing(name):
    model, data = tiny().store(name, cells=ALL_MLC3), labelled()
    clean = model.trace(data)

    def run(**options):
        options = {"trials": range(9), "rule": by_prediction, **options}
        return model.trials(faults.CellMisread(), data, clean, 1, **options)

    one = run(threads=1)
    assert one.rerun.any()
    for threads in (2, 3, 7, None):
        same_trials(run(threads=threads), one)
    plain = run(threads=2, reuse=False)
    assert (plain.rerun == len(data)).all()
    same_trials(plain, one, but=("rerun",))
    last = run(trials=[8], threads=3)
    assert last.correct[0] == one.correct[8] and last.bits[0].tolist() == one.bits[8].tolist()


def test_few_faults_touch_few_sentences():
    model, data = tiny().store("embeddings.word", cells=CELLS), labelled()
    found = model.trials(faults.CellMisread(), data, trials=range(200), threads=2)
    assert 0 < found.rerun.max() < len(data) and (found.rerun[found.events == 0] == 0).all()


def test_a_rule_sees_all_sentences_in_order():
    model, data = tiny().store("embeddings.word", cells=CELLS), labelled()
    alternating = np.arange(len(data)) % 4 + 1
    found = model.trials(faults.CellMisread(), data, trials=range(6), rule=lambda entropy: alternating)
    np.testing.assert_array_equal(found.layers, np.tile(alternating, (6, 1)))


@pytest.mark.parametrize("layers", [[1, 2], 5, [0] * 120])
def test_rules_that_name_no_exit_are_refused(layers):
    model = tiny().store("embeddings.word")
    with pytest.raises(ValueError, match=r"rule must give an exit layer \(1, 2, 3, 4\) for each of 120"):
        model.trials(faults.CellMisread(), labelled(), trials=[0], rule=lambda entropy: np.array(layers))


@pytest.fixture
def heeds_ctrl_c():
    """Python's own handler, which a shell's background job is started without."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_trials_can_be_interrupted(heeds_ctrl_c):
    model, data = tiny().store("layers.0.up.weight", cells=ALL_MLC3), labelled()
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model.trials(faults.CellMisread(), data, trials=range(100_000), threads=2)
    timer.join()
    same = [model.trials(faults.CellMisread(), data, trials=range(3)).bits for _ in range(2)]
    np.testing.assert_array_equal(*same)


def test_labels_are_checked():
    model, data = tiny().store("embeddings.word"), labelled()
    wrong = replace(data, labels=data.labels + 1)
    with pytest.raises(ValueError, match=r"labels must be in 0\.\.2, got 3"):
        model.trials(faults.CellMisread(), wrong, trials=[0])


# Activations


def flipping(fault, seed, trial, sentence, width, fmt_of):
    """The `quantize` of the twin: operands in their formats (None: float32) with this sentence's flips."""

    def quantize(place, values):
        fmt = fmt_of(place)
        if fmt is None:
            words = values.astype(np.float32).view(np.uint32)
        else:
            words = formats.encode(values.astype(np.float32), fmt).astype(np.uint32)
        word = {} if fmt is None else {"width": fmt.width, "fields": fmt.fields()}
        flips = fault.activations.flips(place, words.size, seed, trial, sentence, **word)
        flat = words.reshape(-1)
        for element, bit in zip(flips["element"], flips["bit"], strict=True):
            flat[element] ^= np.uint32(1 << int(bit))
        read = words.view(np.float32) if fmt is None else formats.decode(words.astype(np.uint8), fmt)
        return read.astype(values.dtype)

    return quantize


def twin_trace(model, data, fault, seed, trial, fmt_of):
    tensors = {name: values.astype(np.float64) for name, values in model.tensors.items()}
    return np.array(
        [
            reference.trace(
                model.shape.engine(),
                tensors,
                ids,
                quantize=flipping(fault, seed, trial, i, 32, fmt_of),
            )
            for i, ids in enumerate(data.sentences)
        ]
    )


@pytest.mark.parametrize("place", PLACES)
def test_every_place_flips_as_in_the_definition(place):
    """Signs only, so that the last digits of a value do not matter."""
    model, data = small_model(SHAPES["albert, two groups"]), labelled().quick(20)
    fault = faults.ActivationFlip(0.05, [place], ["sign"])
    found = model.trace(data, faults=fault, seed=4, trial=2).logits
    expected = twin_trace(model, data, fault, 4, 2, lambda place: None)
    scale = np.abs(expected).max()
    assert np.abs(found - expected).max() / scale < 1e-5
    assert np.abs(found - model.trace(data).logits).max() / scale > 1e-3


def test_bits_of_codes_flip_where_activations_have_a_format():
    """Another order of sums can round to another code, so logits agree loosely."""
    model, data = tiny(), labelled().quick(40)
    active = model.activations
    fmt = {
        p: formats.AdaptivFloat(active.width, active.exponent_bits, bias=b) for p, b in active.bias.items()
    }
    fault = faults.ActivationFlip(0.001, ["layer.2", "main"])
    found = model.trace(data, faults=fault, seed=1).logits
    expected = twin_trace(model, data, fault, 1, 0, fmt.get)
    assert np.median(np.abs(found - expected)) < 1e-3 * np.abs(expected).max()
    assert np.median(np.abs(found - model.trace(data).logits)) > 10 * np.median(np.abs(found - expected))


@pytest.mark.parametrize("name", ["albert, two groups", "bert, relu, odd sizes"])
@pytest.mark.parametrize("rate", [1e-6, 1e-4])
def test_trials_of_activations_equal_plain_runs(name, rate):
    model = tiny(name) if "albert" in name else small_model(SHAPES[name])
    data = labelled(name)
    fault = faults.ActivationFlip(rate)
    numbers = [3, 1, 8]
    found = model.trials(fault, data, seed=2, trials=numbers, threads=1, rule=by_entropy)
    assert list(found.events_by_region) == ["activations"]
    clean = model.trace(data)
    for row, trial in enumerate(numbers):
        traces = [model.trace(data, threads=n, faults=fault, seed=2, trial=trial) for n in (1, 2, 3, 7)]
        for trace in traces[1:]:
            np.testing.assert_array_equal(trace.logits, traces[0].logits)
        layers = by_entropy(traces[0].entropy)
        np.testing.assert_array_equal(found.layers[row], layers)
        used = np.arange(len(data)), layers - 1
        bits = np.unpackbits(found.bits[row], bitorder="little", count=len(data))
        np.testing.assert_array_equal(bits, traces[0].correct(data.labels)[used])
        assert found.nonfinite[row] == (~np.isfinite(traces[0].logits[used]).all(axis=1)).sum()
        changed = (traces[0].logits != clean.logits).any(axis=(1, 2)).sum()
        assert changed <= found.rerun[row] <= found.events[row]
    if rate < 1e-5:
        assert (found.rerun < len(data)).all()
    for threads in (2, 5):
        again = model.trials(fault, data, clean, 2, trials=numbers, threads=threads, rule=by_entropy)
        same_trials(again, found)
    plain = model.trials(fault, data, clean, 2, trials=numbers, rule=by_entropy, reuse=False)
    same_trials(plain, found, but=("rerun",))


@pytest.mark.parametrize("name", ["embeddings.word", "layers.0.up.weight"])
def test_memory_and_activations_together(name):
    model, data = tiny().store(name, cells=CELLS), labelled()
    fault = faults.Mixed([faults.CellMisread(), faults.ActivationFlip(2e-6)])
    found = model.trials(fault, data, seed=2, trials=range(4), threads=2)
    for trial in range(4):
        bad, events = faults.inject(model, fault, 2, trial)
        trace = bad.trace(data, faults=fault, seed=2, trial=trial)
        assert found.correct[trial] == trace.correct(data.labels)[:, -1].sum()
        assert found.events[trial] == len(events) + found.events_by_region["activations"][trial]
    assert (found.events_by_region["activations"] > 0).any()


def test_faults_that_nothing_meets_are_refused():
    model, data = tiny(), labelled()
    flip = faults.ActivationFlip(1e-6)
    with pytest.raises(ValueError, match=r"fault must disturb activations only because no tensor is stored"):
        model.trials(faults.Mixed([flip, faults.CellMisread()]), data, trials=[0])
    with pytest.raises(ValueError, match="faults must disturb activations, got cell misreads"):
        model.trace(data, faults=faults.CellMisread())
    disturbed = model.trace(data, faults=flip, seed=1, trial=2)
    with pytest.raises(ValueError, match="clean must be a trace of the model"):
        model.trials(flip, data, disturbed, trials=[0])
    stored = model.store("embeddings.word")
    with pytest.raises(ValueError, match="clean must be None where faults disturb every sentence"):
        stored.inject(flip, 0, 0)[0].trace(data, clean=stored.trace(data), faults=flip)


# Answers that are none


def test_logits_that_are_not_finite_are_wrong_answers():
    logits = np.zeros((4, 2, 3), np.float32)
    logits[:, :, 1] = 1
    logits[1, 0, 1], logits[2, 1, 0], logits[3, :, 1] = np.inf, -np.inf, np.nan
    trace = Trace(logits, exits.entropy(logits), (1, 2), "p", "m", "s")
    right = [[True, True], [False, True], [True, False], [False, False]]
    assert trace.correct(np.ones(4, int)).tolist() == right
    assert np.isnan(trace.entropy).tolist() == [[not x for x in row] for row in right]
