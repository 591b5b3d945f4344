"""The best policy equals a brute force over thresholds and levels; freedoms help; an oracle bounds it."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siliconbert import exits, hardware, report
from siliconbert.campaign import best_policy, policy_table
from siliconbert.campaign.policy import biased
from siliconbert.campaign.setup import Call
from siliconbert.exits import Lut

LAYERS = 5
SHAPE = {"hidden": 32, "ffn": 64, "heads": 2, "layers": LAYERS}
LADDER = ["paper", "threshold", "bias", "voltage", "start", "oracle"]
laws = settings(max_examples=15, deadline=None, derandomize=True)


@dataclass
class SmallTrace:
    entropy: np.ndarray
    logits: np.ndarray

    def __len__(self):
        return len(self.entropy)

    @property
    def layers(self):
        return tuple(range(1, LAYERS + 1))

    def correct(self, labels):
        return self.logits.argmax(axis=2) == np.asarray(labels)[:, None]


def small(seed, count=7, first=1):
    rng = np.random.default_rng(seed)
    # Few different values, so that thresholds meet several sentences at once.
    entropy = (rng.integers(0, 8, (count, LAYERS)) / 10).astype(np.float32)
    trace = SmallTrace(entropy, rng.normal(size=(count, LAYERS, 2)).astype(np.float32))
    lut = Lut([0.1, 0.4, 0.6], rng.integers(0, 8, (3, LAYERS - 1 - first)) / 10, first)
    return trace, rng.integers(0, 2, count), lut


def machine(leakage=8.6, **changes):
    return hardware.accelerator("edgebert-12nm", leakage_mw=leakage, **changes)


def dense_ms(chip):
    return 1e3 * float(chip.base(SHAPE).latency[0])


def thresholds(values):
    """One of every interval between distinct values."""
    points = np.unique(values)
    return [*points, np.nextafter(points[-1], math.inf)]


def leave(trace, lut, threshold, prediction):
    return exits.by_prediction(trace.entropy, biased(lut, threshold, prediction), threshold)


class Costs:
    """Joules of one sentence by definition, from the machine's own layer, levels and leakage."""

    def __init__(self, chip, target, idle, first):
        v = chip.values
        self.chip, self.target, self.idle, self.first = chip, target * 1e-3, idle, first
        self.fastest = {volts: chip.fastest(volts) for volts in v["voltage_levels"]}
        self.leakage = {volts: chip.leakage(volts) for volts in v["voltage_levels"]}
        self.known = {}
        self.levels, self.nominal = v["voltage_levels"], v["voltage_levels"][-1]
        self.settle, self.rail, self.clock = (
            v["settle_time"] * 1e-9,
            v["rail_capacitance"] * 1e-9,
            v["clock_power"] * 1e-3 / 1e9,
        )
        layer = chip.layer(SHAPE, ramp=True)
        self.cycles = sum(layer.cycles.values())
        static = ("leakage", "adpll")
        self.joules = sum(e for part, e in layer.energy_pj.items() if part not in static) * 1e-12
        self.plan = 12.0  # cycles: three states of four
        self.plan_joules = self.plan * chip.calibration.cycle_pj * 1e-12

    def spend(self, joules, cycles, volts, hertz):
        dynamic = joules * (volts / self.nominal) ** 2
        return dynamic + self.leakage[volts] * cycles / hertz + self.clock * cycles

    def sentence(self, *case):
        if case not in self.known:
            self.known[case] = self.price(*case)
        return self.known[case]

    def price(self, layer, predicted, start, level):
        """J, or None where the predicted layer does not end in time; level: after the prediction."""
        fast = self.fastest[start]
        energy = self.spend(
            min(layer, self.first) * self.joules, min(layer, self.first) * self.cycles, start, fast
        )
        seconds = layer * self.cycles / fast
        bound = seconds
        if layer > self.first:
            hertz = self.fastest[level]
            energy += self.spend(self.plan_joules, self.plan, start, fast)
            energy += self.leakage[start] * self.settle + self.clock * fast * self.settle
            rest = (layer - self.first) * self.cycles
            energy += self.spend((layer - self.first) * self.joules, rest, level, hertz)
            energy += self.rail * abs(start - level) * max(start, level)
            before = (self.first * self.cycles + self.plan) / fast + self.settle
            seconds, bound = before + rest / hertz, before + (predicted - self.first) * self.cycles / hertz
        if bound > self.target * (1 + 1e-12):
            return None
        return energy + (self.leakage[self.levels[0]] * (self.target - seconds) if self.idle else 0)


def brute(costs, layer, predicted, start):
    """Least J of all sentences: one level for every predicted layer; None where the deadline is missed."""
    total = 0.0
    for p in np.unique(predicted):
        here = layer[predicted == p]
        options = [
            [costs.sentence(int(e), int(p), start, level) for e in here]
            for level in costs.levels
            if costs.fastest[level] > 0
        ]
        sums = [sum(each) for each in options if None not in each]
        if not sums:
            return None
        total += min(sums)
    return total


@pytest.mark.parametrize(
    "seed, idle, first, share", [(0, False, 1, 1.5), (1, True, 1, 1.2), (2, False, 2, 2.5)]
)
def test_the_best_policy_equals_a_brute_force(seed, idle, first, share):
    trace, labels, lut = small(seed, first=first)
    chip = machine()
    target = share * dense_ms(chip)
    found = best_policy(trace, labels, lut, 0.2, target, chip, SHAPE, idle=idle)
    right = trace.correct(labels)
    least = right[:, -1].sum() - 0.2 * len(trace) - 1e-9
    costs = Costs(chip, target, idle, first)
    starts = [v for v in costs.levels if chip.fastest(v) > 0]
    energies = []
    for t, p in itertools.product(thresholds(trace.entropy), thresholds(lut.entropies)):
        layer, predicted = leave(trace, lut, t, p)
        if right[np.arange(len(trace)), layer - 1].sum() >= least:
            energies += [brute(costs, layer, predicted, start) for start in starts]
    expected = min(e for e in energies if e is not None) / len(trace)
    assert found.best.energy == pytest.approx(expected, rel=1e-9)


@laws
@given(st.integers(0, 99), st.sampled_from([0.0, 0.15, 0.5]), st.floats(1.05, 6.0), st.booleans())
def test_every_freedom_helps_and_the_oracle_bounds_them(seed, drop, share, idle):
    trace, labels, lut = small(seed, count=30)
    chip = machine()
    target = share * dense_ms(chip)
    try:
        policies = best_policy(trace, labels, lut, drop, target, chip, SHAPE, idle=idle)
    except ValueError as error:
        assert "none does" in str(error)
        return
    ladder = [policies.found[name] for name in LADDER if name in policies.found]
    if "paper" in policies.found and policies.found["paper"].late:
        ladder = ladder[1:]
    energies = [policy.energy for policy in ladder]
    assert all(b <= a * (1 + 1e-12) for a, b in itertools.pairwise(energies))
    least = trace.correct(labels)[:, -1].mean() - drop - 1e-9
    for policy in ladder:
        assert policy.accuracy >= least and policy.late == 0


@laws
@given(st.integers(0, 99))
def test_a_policy_says_what_its_sentences_do(seed):
    trace, labels, lut = small(seed, count=20)
    chip = machine()
    target = 2 * dense_ms(chip)
    policies = best_policy(trace, labels, lut, 0.5, target, chip, SHAPE)
    for name in ("paper", "threshold", "bias"):
        if name not in policies.found:
            continue
        policy = policies.found[name]
        layer, predicted = exits.by_prediction(trace.entropy, policy.lut(lut), policy.threshold)
        np.testing.assert_array_equal(layer, policy.layer)
        run = chip.sentences(SHAPE, layer, predicted, target)
        assert policy.energy == pytest.approx(float(run.energy.mean()), rel=1e-9)
    best, costs = policies.best, Costs(chip, target, False, 1)
    pairs = zip(best.layer, best.predicted, strict=True)
    each = [
        costs.sentence(int(e), int(p), best.start[0], best.points.get(int(p), (0.8,))[0]) for e, p in pairs
    ]
    assert best.energy == pytest.approx(float(np.mean(each)), rel=1e-9)


def test_a_tied_policy_has_one_threshold():
    trace, labels, lut = small(4, count=30)
    chip = machine()
    policies = best_policy(trace, labels, lut, 0.3, 3 * dense_ms(chip), chip, SHAPE)
    tied = policies.found["threshold"]
    layer, predicted = exits.by_prediction(trace.entropy, lut, tied.threshold)
    np.testing.assert_array_equal((layer, predicted), (tied.layer, tied.predicted))
    assert tied.bias == 0
    assert 0 <= policies.reached <= 1


def test_answers_do_not_depend_on_the_thread_count():
    trace, labels, lut = small(5, count=40)
    one, two = (
        best_policy(trace, labels, lut, 0.3, 5.0, machine(), SHAPE, threads=threads) for threads in (1, 2)
    )
    assert [p.energy for p in one.found.values()] == [p.energy for p in two.found.values()]
    assert one.best.threshold == two.best.threshold


@pytest.mark.parametrize(
    "change, words",
    [
        ({"target_ms": 1e-6}, "must keep a drop of 10 % and 1e-06 ms, none does"),
        ({"target_ms": 0.0}, "target_ms must be positive"),
        ({"model": "albert-base"}, "must have 5 layers as the trace, got 12"),
    ],
)
def test_impossible_wishes_are_refused(change, words):
    trace, labels, lut = small(6)
    arguments = {"max_drop": 0.1, "target_ms": 50.0, "machine": machine(), "model": SHAPE} | change
    with pytest.raises(ValueError, match=words):
        best_policy(trace, labels, lut, **arguments)


def test_entropies_that_are_no_numbers_are_refused():
    trace, labels, lut = small(7)
    trace.entropy[2, 1] = np.nan
    with pytest.raises(ValueError, match="must be finite"):
        best_policy(trace, labels, lut, machine=machine(), model=SHAPE)


def test_the_report_shows_every_policy_and_how_far_the_best_one_goes():
    trace, labels, lut = small(0, count=40)
    chip = machine()
    policies = {"20 %, x": best_policy(trace, labels, lut, 0.2, 2 * dense_ms(chip), chip, SHAPE)}
    rows = policy_table._rows("20 %, x", policies["20 %, x"])
    energies = [m.value for m in rows if m.quantity == policy_table.ENERGY]
    assert len(energies) == 2 + len(LADDER)
    assert 0 <= next(m.value for m in rows if m.quantity == policy_table.REACHED) <= 100
    assert policy_table._figure(policies).labels == tuple(policy_table.NAMES.values())


def test_the_authors_files_which_hold_no_labels_are_refused(tmp_path):
    with pytest.raises(ValueError, match="--authors must be left out"):
        report.experiments.load("edgebert/best_policy").run(Call(authors=tmp_path))
