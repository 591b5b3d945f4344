"""Block-sparse products against their twins on every kernel that runs here, alone and inside networks."""

import doctest

import numpy as np
import pytest

from siliconbert import faults, models, sparsity
from siliconbert.models import BlockLinear, Model
from siliconbert.models import blocks as module
from siliconbert.reference import blocks as twin
from small_models import SHAPES, random_tensors, sentences

KERNELS = models.kernels()
# rows, outputs, inputs, block of (outputs, inputs), kept share of the blocks
CASES = [
    (1, 16, 16, (16, 16), 1.0),
    (1, 1, 1, (1, 1), 1.0),
    (32, 48, 64, (16, 16), 0.5),
    (33, 49, 65, (16, 16), 0.3),
    (31, 100, 200, (16, 16), 0.1),
    (64, 37, 50, (4, 4), 0.3),
    (129, 70, 33, (16, 4), 0.4),
    (7, 33, 70, (3, 5), 0.5),
    (40, 26, 31, (13, 31), 0.5),
    (260, 90, 40, (24, 10), 0.3),
    (5, 20, 20, (1, 20), 0.2),
    (5, 20, 20, (20, 1), 0.2),
]
each_kernel = pytest.mark.parametrize("kernel", KERNELS)
each_case = pytest.mark.parametrize("case", CASES, ids=str)


def problem(case, seed=0):
    rows, out, within, block, density = case
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, within)).astype(np.float32)
    weight = rng.normal(size=(out, within)).astype(np.float32)
    mask = sparsity.prune(weight, sparsity.Block(block, "row"), density)
    return x, weight * mask, rng.normal(size=out).astype(np.float32)


@each_case
@each_kernel
def test_fp32_equals_the_twin(kernel, case):
    x, weight, bias = problem(case)
    layer = BlockLinear(weight, bias, case[3], kernel=kernel)
    expected = twin.multiply(*(v.astype(np.float64) for v in (x, weight, bias)), case[3])
    # A sum of n terms in any order errs by at most n roundings of 2^-24 of the sum of magnitudes.
    bound = (weight.shape[1] + 1) * 2.0**-24 * (np.abs(x) @ np.abs(weight).T + np.abs(bias))
    assert layer.kernel == kernel and (np.abs(layer(x) - expected) <= bound).all()
    assert np.allclose(expected, x.astype(np.float64) @ weight.T + bias)


@each_case
@each_kernel
def test_int8_is_the_twin_bit_for_bit(kernel, case):
    x, weight, bias = problem(case)
    x[:: len(x)] *= 0  # a row of zeros has no scale
    found = BlockLinear(weight, bias, case[3], "int8", kernel)(x)
    assert np.array_equal(found, twin.multiply_int8(x, weight, bias))


@pytest.mark.parametrize("number", ["fp32", "int8"])
@each_kernel
def test_extreme_codes_do_not_overflow(kernel, number):
    signs = np.random.default_rng(0).choice(np.float32([-1, 1]), (33, 64))
    found = BlockLinear(signs[:16], None, (16, 16), number, kernel)(signs)
    assert np.allclose(found, signs @ signs[:16].T, rtol=1e-6)


@pytest.mark.parametrize("number", ["fp32", "int8"])
@each_kernel
def test_the_bits_of_a_row_depend_on_nothing_else(kernel, number):
    x, weight, bias = problem((300, 90, 200, (16, 16), 0.2))
    layer = BlockLinear(weight, bias, number=number, kernel=kernel)
    whole = layer(x, threads=1)
    for threads in (2, 3, 7):
        assert np.array_equal(layer(x, threads=threads), whole)
    for first, last in ((0, 1), (5, 38), (128, 129), (17, 300)):
        assert np.array_equal(layer(x[first:last], threads=2), whole[first:last])
    assert layer(x[:0]).shape == (0, 90)


def test_kept_blocks_are_counted_and_columns_may_differ():
    x, weight, bias = problem((9, 70, 100, (16, 16), 0.3))
    layer = BlockLinear(weight, bias)
    assert layer.kept.tolist() == [2] * 5 and layer.density == pytest.approx(10 / 35)
    weight[:16] = 0
    weight[20, 99] = 1
    uneven = BlockLinear(weight, bias)
    assert uneven.kept[0] == 0 and set(uneven.kept[2:]) == {2}
    assert np.allclose(uneven(x), x @ weight.T + bias, atol=1e-4)


def test_blocks_of_the_paper():
    """800 x 28,785 at 0.9: 5 of 50 blocks in each of 1,800 block columns, the last of one output."""
    weight = np.random.default_rng(0).normal(size=(28_785, 800)).astype(np.float32)
    weight *= sparsity.prune(weight, sparsity.Block((16, 16), "row"), 1 - 0.9)
    layer = BlockLinear(weight)
    assert len(layer.kept) == 1800 and set(layer.kept) == {5} and layer.density == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: BlockLinear(np.ones((8, 8)), block=(16, 8)),
            r"block must be 1 x 1 up to the weight's 8 x 8, got 16 x 8",
        ),
        (
            lambda: BlockLinear(np.ones((8, 8)), block=(0, 8)),
            r"block must be two sizes of at least 1, got \(0, 8\)",
        ),
        (lambda: BlockLinear(np.ones(8)), "weight must have 2 dimensions, got 1"),
        (lambda: BlockLinear(np.ones((8, 8)), np.ones(7), (4, 4)), "bias must have 8 values, got 7"),
        (lambda: BlockLinear(np.full((8, 8), np.nan), block=(4, 4)), "weight must be finite, got nan"),
        (
            lambda: BlockLinear(np.ones((8, 8)), None, (4, 4), "int4"),
            "number must be one of fp32, int8; got 'int4'",
        ),
        (
            lambda: BlockLinear(np.ones((8, 8)), None, (4, 4), kernel="sse"),
            "name must be one of .*portable; got 'sse'",
        ),
        (
            lambda: BlockLinear(np.ones((8, 8)), None, (4, 4))(np.ones((2, 7))),
            r"x and y must be \(2, 8\) and \(2, 8\)",
        ),
    ],
)
def test_what_means_nothing_is_refused(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def pruned(name, block=(8, 8)):
    shape = SHAPES[name]
    model = Model("m", shape, random_tensors(shape))
    return model.pruned({"layers.": 0.3}, sparsity.Block(block, "row"))


@pytest.mark.parametrize("name", ["albert, two groups", "bert", "bert, relu, odd sizes"])
def test_a_network_by_blocks_equals_the_dense_one(name):
    dense = pruned(name)
    sparse = dense.with_cscb((8, 8))
    ids = sentences(dense.shape, [3, 33, 1, 20, 30, 31, 32, 12], 0)
    expected, found = dense.trace(ids), sparse.trace(ids)
    assert np.allclose(found.logits, expected.logits, rtol=1e-4, atol=1e-5)
    assert f"blocks 8x8 {KERNELS[0]}, fp32" in found.path
    assert np.array_equal(sparse.trace(ids, threads=3).logits, found.logits)
    assert np.array_equal(sparse.trace(ids[2:4]).logits, found.logits[2:4])
    eight = dense.with_cscb((8, 8), "int8").trace(ids)
    assert np.abs(eight.logits - expected.logits).max() < 0.1 * np.abs(expected.logits).max()
    assert not np.array_equal(eight.logits, found.logits)


def test_a_network_by_blocks_in_adaptivfloat():
    dense = pruned("albert, one group")
    ids = sentences(dense.shape, [3, 33, 1, 20], 0)
    eight = dense.quantized("adaptivfloat8", ids)
    assert np.allclose(eight.with_cscb((8, 8)).trace(ids).logits, eight.trace(ids).logits, atol=0.05)


def test_faults_in_a_matrix_taken_by_blocks():
    dense = pruned("bert")
    ids = sentences(dense.shape, [3, 33, 1, 20], 0)
    stored = dense.with_cscb((8, 8)).store("layers.0.up.weight", "adaptivfloat8", cells={"*": "rram-mlc3"})
    clean = stored.trace(ids)
    bad, events = faults.inject(stored, faults.BitFlip(0.01), seed=1, trial=0)
    plain = Model("m", dense.shape, bad.tensors).with_cscb((8, 8))
    assert len(events) and np.array_equal(bad.trace(ids, clean=clean).logits, plain.trace(ids).logits)


def test_a_model_without_block_sparse_matrices_is_refused():
    shape = SHAPES["bert"]
    dense = Model("m", shape, random_tensors(shape))
    with pytest.raises(
        ValueError, match="block must be one of which a matrix keeps at most 50%, none of m does at 8 x 8"
    ):
        dense.with_cscb((8, 8))


def test_examples():
    assert doctest.testmod(module).failed == 0
