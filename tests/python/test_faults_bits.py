"""Flipped and stuck bits, truncated misreads and mixtures: the core against its twin."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from siliconbert import faults, formats, storage
from siliconbert._core import base
from siliconbert._core import faults as core
from siliconbert.reference import faults as twin_misreads
from siliconbert.reference import flips as twin

ORDER = [7, 2, 1, 0, 6, 5, 4, 3]
FIELDS = {"sign": [7], "exponent": [6, 5, 4, 3], "mantissa": [2, 1, 0]}
CHOICES = [
    {},
    {"regions": ["values"]},
    {"regions": ["mask"]},
    {"fields": ["sign", "mantissa"]},
    {"bits": [0, 7]},
]


@dataclass(frozen=True)
class Stored:
    """What inject needs of a stored image."""

    image: Any


def pair(cell_bits: list[int], gray: bool, count: int = 500, cell: str = "cell") -> tuple[Any, Any]:
    """The same image for the core and for the twin."""
    random = np.random.default_rng(3)
    values, mask = random.integers(0, 256, count), random.integers(0, 2, count)
    parts = [
        ("values", values, 8, (cell, ORDER, cell_bits, FIELDS, gray)),
        ("mask", mask, 1, ("rram-slc", [0], [1], {}, False)),
    ]
    image = base.CodeImage(
        "w",
        count,
        1,
        [base.Region(n, base.Codes(c.astype(np.uint32), w), cell_map(*m)) for n, c, w, m in parts],
    )
    regions = [twin.Region(n, c, m[1], m[2], m[3], (), m[4]) for n, c, _, m in parts]
    return image, regions


def cell_map(cell: str, order: list[int], bits: list[int], fields: dict[str, list[int]], gray: bool) -> Any:
    return base.CellMap(cell, order, bits, fields=fields, gray=gray)


def names(choice: dict[str, Any]) -> dict[str, Any]:
    return {("names" if key == "regions" else key): value for key, value in choice.items()}


@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("cell_bits", [[1] * 8, [2] * 4, [3, 3, 2]])
@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_flips_and_stuck_bits_equal_the_twin(cell_bits, gray, choice):
    image, regions = pair(cell_bits, gray)
    for seed, trial, rate in ((1, 0, 0.02), (2**64 - 1, 2**40, 1.0), (7, 3, 0.0)):
        events = faults.BitFlip(rate, **choice).core.events(image, seed, trial)
        assert events.tolist() == twin.bit_flips("w", regions, seed, trial, rate, **names(choice))
        assert (len(events) > 0) == (rate > 0)
        for value in (0, 1):
            events = faults.StuckAt(rate, value, **choice).core.events(image, seed, trial)
            assert events.tolist() == twin.stuck_at("w", regions, seed, trial, rate, value, **names(choice))


@pytest.mark.parametrize("cell_bits", [[1] * 8, [3, 3, 2]])
@pytest.mark.parametrize("count", [0, 1, 100, 251, 499, 500])
def test_exact_counts_equal_the_twin(cell_bits, count):
    image, regions = pair(cell_bits, False)
    for choice in ({}, {"regions": ["mask"]}):
        events = faults.BitFlip(count=count, **choice).core.events(image, 5, 1)
        assert events.tolist() == twin.flip_count("w", regions, 5, 1, count, **names(choice))
        changed = (
            np.bitwise_count(events["stored"] ^ events["read"]) if hasattr(np, "bitwise_count") else None
        )
        assert changed is None or changed.sum() == count


def test_blocks_of_codes_equal_the_twin():
    image, regions = pair([1] * 8, False, 300_000)  # more than two blocks
    events = faults.BitFlip(1e-4).core.events(image, 1, 0, 3)
    assert events.tolist() == twin.bit_flips("w", regions, 1, 0, 1e-4)


@pytest.mark.parametrize("cell", ["rram-mlc2", "rram-mlc3"])
@pytest.mark.parametrize("adjacent", [False, True])
def test_truncated_misreads_equal_the_twin(cell, adjacent):
    known = faults.cell(cell)
    bits = [min(known.bits, 8 - i) for i in range(0, 8, known.bits)]
    image, _ = pair(bits, False, 20_000, cell)
    fault = faults.CellMisread(adjacent_only=adjacent, counts="truncated", hours=1e4)
    matrices = {"rram-mlc2": ["rram-slc", "rram-mlc2"], "rram-mlc3": ["rram-slc", "rram-mlc2", "rram-mlc3"]}
    P = [faults.cell(name).transitions(adjacent, 1e4) for name in matrices[cell]]
    regions = [
        twin_misreads.Region(r.name, np.array([r.level(i) for i in range(r.cells)]), [P[b - 1] for b in own])
        for r, own in zip(image.regions, (bits, [1]), strict=True)
    ]
    events = fault.core.events(image, 1, 2)
    assert events.tolist() == twin_misreads.truncated_misreads("w", regions, 1, 2)
    assert (len(events) > 0) == (cell == "rram-mlc3")
    assert sum(fault.core.expected(image)) == pytest.approx(len(events))


def test_truncated_counts_are_those_of_the_public_tool():
    # nvmFI: int((p_up + p_down) n) cells of a level fault, int(of those p_up / (p_up + p_down)) go up.
    image, _ = pair([3, 3, 2], False, 50_000, "rram-mlc3")
    P = faults.cell("rram-mlc3").transitions(adjacent_only=True)
    events = faults.CellMisread(adjacent_only=True, counts="truncated").core.events(image, 1, 0)
    levels = np.array([image.regions[0].level(i) for i in range(0, 3 * 50_000, 3)])
    first = events[(events["region"] == 0) & (events["cell"] % 3 == 0)]
    for level in range(8):
        up = P[level, level + 1] if level < 7 else 0.0
        down = P[level, level - 1] if level > 0 else 0.0
        total = int((up + down) * (levels == level).sum())
        here = first[first["stored"] == level]
        assert len(here) == total
        assert (here["read"] == level + 1).sum() == int(total * up / (up + down))
        assert np.isin(here["read"], [level - 1, level + 1]).all()


def test_mixtures_equal_the_twin():
    image, regions = pair([2] * 4, True)
    parts = [faults.BitFlip(0.01), faults.StuckAt(0.05, 1, regions="values"), faults.BitFlip(0.01)]
    events = faults.Mixed(parts).core.events(image, 9, 4)
    mixed = twin.mixed(
        "w",
        regions,
        9,
        4,
        [
            lambda *where: twin.bit_flips(*where, 0.01),
            lambda *where: twin.stuck_at(*where, 0.05, 1, names=["values"]),
            lambda *where: twin.bit_flips(*where, 0.01),
        ],
    )
    assert events.tolist() == mixed and len(mixed) > 100


def test_inner_mixtures_are_taken_apart():
    flip = faults.BitFlip(0.01)
    assert faults.Mixed([faults.Mixed([flip, flip]), flip]) == faults.Mixed([flip, flip, flip])


@pytest.mark.parametrize(
    "fault",
    [
        faults.BitFlip(0.02),
        faults.BitFlip(0.02, fields="exponent"),
        faults.BitFlip(count=700),
        faults.StuckAt(0.02, 1),
        faults.Mixed([faults.BitFlip(0.02), faults.StuckAt(0.02, 0)]),
    ],
    ids=lambda fault: fault.label,
)
def test_expected_events_are_seen(fault):
    image, _ = pair([3, 3, 2], False, 3_000)
    trials = 300
    seen = np.zeros(2)
    for trial in range(trials):
        seen += np.bincount(fault.core.events(image, 2, trial)["region"], minlength=2)
    expected = trials * np.array(list(faults.expected(Stored(image), fault).values()))
    assert (np.abs(seen - expected) <= 5 * np.sqrt(expected)).all()  # five sigma at most: counts are binomial


def test_a_stored_tensor_knows_its_fields():
    w = np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32)
    image = storage.store(w, np.ones(w.shape, bool), formats.get("adaptivfloat8"), layout="dense")
    clean = image.load()
    bad, events = faults.inject(image, faults.BitFlip(1, fields="sign"), 1, 0)
    np.testing.assert_array_equal(bad.load(), -clean)
    assert len(events) == w.size and set(image.image.regions[e["region"]].name for e in events) == {"values"}
    few, _ = faults.inject(image, faults.BitFlip(count=1, fields=["exponent", "mantissa"]), 1, 0)
    assert (few.load() != clean).sum() == 1


def test_what_cannot_be_is_refused():
    image, _ = pair([1] * 8, False)
    for fault, complaint in (
        (faults.BitFlip(0.1, regions="index"), "BitFlip: regions must be among values, mask; got 'index'"),
        (faults.StuckAt(0.1, 1, regions="mask", bits=9), "StuckAt: fields, bits and regions must choose"),
        (faults.BitFlip(count=4_501), "BitFlip: count must be at most the 4500 chosen bits, got 4501"),
    ):
        with pytest.raises(ValueError, match=complaint):
            fault.core.events(image, 1, 0)


def test_a_fault_of_activations_leaves_cells_alone():
    image, _ = pair([1] * 8, False)
    fault = faults.ActivationFlip(0.5)
    assert len(fault.core.events(image, 1, 0)) == 0
    assert list(faults.expected(Stored(image), fault).values()) == [0, 0]
    assert faults.BitFlip(0.1).activations is None
    assert faults.Mixed([faults.BitFlip(0.1)]).activations is None


@pytest.mark.parametrize("rate", [0.0, 1e-3, 1.0])
def test_activation_flips_equal_the_twin(rate):
    bits = {None: list(range(8)), ("sign", "mantissa"): [7, 2, 1, 0]}
    for fields, own in bits.items():
        fault = faults.ActivationFlip(rate, fields=fields).activations
        for sentence in (0, 4_000_000_000):
            flips = fault.flips("layer.3.ffn", 2_000, 1, 5, sentence, 8, FIELDS)
            assert flips.tolist() == twin.activation_flips("layer.3.ffn", own, 2_000, rate, 1, 5, sentence)
    both = faults.Mixed([faults.ActivationFlip(rate, "a"), faults.ActivationFlip(rate, "b")]).activations
    assert isinstance(both, core.DisturbActivations) and both.at("a.x") == (rate > 0) and not both.at("c")


def test_float32_words_have_ieee_fields():
    flips = faults.ActivationFlip(1.0, fields="exponent").activations.flips("x", 1, 0, 0, 0)
    assert flips["bit"].tolist() == list(range(23, 31))
