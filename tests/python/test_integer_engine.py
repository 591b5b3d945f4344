"""The integer engine has the integers of its twin: any batch, any thread count, both product back ends."""

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from siliconbert import _core, data, models
from siliconbert.models import Integer
from siliconbert.reference import integer as twin
from siliconbert.reference.largest import largest_activations
from small_models import SHAPES, small_integer_model, some_ids

BERT = SHAPES["bert"]
CASES = {
    "everything": Integer(4, 8),
    "eight bits": Integer(8, 8),
    "float32 scales, softmax, layer norm": Integer(8, 8, scales=False, softmax=False, layer_norm=False),
    "float layer norm": Integer(4, 8, layer_norm=False),
    "float softmax": Integer(5, 7, softmax=False),
    "per channel, three and five bits": Integer(3, 5, per_channel=True),
    "two bits": Integer(2, 2),
}
SHARED = Path(__file__).parents[3] / "shared" / "glue"


@lru_cache
def built(case, ramps=True):
    return small_integer_model(CASES[case], ramps=ramps)


def portable(model):
    parts = model.parts()
    products = _core.transformer.portable_integer()
    shape = model.shape.engine()
    return _core.transformer.IntegerEncoder(
        products, shape, parts["limit"], parts["largest"], parts["arrays"]
    )


def traced(encoder, model, sentences, threads):
    tokens = model.tokens(sentences)
    return encoder.trace(tokens.ids, tokens.types, tokens.offsets, threads)


@pytest.mark.parametrize("case", CASES)
def test_the_engine_equals_its_twin(case):
    model, sentences = built(case), some_ids(seed=2, count=9)
    parts, logits, codes = model.parts(), model.trace(sentences).logits, model.hidden(sentences)
    for i, ids in enumerate(sentences):
        np.testing.assert_array_equal(codes[i], twin.hidden(parts, ids)[-1])
        np.testing.assert_array_equal(logits[i], twin.trace(parts, ids))


@pytest.mark.parametrize("case", CASES)
def test_back_ends_threads_and_batches_change_nothing(case):
    model, sentences = built(case), some_ids(seed=3, count=60)
    logits = model.trace(sentences, threads=1).logits
    for threads in (2, 3, 7):
        np.testing.assert_array_equal(model.trace(sentences, threads=threads).logits, logits)
        np.testing.assert_array_equal(traced(portable(model), model, sentences, threads), logits)
    for i in (0, 17, 59):
        np.testing.assert_array_equal(model.trace(sentences[i : i + 1]).logits[0], logits[i])
    order = np.random.default_rng(4).permutation(60)
    np.testing.assert_array_equal(model.trace([sentences[i] for i in order]).logits, logits[order])


def test_odd_sizes_and_models_without_ramps():
    shape = SHAPES["bert, relu, odd sizes"]
    for ramps in (False, True):
        model, sentences = small_integer_model(Integer(8, 8), shape, ramps), some_ids(shape, 5)
        trace, parts = model.trace(sentences), model.parts()
        assert trace.layers == ((1, 2) if ramps else (2,))
        assert trace.path == "integer"
        for i, ids in enumerate(sentences):
            np.testing.assert_array_equal(trace.logits[i], twin.trace(parts, ids))
        np.testing.assert_array_equal(traced(portable(model), model, sentences, 2), trace.logits)


def test_long_sentences_go_by_few_heads():
    from dataclasses import replace

    shape = replace(BERT, positions=300)
    model = small_integer_model(Integer(8, 8), shape)
    ids = np.random.default_rng(5).integers(0, shape.vocabulary, 299)
    np.testing.assert_array_equal(model.trace([ids, ids[:7]]).logits[0], twin.trace(model.parts(), ids))


@pytest.mark.parametrize("isa", ["AVX512_CORE_VNNI", "AVX2_VNNI", "AVX512_CORE", "SSE41"])
def test_lesser_processors_give_the_same_integers(isa):
    """oneDNN is told that the processor has less; without VNNI the portable loops run."""
    code = (
        "import sys; sys.path.insert(0, 'tests/python')\n"
        "from test_integer_engine import built, some_ids\n"
        "trace = built('everything').trace(some_ids(seed=6, count=4))\n"
        "print(built('everything').encoder.path, trace.logits.tobytes().hex())"
    )
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": isa}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=root, capture_output=True, text=True, check=True
    )
    path, _, found = done.stdout.strip().rpartition(" ")
    assert ("portable" in path) or "VNNI" in isa
    assert found == built("everything").trace(some_ids(seed=6, count=4)).logits.tobytes().hex()


def test_bad_input_is_refused():
    model = built("everything")
    with pytest.raises(ValueError, match=r"trace: ids must be in 0\.\.89, got 90"):
        model.trace([[90]])
    with pytest.raises(ValueError, match=r"IntegerModel\.trace: data must be token ids because"):
        model.trace(["text"])
    parts = model.parts()
    make = _core.transformer.IntegerEncoder
    products, shape = _core.transformer.portable_integer(), model.shape.engine()
    lame = {**parts["arrays"], "layers.1.up.bias": np.zeros(3, np.int32)}
    with pytest.raises(ValueError, match=r"array layers\.1\.up\.bias must have 80 values, got 3"):
        make(products, shape, 127, 255, lame)
    lame = {name: values for name, values in parts["arrays"].items() if name != "layers.0.activation"}
    with pytest.raises(ValueError, match=r"array layers\.0\.activation is missing"):
        make(products, shape, 127, 255, lame)
    lame = {**parts["arrays"], "layers.0.step": np.zeros(1, np.float64)}
    with pytest.raises(ValueError, match=r"layers\.0\.step must be contiguous, of type"):
        make(products, shape, 127, 255, lame)


@pytest.mark.long
def test_200_sentences_of_sst2_equal_the_twin():
    """MiniLM on SST-2's dev sentences (or a package's where there are none), both back ends."""
    model = models.load("minilm/sst2")
    found = data.load("sst2", split="dev", folder=SHARED) if SHARED.is_dir() else data.load("vader-amazon")
    tokens = model.tokens(found.quick(232))
    sentences = np.split(tokens.ids, tokens.offsets[1:-1])
    largest = {}
    for ids in sentences[:32]:
        for place, value in largest_activations(model.shape.engine(), model.tensors, ids).items():
            largest[place] = max(largest.get(place, 0), value)
    for settings in (Integer(8, 8), Integer(4, 8)):
        built_model = model.integer(largest, settings)
        parts, test = built_model.parts(), sentences[32:]
        logits = built_model.trace(test).logits
        assert len(test) == 200
        for i, ids in enumerate(test):
            np.testing.assert_array_equal(logits[i], twin.trace(parts, ids))
        np.testing.assert_array_equal(traced(portable(built_model), built_model, test, 2), logits)
