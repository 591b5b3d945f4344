"""Running with early exit: the layers and the bits that the rule finds in the trace, whoever leaves when."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from siliconbert import exits, faults, models
from siliconbert.models import Spans, early_exit
from siliconbert.reference import exits as twin
from small_models import ALBERT, SHAPES, random_tensors, sentences, small_model

LENGTHS = [1, 7, 2, 33, 13, 1, 22, 3, 31, 16, 33, 5, 28, 9, 30, 30, 11, 24]
THREADS = (1, 2, 3, 7)


def quantized(shape):
    return small_model(shape).quantized("adaptivfloat8", sentences(shape, LENGTHS, seed=9), threads=1)


def spanned(shape):
    z = np.linspace(0, 40, shape.groups * shape.heads, dtype=np.float32).reshape(shape.groups, shape.heads)
    return quantized(shape).with_spans(Spans(z, 8.0))


def linear(shape):
    """Classifiers between layers without poolers."""
    tensors = random_tensors(shape)
    kept = {name: v for name, v in tensors.items() if not (name.startswith("ramps") and "pooler" in name)}
    return models.Model("linear", shape, kept)


def undefined(shape):
    """Exit 2 has logits that are not finite."""
    tensors = random_tensors(shape)
    weight = tensors["ramps.2.classifier.weight"]
    tensors["ramps.2.classifier.weight"] = np.copysign(np.float32(3e38), weight)
    return models.Model("undefined", shape, tensors)


@cache
def cases():
    """Models with the ids of sentences for them and their traces."""
    made = {name: small_model(shape) for name, shape in SHAPES.items()}
    made |= {
        "adaptivfloat8": quantized(ALBERT),
        "linear ramps": linear(SHAPES["bert"]),
        "spans": spanned(ALBERT),
        "16-bit unit": quantized(ALBERT).with_sfu(),
        "undefined entropies": undefined(ALBERT),
    }
    found = {}
    for name, model in made.items():
        ids = sentences(model.shape, [min(n, model.shape.positions) for n in LENGTHS])
        found[name] = (model, ids, model.trace(ids, threads=1))
    return found


NAMES = pytest.mark.parametrize(
    "name", [*SHAPES, "adaptivfloat8", "linear ramps", "spans", "16-bit unit", "undefined entropies"]
)


def thresholds(scores):
    """None leaves, some do, values equal to a score, all leave at the first exit that is defined."""
    finite = scores[np.isfinite(scores)]
    return [-math.inf, *np.quantile(finite, [0.05, 0.3, 0.7]), float(finite.max()), math.inf]


def check(run, trace, layer):
    """Layers as given, logits of those layers bit by bit."""
    np.testing.assert_array_equal(run.layer, layer)
    taken = trace.logits[np.arange(len(trace)), np.asarray(layer) - 1]
    assert run.logits.dtype == np.float32
    np.testing.assert_array_equal(run.logits.view(np.uint32), taken.view(np.uint32))
    assert (run.path, run.model, run.sentences) == (trace.path, trace.model, trace.sentences)


def random_lut(layers, first, seed=3):
    keys = np.arange(8) * 0.15
    return exits.Lut(keys, np.random.default_rng(seed).uniform(0, 1.1, (8, layers - 1 - first)), first)


@NAMES
def test_by_entropy_equals_the_twin_on_the_trace(name):
    model, ids, trace = cases()[name]
    for i, threshold in enumerate(thresholds(trace.entropy)):
        expected = twin.by_entropy(trace.entropy, threshold)
        check(model.run(ids, threshold, threads=THREADS[i % 4]), trace, expected)


@NAMES
def test_by_confidence_equals_the_twin_on_the_trace(name):
    model, ids, trace = cases()[name]
    expected = twin.by_entropy(exits.doubt(trace.logits), 0.4)
    for threads in THREADS:
        run = model.run(ids, 0.4, exits.ConfidenceRule(), threads)
        check(run, trace, expected)
        assert run.predicted is None


@pytest.mark.parametrize("check_before", [True, False])
@pytest.mark.parametrize("first, last_ramp", [(1, None), (1, 2), (2, None)])
@pytest.mark.parametrize("name", ["albert, two groups", "adaptivfloat8", "spans", "undefined entropies"])
def test_by_prediction_equals_the_twin_on_the_trace(name, first, last_ramp, check_before):
    model, ids, trace = cases()[name]
    lut = random_lut(trace.entropy.shape[1], first)
    rule = exits.PredictionRule(lut, None, last_ramp, check_before)
    for i, threshold in enumerate(thresholds(trace.entropy)[:-1]):
        expected = twin.by_prediction(
            trace.entropy, lut.keys, lut.entropies, threshold, first, last_ramp, check_before
        )
        run = model.run(ids, threshold, rule, THREADS[i % 4])
        check(run, trace, expected[0])
        np.testing.assert_array_equal(run.predicted, expected[1])


@pytest.mark.parametrize("length", [1, 2, 33, ALBERT.positions])
def test_a_sentence_alone_leaves_as_in_company(length):
    model, ids, _ = cases()["adaptivfloat8"]
    alone = sentences(ALBERT, [length], seed=5)
    trace = model.trace([*ids, *alone])
    for threshold in thresholds(trace.entropy):
        together, one = model.run([*ids, *alone], threshold), model.run(alone, threshold)
        assert one.layer[0] == together.layer[-1]
        np.testing.assert_array_equal(one.logits[0], together.logits[-1])


def test_more_sentences_than_one_pass_holds():
    model = small_model()
    ids = sentences(ALBERT, np.random.default_rng(4).integers(1, ALBERT.positions, 230))
    trace = model.trace(ids)
    for threads in THREADS:
        for threshold in np.quantile(trace.entropy, [0.1, 0.5]):
            check(
                model.run(ids, threshold, threads=threads), trace, exits.by_entropy(trace.entropy, threshold)
            )


def test_pieces_change_nothing_and_are_reported(monkeypatch):
    model, ids, trace = cases()["adaptivfloat8"]
    rule = exits.PredictionRule(random_lut(4, 1))
    threshold = float(np.median(trace.entropy))
    whole = model.run(ids, threshold, rule)
    monkeypatch.setattr(early_exit, "_TOKENS_A_THREAD", 20)
    done = []
    pieces = model.run(ids, threshold, rule, threads=1, progress=done.append)
    check(pieces, trace, whole.layer)
    np.testing.assert_array_equal(pieces.predicted, whole.predicted)
    assert done == sorted(set(done)) and done[-1] == len(ids) and len(done) > 5


def test_faulty_models_leave_as_their_traces_say():
    model, ids, _ = cases()["adaptivfloat8"]
    fault = faults.BitFlip(0.02)
    bad, events = faults.inject(
        model.store("embeddings.word", cells={"*": "rram-slc"}), fault, seed=1, trial=0
    )
    trace = bad.trace(ids)
    assert len(events) > 5
    check(bad.run(ids, 0.9), trace, exits.by_entropy(trace.entropy, 0.9))


def test_answers_and_accuracy_are_those_of_the_exits_taken():
    model, ids, trace = cases()["undefined entropies"]
    run = model.run(ids, 0.8)
    labels = np.arange(len(ids)) % 3
    right = trace.correct(labels)[np.arange(len(ids)), run.layer - 1]
    assert run.accuracy(labels) == right.mean() and len(run) == len(ids)
    np.testing.assert_array_equal(run.answers == labels, right)
    at_two = replace(run, logits=trace.logits[:, 1])
    assert (at_two.answers == -1).any() and "left" in run._repr_html_()
    with pytest.raises(ValueError, match=r"^Run.accuracy: labels must be in 0..2, got 3"):
        run.accuracy(labels + 1)


def test_what_cannot_run_is_refused():
    model, ids, _ = cases()["adaptivfloat8"]
    for data, message in [
        ([], "at least one sentence"),
        ([[]], "must not be empty"),
        ([[99]], "ids must be in"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.run(data, 0.5)
    with pytest.raises(ValueError, match=r"^by_entropy: threshold must be a number, got nan"):
        model.run(ids, math.nan)
    with pytest.raises(ValueError, match=r"^Model.run: rule must be EntropyRule\(\), .* got 'entropy'"):
        model.run(ids, 0.5, "entropy")
    with pytest.raises(ValueError, match=r"^by_prediction: lut must predict layers 2..3 of 4"):
        model.run(ids, 0.5, exits.PredictionRule(random_lut(7, 1)))
    with pytest.raises(ValueError, match=r"^run: the model must have an exit after every layer, .* 1 of 4"):
        small_model(ramps=False).run(ids, 0.5)
    with pytest.raises(ValueError, match=r"the model must have a classifier"):
        models.Model("bare", replace(ALBERT, classes=0), random_tensors(replace(ALBERT, classes=0))).run(
            ids, 1
        )


def test_a_name_that_is_no_score_is_refused():
    model, ids, _ = cases()["adaptivfloat8"]
    tokens = model.tokens(ids)
    leave = exits.EntropyRule().leaving(4, 0.5)
    with pytest.raises(ValueError, match=r"^run: score must be one of entropy, doubt; got 'hope'"):
        model.encoder.run(tokens.ids, tokens.types, tokens.offsets, leave, "hope")
