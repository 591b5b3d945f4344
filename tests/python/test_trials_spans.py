"""Attention spans under faults: what is computed can flip, and trials equal single runs."""

from dataclasses import replace

import numpy as np
import pytest

from siliconbert import faults
from siliconbert.data import Data
from siliconbert.models import Spans
from siliconbert.reference import transformer as twin
from small_models import ALBERT, sentences
from test_engine_spans import LONG, MIXED, close, modelled
from test_trials import flipping


def labelled(count=40):
    rng = np.random.default_rng(5)
    ids = sentences(ALBERT, rng.integers(1, 14, count).tolist())
    return Data("made-up", "dev", ids, rng.integers(0, 3, count), tuple("abc"), "made up")


PLACES = ("input", "query", "key", "value", "probabilities", "context", "attended")


@pytest.mark.parametrize("place", PLACES)
def test_every_place_flips_as_in_the_definition(place):
    """Signs only, so that zeros of heads that are off and of keys outside windows stay zeros."""
    model = modelled(MIXED, ramp=2)
    data = labelled(12)
    fault = faults.ActivationFlip(0.05, [f"layer.{layer}.{place}" for layer in (1, 3)], ["sign"])
    tensors = {name: values.astype(np.float64) for name, values in model.tensors.items()}
    expected = np.array(
        [
            twin.trace(
                ALBERT.engine(),
                tensors,
                ids,
                quantize=flipping(fault, 4, 2, i, 32, lambda place: None),
                spans=model.spans.plain(),
            )
            for i, ids in enumerate(data.sentences)
        ]
    )
    found = model.trace(data, faults=fault, seed=4, trial=2).logits
    assert close(found, expected)
    assert not close(found, model.trace(data).logits, 1e-3)


def test_probabilities_flip_in_blocks_of_queries_too():
    model = modelled(MIXED, LONG, ramp=2)
    data = sentences(LONG, [200, 150])
    fault = faults.ActivationFlip(0.01, ["layer.2.probabilities"], ["sign"])
    tensors = {name: values.astype(np.float64) for name, values in model.tensors.items()}
    for i, ids in enumerate(data):
        quantize = flipping(fault, 4, 2, i, 32, lambda place: None)
        expected = twin.trace(LONG.engine(), tensors, ids, quantize=quantize, spans=model.spans.plain())
        assert close(model.trace(data, faults=fault, seed=4, trial=2).logits[i], expected)


def test_only_what_is_computed_can_flip():
    """At rate 1 every sign of one sentence of 5 tokens flips: events count the values that there are."""
    data = Data("made-up", "dev", [[1, 2, 3, 4, 5]], np.array([0]), tuple("abc"), "made up")
    width = ALBERT.hidden // ALBERT.heads
    model = modelled([[0, 0.25, 1.5, 0], [0, 0, 0, 0]], ramp=1)  # reach 1 and 2 keys to either side
    counts = {
        "layer.1.input": 5 * 48,
        "layer.1.query": 5 * 2 * width,
        "layer.1.context": 5 * 2 * width,
        "layer.1.probabilities": (5 + 2 * 4) + (5 + 2 * (4 + 3)),
        "layer.1.activated": 5 * 80,
        "layer.3.input": 0,
        "layer.3.value": 0,
        "layer.3.probabilities": 0,
        "layer.3.context": 0,
        "layer.3.attended": 5 * 48,
    }
    for place, count in counts.items():
        found = model.trials(faults.ActivationFlip(1.0, [place], ["sign"]), data, trials=[0])
        assert found.events.tolist() == [count], place


@pytest.mark.parametrize("name", ["embeddings.word", "layers.0.query.weight", "layers.1.output.weight"])
def test_trials_of_a_stored_tensor_equal_single_runs(name):
    model = modelled(MIXED).pruned({"layers.": 0.5}).quantized("adaptivfloat8", sentences(ALBERT, [9, 5, 30]))
    stored, data = model.store(name, cells={"*": "rram-mlc3"}), labelled()
    assert stored.spans == model.spans
    trials = stored.trials(faults.CellMisread(), data, seed=4, trials=range(3), threads=2)
    clean = stored.trace(data)
    for trial in range(3):
        bad, events = faults.inject(stored, faults.CellMisread(), seed=4, trial=trial)
        assert len(events) > 0 and bad.spans == model.spans
        plain = replace(model, tensors=dict(bad.tensors)).trace(data)
        np.testing.assert_array_equal(bad.trace(data, clean=clean).logits, plain.logits)
        right = plain.correct(data.labels)[:, -1]
        np.testing.assert_array_equal(np.unpackbits(trials.bits[trial], count=40, bitorder="little"), right)


def test_a_faulty_model_takes_other_spans():
    stored = modelled(MIXED).store("embeddings.word", "adaptivfloat8", cells={"*": "rram-mlc3"})
    bad, _ = faults.inject(stored, faults.CellMisread(), seed=4, trial=0)
    other = Spans(np.full((2, 4), 5.0))
    data = labelled()
    moved = bad.with_spans(other)
    np.testing.assert_array_equal(
        moved.trace(data).logits,
        replace(modelled(MIXED), tensors=dict(bad.tensors), spans=other).trace(data).logits,
    )
    assert moved.origin.spans == other
    np.testing.assert_array_equal(
        moved.trace(data, clean=moved.origin.trace(data)).logits, moved.trace(data).logits
    )
