"""The twin of base/philox.hpp against the published answers and the core."""

import math

import numpy as np
import pytest

from siliconbert._core import base
from siliconbert.reference import philox as twin

ONES = 0xFFFFFFFF
# Random123 1.14, kat_vectors, philox4x32 10.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_known_answers(counter, key, answer):
    assert twin.philox(counter, key) == answer
    assert tuple(base.philox(list(counter), list(key))) == answer


def test_draws_equal_the_core():
    addresses = [
        (0, 100, "", "", 0, 0, 0),
        (2**64 - 1, 200, "embeddings.word", "values", 2**64 - 1, ONES, ONES),
        (12345678901234567, 300, "w", "mask", 7, 65537, 3),
    ]
    for seed, stream, tensor, region, trial, element, index in addresses:
        here = twin.Draws(seed, stream, tensor, region, trial)(element, index)
        assert here == tuple(base.draw(seed, stream, tensor, region, trial, element, index))


def test_arrays_draw_what_integers_draw():
    draws = twin.Draws(3, twin.PREDICTOR_WEIGHTS, "predictor", "weights 0", 0)
    words = draws(5, np.arange(4, dtype=np.uint64))
    assert [tuple(int(w[i]) for w in words) for i in range(4)] == [draws(5, i) for i in range(4)]


@pytest.mark.parametrize("words", [(0, 0), (ONES, ONES), (1, 2), (0x80000000, 0x7FF), (ONES, 0xFFFFF800)])
def test_uniform_equals_the_core(words):
    u = twin.uniform(*words)
    assert u == base.uniform(*words)
    assert 0 < u <= 1


@pytest.mark.parametrize("rate", [1e-12, 1e-9, 1e-3, 0.5, 1 - 1e-12])
def test_gap_equals_the_core(rate):
    log1p = math.log1p(-rate)
    for u in (2.0**-53, 1e-9, 0.25, 0.5, 1 - rate, 1 - 2.0**-53, 1.0):
        assert twin.gap(u, log1p) == base.gap(u, log1p)
    assert twin.gap(1.0, log1p) == 0


def test_gap_saturates():
    assert twin.gap(2.0**-53, -1e-300) == base.gap(2.0**-53, -1e-300) == 2**62
