"""Level misreads: the core against its twin, and their statistics on EdgeBERT's embedding table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from siliconbert import faults
from siliconbert._core import base
from siliconbert._core import faults as core
from siliconbert.reference import faults as twin

CELLS = faults.names()
SIGN_FIRST = [7, 2, 1, 0, 6, 5, 4, 3]  # sign, mantissa, exponent of an 8-bit code with 4 exponent bits


@dataclass(frozen=True)
class Stored:
    """What inject needs of a stored image."""

    image: Any


def split(width: int, bits: int) -> list[int]:
    return [min(bits, width - i) for i in range(0, width, bits)]


def region(name: str, codes: np.ndarray, cell: str) -> Any:
    bits = split(8, faults.cell(cell).bits)
    return base.Region(name, base.Codes(codes.astype(np.uint32), 8), base.CellMap(cell, SIGN_FIRST, bits))


def stored(cell: str, count: int, name: str = "w") -> Stored:
    codes = np.random.default_rng(5).integers(0, 256, count)
    return Stored(
        base.CodeImage(name, count, 1, [region("values", codes, cell), region("rest", codes[::-1], cell)])
    )


def matrices(cell: str) -> list[np.ndarray]:
    known = faults.cell(cell)
    return [*(matrices(known.fewer_bits) if known.fewer_bits else []), known.transitions()]


def twin_regions(image: Any) -> list[twin.Region]:
    return [
        twin.Region(
            r.name,
            np.array([r.level(i) for i in range(r.cells)]),
            [matrices(r.map.cell)[bits - 1] for bits in r.map.cell_bits],
        )
        for r in image.regions
    ]


@pytest.mark.parametrize("name", CELLS)
def test_statistics_equal_the_twin(name):
    cell = faults.cell(name)
    assert cell.levels == 2**cell.bits == len(cell.sigmas)
    np.testing.assert_allclose(cell.thresholds(), twin.thresholds(cell.means, cell.sigmas), rtol=1e-12)
    P = cell.transitions()
    np.testing.assert_allclose(P, twin.transitions(cell.means, cell.sigmas), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-15)


def test_mlc2_rates_worked_by_hand():
    # Levels 1 and 2, (0.384644, 0.033511) and (0.721657, 0.027417), cross at 0.569457: 5.51495 and 5.55128
    # sigma away.
    P = faults.cell("rram-mlc2").transitions()
    np.testing.assert_allclose(P[1, 2], 1.7438e-08, rtol=1e-4)
    np.testing.assert_allclose(P[2, 1], 1.4179e-08, rtol=1e-4)


@pytest.mark.parametrize("name", CELLS)
def test_events_equal_the_twin(name):
    target = stored(name, 40_000)
    regions = twin_regions(target.image)
    for seed, trial in ((1, 0), (2**64 - 1, 3)):
        _, events = faults.inject(target, faults.CellMisread(), seed, trial)
        assert events.tolist() == twin.misreads("w", regions, seed, trial)
    np.testing.assert_allclose(
        list(faults.expected(target, faults.CellMisread()).values()), twin.expected(regions), rtol=1e-9
    )


@pytest.mark.parametrize("rate", [0.0, 0.02, 1.0])
def test_any_rate_equals_the_twin(rate):
    one_bit = np.array([[1 - rate, rate], [rate / 2, 1 - rate / 2]])
    cells = base.CellMap("bit", list(range(8)), [1] * 8)
    codes = base.Codes(np.arange(9_000, dtype=np.uint32) % 251, 8)
    image = base.CodeImage("w", 9_000, 1, [base.Region("values", codes, cells)])
    levels = np.array([image.regions[0].level(i) for i in range(image.regions[0].cells)])
    events = core.CellMisread({"bit": {1: one_bit}}).events(image, 4, 2)
    assert events.tolist() == twin.misreads("w", [twin.Region("values", levels, [one_bit] * 8)], 4, 2)
    assert (len(events) > 0) == (rate > 0)


def test_inject_copies_and_applies():
    target = stored("rram-mlc3", 5_000)
    before = target.image.copy()
    bad, events = faults.inject(target, faults.CellMisread(), seed=1, trial=0)
    assert target.image == before and bad.image != before
    for event in events:
        assert bad.image.regions[event["region"]].level(event["cell"]) == event["read"] != event["stored"]
    bad.image.undo(events)
    assert bad.image == before


def test_tensors_of_equal_shape_get_independent_faults():
    hits = [
        set(faults.inject(stored("rram-mlc3", 20_000, name), faults.CellMisread(), 1, 0)[1]["cell"].tolist())
        for name in ("query", "key")
    ]
    # About 300 hits at 60,000 places: one or two coincide by chance, more than 15 once in 1e8 seeds.
    assert len(hits[0] & hits[1]) <= 15 < min(map(len, hits))


def test_anything_with_inject_is_asked_itself():
    class Model:
        def inject(self, fault, seed, trial):
            return "bad model", np.array([seed, trial])

    bad, events = faults.inject(Model(), faults.CellMisread(), 3, 4)
    assert bad == "bad model" and events.tolist() == [3, 4]


def test_an_unknown_cell_is_named():
    with pytest.raises(
        ValueError, match=r"faults.cell: name must be one of rram-mlc2, rram-mlc3, rram-slc; got 'x'"
    ):
        faults.cell("x")
    image = base.CodeImage("w", 1, 1, [base.Region("r", base.Codes([0], 1), base.CellMap("x", [0], [1]))])
    with pytest.raises(ValueError, match="CellMisread: no level statistics for cell 'x' of region r"):
        faults.inject(Stored(image), faults.CellMisread(), 0, 0)


@pytest.fixture(scope="module")
def table():
    """A 30522 x 128 table of Gaussian weights at 40 % density as 8-bit codes: sign, exponent, mantissa."""
    kept = np.random.default_rng(1).normal(size=30522 * 128 * 2 // 5)
    mantissa, exponent = np.frexp(np.abs(kept))
    fields = (np.clip(exponent + 12, 0, 15).astype(int) << 3) | ((2 * mantissa - 1) * 8).astype(int)
    return ((kept < 0).astype(int) << 7) | fields


def in_cells(table: np.ndarray, cell: str) -> Stored:
    return Stored(base.CodeImage("embeddings.word", 30522, 128, [region("values", table, cell)]))


def test_mlc2_event_count_of_1000_trials_is_poisson(table):
    target, fault = in_cells(table, "rram-mlc2"), faults.CellMisread()
    mean = 1000 * faults.expected(target, fault)["values"]
    count = sum(len(fault.core.events(target.image, 1, trial)) for trial in range(1000))
    low, high = poisson_interval(mean, 0.999)
    assert 10 < mean < 100  # the test can fail on either side
    assert low <= count <= high


def test_slc_is_never_misread(table):
    target, fault = in_cells(table, "rram-slc"), faults.CellMisread()
    assert faults.expected(target, fault)["values"] == 0
    assert all(len(fault.core.events(target.image, 1, trial)) == 0 for trial in range(20))


def test_mlc3_level_pairs_follow_the_matrix(table):
    target, fault = in_cells(table, "rram-mlc3"), faults.CellMisread()
    trials, whole = 3, [0, 1]  # the third cell of a code holds two bits
    levels = np.stack([(table[:, None] >> np.array(SIGN_FIRST)) & 1], axis=-1)[..., 0]
    counts = np.zeros(8)
    for place in whole:
        three = levels[:, 3 * place : 3 * place + 3] @ [4, 2, 1]
        counts += np.bincount(three, minlength=8)
    expected = trials * counts[:, None] * faults.cell("rram-mlc3").transitions()
    seen = np.zeros((8, 8))
    for trial in range(trials):
        events = fault.core.events(target.image, 11, trial)
        events = events[np.isin(events["cell"] % 3, whole)]
        np.add.at(seen, (events["stored"], events["read"]), 1)
    np.fill_diagonal(expected, 0)
    likely = expected >= 5
    assert seen[~likely].sum() <= 5 + 5 * expected[~likely].sum()
    chi_square = ((seen - expected)[likely] ** 2 / expected[likely]).sum()
    # Mean k and variance 2k: five standard deviations.
    assert likely.sum() >= 14
    assert abs(chi_square - likely.sum()) < 5 * np.sqrt(2 * likely.sum())


def poisson_interval(mean: float, confidence: float) -> tuple[int, int]:
    """The central interval of a Poisson count."""
    counts = np.arange(0, int(10 * mean + 50))
    log_p = counts * np.log(mean) - mean - np.cumsum(np.log(np.maximum(counts, 1)))
    below = np.cumsum(np.exp(log_p))
    tail = (1 - confidence) / 2
    return int(np.searchsorted(below, tail)), int(np.searchsorted(below, 1 - tail))
