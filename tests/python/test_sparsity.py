"""Pruning against its twin and its law: the density is exact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from siliconbert import sparsity
from siliconbert.reference import sparsity as twin

FEW_SCORES = hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.integers(-3, 3))


@given(FEW_SCORES, st.floats(0, 1, exclude_min=True))
def test_mask_is_the_twins_even_with_many_ties(scores, density):
    mask = sparsity.prune(scores, sparsity.Unstructured(), density)
    assert mask.dtype == np.bool_ and np.array_equal(mask, twin.prune(scores, density))
    assert mask.sum() == max(1, np.floor(density * scores.size + 0.5))


@pytest.mark.parametrize("density", [0.1, 0.4, 0.5, 1.0])
def test_pruning_twice_changes_nothing(density):
    w = np.random.default_rng(1).normal(size=(70, 33)).astype(np.float32)
    mask = sparsity.prune(w, sparsity.Unstructured(), density)
    assert sparsity.density(mask) == pytest.approx(density, abs=0.5 / w.size)
    assert np.array_equal(sparsity.prune(w * mask, sparsity.Unstructured(), density), mask)


@pytest.mark.parametrize(
    "scores, density, sentence",
    [
        ([[1.0]], 0, r"density must be in \(0, 1\], got 0"),
        ([[1.0]], 1.5, r"got 1\.5"),
        ([[1.0]], float("nan"), "got nan"),
        ([[1.0, np.nan]], 0.5, "scores must be finite, got nan at position 1"),
        ([1.0], 0.5, "scores must have 2 dimensions, got 1"),
        (np.zeros((0, 3)), 0.5, "at least one value"),
    ],
)
def test_what_means_nothing_is_refused(scores, density, sentence):
    with pytest.raises(ValueError, match=sentence):
        sparsity.prune(scores, sparsity.Unstructured(), density)
