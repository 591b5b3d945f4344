"""Pruning against its twin and its laws: exact density, every group obeys its rule."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from siliconbert import sparsity
from siliconbert.reference import sparsity as twin
from siliconbert.sparsity import NM, Block, Head, Unstructured, check, density, prune

FEW_SCORES = hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.integers(-3, 3))
DENSITIES = st.one_of(st.floats(0, 1, exclude_min=True), st.integers(1, 100).map(lambda p: 1 - (1 - p / 100)))
BLOCKS = st.builds(
    lambda r, c, balance, banks: Block((r, c), balance, c * banks if balance == "bank" else None),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from(["free", "row", "column", "bank"]),
    st.integers(1, 4),
)
NMS = st.integers(1, 5).flatmap(lambda m: st.builds(NM, st.integers(1, m), st.just(m)))
PATTERNS = [
    Unstructured(),
    NM(2, 4),
    Block((16, 16)),
    Block((16, 8), "row"),
    Block((4, 4), "column"),
    Block((1, 1), "bank", 32),
    Block((2, 4), "bank", 16),
    Head(8),
    Head(16, axis=1),
]


def as_tuple(pattern):
    match pattern:
        case NM(n, m):
            return "nm", n, m
        case Block((r, c), balance, bank):
            return "block", r, c, balance, bank
        case Head(width, axis):
            return "head", width, axis
    return ("unstructured",)


def density_of(pattern, asked):
    return None if isinstance(pattern, NM) else asked


@given(FEW_SCORES, st.one_of(st.just(Unstructured()), NMS, BLOCKS), DENSITIES)
def test_mask_is_the_twins_even_with_many_ties_and_obeys_its_pattern(scores, pattern, asked):
    assume(not isinstance(pattern, Block) or (np.array(pattern.shape) <= scores.shape).all())
    mask = prune(scores, pattern, density_of(pattern, asked))
    assert mask.dtype == np.bool_ and np.array_equal(mask, twin.prune(scores, as_tuple(pattern), asked))
    check(mask, pattern)


@given(st.data(), st.integers(1, 4), st.integers(1, 5), st.sampled_from([0, 1]), DENSITIES)
def test_heads_are_the_twins(data, width, heads, axis, asked):
    shape = (width * heads, 3) if axis == 0 else (3, width * heads)
    scores = data.draw(hnp.arrays(np.float32, shape, elements=st.integers(-3, 3)))
    mask = prune(scores, Head(width, axis), asked)
    assert np.array_equal(mask, twin.prune(scores, ("head", width, axis), asked))
    kept = max(1, int(np.floor(asked * heads + 0.5)))
    assert mask.sum() == kept * width * 3 and mask.all(axis=1 - axis).sum() == kept * width


@pytest.mark.parametrize("pattern", PATTERNS, ids=str)
@pytest.mark.parametrize("asked", [0.1, 0.4, 0.5, 1.0])
def test_pruning_twice_changes_nothing(pattern, asked):
    w = np.random.default_rng(1).normal(size=(72, 48)).astype(np.float32)
    asked = density_of(pattern, asked)
    mask = prune(w, pattern, asked)
    assert np.array_equal(prune(w * mask, pattern, asked), mask)


@pytest.mark.parametrize("asked", [0.1, 1 - 0.9, 0.29, 0.3, 0.7, 1.0])
def test_the_density_is_exactly_what_the_pattern_says(asked):
    w = np.random.default_rng(2).normal(size=(100, 200)).astype(np.float32)
    hundredths = round(asked * 100)
    exact = {
        Unstructured(): hundredths / 100,
        Block((1, 2)): hundredths / 100,
        Block((1, 1), "column"): hundredths / 100,
        Block((10, 10), "column"): max(1, hundredths // 10) / 10,
        Block((10, 10), "row"): max(1, 20 * hundredths // 100) / 20,
        Block((1, 1), "bank", 50): -(-50 * hundredths // 100) / 50,
        Block((5, 5), "bank", 50): -(-10 * hundredths // 100) / 10,
        Head(10): (hundredths + 5) // 10 / 10,
        Head(50, axis=1): max(1, (4 * hundredths + 50) // 100) / 4,
    }
    for pattern, wanted in exact.items():
        assert density(prune(w, pattern, asked)) == pytest.approx(wanted, abs=1e-12), pattern
    assert density(prune(w, NM(1, 4))) == 0.25 and density(prune(w, NM(2, 4), 0.5)) == 0.5


def test_the_matrices_of_the_column_balanced_paper():
    """Peng et al., 90 % pruned in blocks of 16 x 16: FFN2, 200 x 800, keeps 1 block of 13 in each column."""
    scores = np.random.default_rng(3).normal(size=(200, 800))
    kept = prune(scores, Block((16, 16), "column"), 1 - 0.9)
    blocks = np.add.reduceat(np.add.reduceat(kept, range(0, 200, 16), axis=0), range(0, 800, 16), axis=1) > 0
    assert blocks.shape == (13, 50) and (blocks.sum(axis=0) == 1).all()
    square = prune(np.random.default_rng(4).normal(size=(800, 800)), Block((16, 16), "column"), 1 - 0.9)
    assert square.sum() == 64_000


def test_the_ratio_reached_counts_whole_blocks():
    w = np.random.default_rng(6).normal(size=(50, 37)).astype(np.float32)
    mask = prune(w, Block((16, 16), "column"), 0.3)
    assert sparsity.block_density(mask, (16, 16)) == 1 / 4  # 1 of 4 in each of 3 block columns
    assert sparsity.block_density(w * mask, (16, 16)) == 1 / 4
    assert sparsity.block_density(w, (50, 37)) == 1 and sparsity.block_density(0 * w, (7, 3)) == 0
    assert sparsity.block_density(mask, (1, 1)) == pytest.approx(density(mask))


def test_single_free_blocks_are_unstructured():
    w = np.random.default_rng(5).normal(size=(31, 17)).astype(np.float32)
    assert np.array_equal(prune(w, Block((1, 1)), 0.37), prune(w, Unstructured(), 0.37))


@given(hnp.arrays(bool, (4, 6)), BLOCKS | NMS)
def test_check_accepts_exactly_the_masks_whose_groups_obey(mask, pattern):
    try:
        check(mask, pattern)
        accepted = True
    except ValueError as error:
        assert str(error).startswith("check: mask must keep ")
        accepted = False
    assert accepted == twin.obeys(mask, as_tuple(pattern))


@pytest.mark.parametrize(
    "kept, pattern, sentence",
    [
        ([[1, 1, 1, 0, 1]], NM(2, 4), "at most 2 of 4 neighbours, got 3 in rows 0-0, columns 0-3"),
        ([[1, 1], [1, 0], [1, 1]], Block((2, 2)), "2 x 2 whole, got 3 of 4 weights in rows 0-1, columns 0-1"),
        (
            [[1, 1, 1, 0]],
            Block((1, 1), "bank", 2),
            "as many blocks of 1 x 1 in every group, got 2 in rows 0-0, columns 0-1 and 1 in rows 0-0, col",
        ),
        ([[1, 0], [1, 1]], Head(1), "1 x 2 whole, got 1 of 2 weights in rows 0-0, columns 0-1"),
        ([[1, 0, 1]], Head(2), "width must divide the matrix's 1 rows, got 2"),
        ([1, 0], NM(1, 2), "check: mask must have 2 dimensions, got 1"),
        (np.zeros((0, 4)), NM(1, 2), "at least one value"),
    ],
)
def test_check_says_where_a_mask_breaks(kept, pattern, sentence):
    with pytest.raises(ValueError, match=sentence):
        check(kept, pattern)


@pytest.mark.parametrize(
    "make, sentence",
    [
        (lambda: NM(0, 4), r"NM: n must be in 1\.\.4, got 0"),
        (lambda: NM(5, 4), "got 5"),
        (lambda: NM(1, 0), "m must be at least 1, got 0"),
        (lambda: Block((0, 4)), "shape must be at least 1 x 1, got 0 x 4"),
        (lambda: Block((4,)), r"shape must be \(rows, columns\)"),
        (lambda: Block((4, 4), "columns"), "one of free, row, column, bank; got 'columns'"),
        (lambda: Block((4, 4), "bank"), "multiple of the block's 4 columns, got 0"),
        (lambda: Block((4, 4), "bank", 6), "got 6"),
        (lambda: Block((4, 4), "row", 8), "left out unless balance is 'bank', got 8"),
        (lambda: Head(0), "width must be at least 1"),
        (lambda: Head(4, axis=2), r"axis must be 0 \(rows\) or 1 \(columns\), got 2"),
    ],
)
def test_patterns_that_mean_nothing_are_refused(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize(
    "scores, pattern, asked, sentence",
    [
        ([[1.0]], Unstructured(), 0, r"density must be in \(0, 1\], got 0"),
        ([[1.0]], Unstructured(), 1.5, r"got 1\.5"),
        ([[1.0]], Unstructured(), None, "got none"),
        ([[1.0]], Block((1, 1), "row"), float("nan"), "got nan"),
        (np.ones((8, 9)), Block((9, 8)), 0.5, "shape must be at most the matrix's 8 x 9, got 9 x 8"),
        (np.ones((8, 9)), Block((8, 10), "column"), 0.5, "got 8 x 10"),
        (np.ones((8, 9)), Block((8, 3), "column"), 1 - 1.0, r"density must be in \(0, 1\], got 0"),
        ([[1.0]], NM(2, 4), 0.4, "density must be 2/4 or left out, got 0.4"),
        ([[1.0, np.nan]], Unstructured(), 0.5, "scores must be finite, got nan at position 1"),
        ([1.0], Unstructured(), 0.5, "scores must have 2 dimensions, got 1"),
        (np.zeros((0, 3)), Unstructured(), 0.5, "at least one value"),
    ],
)
def test_what_means_nothing_is_refused(scores, pattern, asked, sentence):
    with pytest.raises(ValueError, match=sentence):
        sparsity.prune(scores, pattern, asked)
