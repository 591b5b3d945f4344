"""Trials of faults: the loop in the core against plain runs of faulty copies, and answers that are none."""

import os
import signal
import threading
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from siliconbert import exits, faults
from siliconbert.data import Data
from siliconbert.models import Trace
from small_models import SHAPES, sentences, small_model

CELLS = {"values": "rram-mlc3", "*": "rram-slc"}
ALL_MLC3 = {"*": "rram-mlc3"}


@cache
def tiny(name="albert, two groups"):
    model = small_model(SHAPES[name]).pruned({"embeddings.word": 0.4, "layers.": 0.5})
    return model.quantized("adaptivfloat8", sentences(model.shape, [9, 5, 30]))


@cache
def labelled(count=120, classes=3):
    """Short sentences, so that a fault in a row touches few of them."""
    rng = np.random.default_rng(5)
    ids = sentences(SHAPES["albert, two groups"], rng.integers(1, 6, count).tolist())
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


def test_trials_can_be_interrupted():
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


# Answers that are none


def test_logits_that_are_not_finite_are_wrong_answers():
    logits = np.zeros((4, 2, 3), np.float32)
    logits[:, :, 1] = 1
    logits[1, 0, 1], logits[2, 1, 0], logits[3, :, 1] = np.inf, -np.inf, np.nan
    trace = Trace(logits, exits.entropy(logits), (1, 2), "p", "m", "s")
    right = [[True, True], [False, True], [True, False], [False, False]]
    assert trace.correct(np.ones(4, int)).tolist() == right
    assert np.isnan(trace.entropy).tolist() == [[not x for x in row] for row in right]
