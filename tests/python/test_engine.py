"""The engine against the network's definition in NumPy, and against itself in any company, on any threads."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from siliconbert import _core, formats
from siliconbert.models.engine import products
from siliconbert.reference import transformer as twin
from small_models import ALBERT, SHAPES, random_tensors, sentences

# One token, odd lengths, one more and one less than a block of 64 rows in the batch, the longest.
LENGTHS = [1, 7, 2, 33, 13, 1, 22, 3, 31, 16, 33]
NAMED = pytest.mark.parametrize("name", SHAPES)
MODES = pytest.mark.parametrize("adaptivfloat", [False, True], ids=["fp32", "adaptivfloat8"])
WIDTH, EXPONENT_BITS = 8, 4


@cache
def back_ends():
    """The back end of this installation, and Eigen where that is another."""
    found = {back_end.name: back_end for back_end in (products(), _core.transformer.eigen())}
    return tuple(found.values())


def joined(lists):
    ids = np.concatenate([np.array(ids, np.int32) for ids in lists])
    return ids, np.cumsum([0, *map(len, lists)]).astype(np.int64)


def batch(shape, lengths=LENGTHS, seed=1):
    ids, offsets = joined(sentences(shape, lengths, seed))
    types = np.random.default_rng(seed).integers(0, shape.types, len(ids)).astype(np.int32)
    return ids, types, offsets


def pieces(data):
    ids, types, offsets = data
    for first, last in pairwise(offsets):
        yield ids[first:last], types[first:last]


def encoder(shape, tensors, activations=None, back_end=None):
    return _core.transformer.Encoder(back_end or products(), shape.engine(), tensors, activations)


def widened(tensors):
    return {name: values.astype(np.float64) for name, values in tensors.items()}


def quantized(shape, seed=0):
    """Weights that are AdaptivFloat values, and a bias for every place from an fp32 run."""
    fmt = formats.AdaptivFloat(WIDTH, EXPONENT_BITS)
    plain = random_tensors(shape, seed=seed)
    tensors = {name: formats.quantize(v, fmt) if v.ndim == 2 else v for name, v in plain.items()}
    largest = encoder(shape, tensors).calibrate(*batch(shape))
    bias = {place: formats.fit([most], fmt).bias for place, most in largest.items()}
    return tensors, {"width": WIDTH, "exponent_bits": EXPONENT_BITS, "bias": bias}


def any_encoder(shape, adaptivfloat, back_end=None):
    if adaptivfloat:
        return encoder(shape, *quantized(shape), back_end)
    return encoder(shape, random_tensors(shape), None, back_end)


def relative(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


@NAMED
@pytest.mark.parametrize("back_end", back_ends(), ids=lambda back_end: back_end.name.split()[0])
def test_fp32_equals_the_definition(name, back_end):
    shape, data = SHAPES[name], batch(SHAPES[name])
    tensors = random_tensors(shape)
    engine, exact = encoder(shape, tensors, None, back_end), widened(tensors)
    expected = [twin.trace(shape.engine(), exact, *piece) for piece in pieces(data)]
    assert engine.exits == list(range(1, shape.layers + 1))
    assert relative(engine.trace(*data), np.array(expected)) < 1e-5
    states = np.concatenate([twin.hidden(shape.engine(), exact, *piece)[-1] for piece in pieces(data)])
    assert relative(engine.hidden(*data), states) < 1e-5


def test_without_ramps_only_the_last_layer_has_an_exit():
    tensors, data = random_tensors(ALBERT, ramps=False), batch(ALBERT)
    engine = encoder(ALBERT, tensors)
    assert engine.exits == [ALBERT.layers]
    assert engine.trace(*data).shape == (len(LENGTHS), 1, ALBERT.classes)
    whole = encoder(ALBERT, {**random_tensors(ALBERT), **tensors})
    np.testing.assert_array_equal(engine.trace(*data)[:, 0], whole.trace(*data)[:, -1])


@pytest.mark.parametrize("back_end", back_ends(), ids=lambda back_end: back_end.name.split()[0])
def test_linear_ramps_read_token_0_itself(back_end):
    shape, data = SHAPES["bert"], batch(SHAPES["bert"])
    tensors, activations = quantized(shape)
    kept = shape.tensors(ramps=True, linear=True)
    linear = {name: tensors[name] for name in kept}
    assert set(tensors) - set(kept) == {
        f"ramps.{layer}.pooler.{part}" for layer in range(1, shape.layers) for part in ("weight", "bias")
    }
    engine = encoder(shape, linear, None, back_end)
    expected = np.array([twin.trace(shape.engine(), widened(linear), *piece) for piece in pieces(data)])
    assert engine.exits == list(range(1, shape.layers + 1))
    assert relative(engine.trace(*data), expected) < 1e-5
    coded = encoder(shape, linear, activations, back_end).trace(*data)
    assert 1e-4 < np.median(np.abs(coded - expected)) / np.abs(expected).max() < 0.1
    whole = encoder(shape, tensors, activations, back_end).trace(*data)
    np.testing.assert_array_equal(coded[:, -1], whole[:, -1])


@NAMED
def test_calibration_finds_the_largest_operands(name):
    shape, data = SHAPES[name], batch(SHAPES[name])
    tensors = random_tensors(shape)
    largest = {}

    def watch(place, values):
        largest[place] = max(largest.get(place, 0.0), np.abs(values).max())
        return values

    for piece in pieces(data):
        twin.trace(shape.engine(), widened(tensors), *piece, quantize=watch)
    found = encoder(shape, tensors).calibrate(*data)
    assert set(largest) <= set(found)
    for place, most in largest.items():
        assert found[place] == pytest.approx(most, rel=1e-4), place


@NAMED
@pytest.mark.parametrize("back_end", back_ends(), ids=lambda back_end: back_end.name.split()[0])
def test_adaptivfloat_follows_the_definition(name, back_end):
    """Sums of another order can round to another code, and what follows differs: logits agree loosely."""
    shape, data = SHAPES[name], batch(SHAPES[name])
    tensors, activations = quantized(shape)
    place_formats = {
        place: formats.AdaptivFloat(WIDTH, EXPONENT_BITS, bias=bias)
        for place, bias in activations["bias"].items()
    }

    def quantize(place, values):
        return formats.quantize(values, place_formats[place]).astype(values.dtype)

    expected = np.array(
        [twin.trace(shape.engine(), widened(tensors), *piece, quantize=quantize) for piece in pieces(data)]
    )
    found = encoder(shape, tensors, activations, back_end).trace(*data)
    scale = np.abs(expected).max()
    assert np.median(np.abs(found - expected)) / scale < 1e-3
    assert np.abs(found - expected).max() / scale < 0.05
    plain = encoder(shape, tensors, None, back_end).trace(*data)
    assert np.median(np.abs(plain - expected)) > 10 * np.median(np.abs(found - expected)), (
        "the formats had no effect"
    )


def test_one_adaptivfloat_product_gives_the_definitions_codes():
    """At most 1 code in 1,000 differs after one product on the same input codes.

    The first exit's pooler and classifier are out of the way where the first layer is the identity: what is
    compared is the embeddings' projection, whose input comes from a layer norm alone.
    """
    shape = SHAPES["albert, one group"]
    tensors, activations = quantized(shape)
    data = batch(shape, [40] * 50)
    fmt = formats.AdaptivFloat(WIDTH, EXPONENT_BITS, bias=activations["bias"]["embeddings"])
    out = formats.AdaptivFloat(WIDTH, EXPONENT_BITS, bias=activations["bias"]["layer.1.input"])
    still = dict(tensors)
    for matrix in ("output", "down"):
        still[f"layers.0.{matrix}.weight"] = np.zeros_like(tensors[f"layers.0.{matrix}.weight"])
        still[f"layers.0.{matrix}.bias"] = np.zeros_like(tensors[f"layers.0.{matrix}.bias"])
    states = encoder(shape, still, activations).hidden(*data)
    exact = widened(still)
    differing = total = 0
    for start, piece in zip(data[2][:-1], pieces(data), strict=True):
        x = twin.hidden(shape.engine(), exact, *piece, quantize=lambda place, v: _decoded(v, fmt, place))[-1]
        ours = formats.encode(states[start : start + len(x)], out)
        differing += int((ours != formats.encode(x, out)).sum())
        total += x.size
    assert total > 50_000
    assert differing <= total / 1000


def _decoded(values, fmt, place):
    return formats.quantize(values, fmt).astype(np.float64) if place == "embeddings" else values


@NAMED
@MODES
def test_a_sentence_has_the_same_bits_in_any_company(name, adaptivfloat):
    shape = SHAPES[name]
    ids, types, offsets = batch(shape)
    for back_end in back_ends():
        engine = any_encoder(shape, adaptivfloat, back_end)
        together = engine.trace(ids, types, offsets)
        for i, piece in enumerate(pieces((ids, types, offsets))):
            alone = engine.trace(*piece, np.array([0, len(piece[0])], np.int64))
            np.testing.assert_array_equal(alone[0], together[i])
        order = np.random.default_rng(3).permutation(len(LENGTHS))
        every = list(pieces((ids, types, offsets)))
        shuffled = [np.concatenate([every[i][part] for i in order]) for part in (0, 1)]
        moved = np.cumsum([0, *(len(every[i][0]) for i in order)]).astype(np.int64)
        np.testing.assert_array_equal(engine.trace(*shuffled, moved), together[order])


@NAMED
@MODES
def test_threads_change_nothing(name, adaptivfloat):
    shape = SHAPES[name]
    data = batch(shape)
    for back_end in back_ends():
        engine = any_encoder(shape, adaptivfloat, back_end)
        one = engine.trace(*data, threads=1)
        for threads in (2, 3, 7, 0):
            np.testing.assert_array_equal(engine.trace(*data, threads=threads), one)
        np.testing.assert_array_equal(engine.hidden(*data, threads=3), engine.hidden(*data, threads=1))


def test_another_word_table_shares_the_rest():
    data = batch(ALBERT)
    tensors = random_tensors(ALBERT)
    other = {**tensors, "embeddings.word": tensors["embeddings.word"][::-1].copy()}
    shared = encoder(ALBERT, tensors).with_tensor(other, "embeddings.word")
    np.testing.assert_array_equal(shared.trace(*data), encoder(ALBERT, other).trace(*data))


def test_the_longest_sentence_runs_and_a_longer_one_is_refused():
    engine = encoder(ALBERT, random_tensors(ALBERT))
    longest = batch(ALBERT, [ALBERT.positions])
    assert np.isfinite(engine.trace(*longest)).all()
    with pytest.raises(ValueError, match=str(ALBERT.positions)):
        engine.trace(*batch(ALBERT, [3, ALBERT.positions + 1]))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda ids, types, offsets: (ids * 0 + 90, types, offsets), "90"),
        (lambda ids, types, offsets: (ids * 0 - 1, types, offsets), "-1"),
        (lambda ids, types, offsets: (ids, types * 0 + 2, offsets), "2"),
        (lambda ids, types, offsets: (ids, types, np.array([0, 0, len(ids)])), "empty"),
        (lambda ids, types, offsets: (ids, types[:-1], offsets), "types"),
        (lambda ids, types, offsets: (ids, types, offsets[:-1]), "offsets"),
        (lambda ids, types, offsets: (ids, types, offsets[:0]), "offsets"),
    ],
)
def test_bad_batches_are_refused(change, word):
    engine = encoder(ALBERT, random_tensors(ALBERT))
    with pytest.raises(ValueError, match=word):
        engine.trace(*change(*batch(ALBERT, [4, 5])))


@pytest.mark.parametrize(
    "name", ["embeddings.word", "layers.1.up.weight", "ramps.2.classifier.bias", "main.pooler.weight"]
)
def test_bad_tensors_are_refused_by_name(name):
    tensors = random_tensors(ALBERT)
    without = {key: values for key, values in tensors.items() if key != name}
    with pytest.raises(ValueError, match=name):
        encoder(ALBERT, without)
    with pytest.raises(ValueError, match=name):
        encoder(ALBERT, {**tensors, name: tensors[name][:-1]})
    spoilt = tensors[name].copy()
    spoilt.flat[0] = np.inf
    with pytest.raises(ValueError, match=name):
        encoder(ALBERT, {**tensors, name: spoilt})


def test_progress_counts_the_sentences():
    seen = []
    encoder(ALBERT, random_tensors(ALBERT)).trace(*batch(ALBERT), 0, seen.append)
    assert seen == sorted(seen) and seen[-1] == len(LENGTHS)


def test_the_path_names_library_and_numbers():
    tensors, activations = quantized(ALBERT)
    for back_end in back_ends():
        assert encoder(ALBERT, tensors, None, back_end).path == f"{back_end.name} fp32"
        numbers = "bf16" if back_end.fast_bf16 else "fp32"
        assert encoder(ALBERT, tensors, activations, back_end).path == f"{back_end.name} {numbers}"


@NAMED
def test_shapes_name_the_engines_places(name):
    shape = SHAPES[name]
    for ramps in (True, False):
        assert encoder(shape, random_tensors(shape, ramps)).places == shape.places()
