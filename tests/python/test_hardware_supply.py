"""Voltage, frequency and sentences: worked by hand, against the twin, and the laws of a supply."""

from itertools import pairwise

import numpy as np
import pytest

from siliconbert import hardware
from siliconbert._core import hardware as _core
from siliconbert.hardware import supply
from siliconbert.reference import supply as twin

RATES = {
    "settle_time": 0.5,
    "leakage_power": 0.2,
    "leakage_rise": 2.0,
    "clock_power": 0.1,
    "rail_capacitance": 0.3,
    "regulator_input": 0.0,
    "regulator_efficiency": 0.9,
}
LEVELS = [(0.4, 0.0), (0.5, 0.25), (0.75, 0.625), (1.0, 1.0)]
LAYER, CHOICE = (10.0, 7.0), (0.25, 0.125)


def core_supply(**changes):
    levels, frequencies = zip(*LEVELS, strict=True)
    return _core.Supply(levels=levels, frequencies=frequencies, **{**RATES, **changes})


def core_plan(target, first=1):
    return _core.LatencyPlan(
        layer_cycles=LAYER[0],
        layer_energy=LAYER[1],
        plan_cycles=CHOICE[0],
        plan_energy=CHOICE[1],
        layers=5,
        first=first,
        target=target,
    )


def every_exit():
    return np.array([(e, p) for p in range(1, 6) for e in range(1, p + 1)]).T


@pytest.fixture(params=supply.CURVES)
def by_curve(request):
    return hardware.accelerator("edgebert-12nm", leakage_mw=8, frequency_curve=request.param)


@pytest.mark.parametrize("regulator_input", [0.0, 1.1])
@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("target", [1.0, 12.0, 33.3, 50.0, 1e3])
def test_sentences_equal_the_twin(target, first, regulator_input):
    layer, predicted = every_exit()
    found = _core.planned(
        core_supply(regulator_input=regulator_input), core_plan(target, first), layer, predicted
    )
    rates = {**RATES, "regulator_input": regulator_input}
    for i, (e, p) in enumerate(zip(layer, predicted, strict=True)):
        wanted = twin.sentence(LAYER, CHOICE, int(e), int(p), target, LEVELS, rates, first)
        for name, value in wanted._asdict().items():
            assert found[name][i] == pytest.approx(float(value), rel=1e-12, abs=1e-12), (name, e, p)


@pytest.mark.parametrize("target", [1.0, 33.3, 1e3])
@pytest.mark.parametrize("first", [1, 3])
def test_a_timeline_adds_up_to_its_sentence(target, first):
    whole = _core.planned(core_supply(), core_plan(target, first), *every_exit())
    for i, (e, p) in enumerate(every_exit().T):
        *parts, idle = _core.timeline(core_supply(), core_plan(target, first), e, p)
        assert idle[0] == "idle" and idle[1] + idle[2] >= target
        what, start, seconds, *_, joules = map(np.asarray, zip(*parts, strict=True))
        assert [w for w in what if w.startswith("layer")] == [f"layer {k}" for k in range(1, e + 1)]
        np.testing.assert_allclose(start[1:], np.cumsum(seconds)[:-1])
        assert seconds.sum() == pytest.approx(whole["latency"][i], rel=1e-12)
        total = sum(whole[part][i] for part in ("dynamic", "leakage", "adpll", "regulator", "transition"))
        assert joules.sum() == pytest.approx(total, rel=1e-12)


def test_a_timeline_worked_by_hand():
    # Layer 1: 10 cycles at 1 Hz; the choice 0.25 s; settling 0.5 s. Layers 2 and 3 in the other 39.25 s need
    # 20 / 39.25 Hz = 0.51 Hz: 0.75 V. Dynamic 7 J (9/16 of it at 0.75 V); leakage 0.2 W, at 0.75 V
    # 0.15 exp(-0.5) W; clock 0.1 W at 1 Hz; the rail 0.3 F 0.25 V 1 V.
    parts = _core.timeline(core_supply(), core_plan(50.0), 3, 3)
    assert [p[0] for p in parts] == ["layer 1", "plan", "settle", "layer 2", "layer 3", "raise", "idle"]
    assert parts[0][5] == pytest.approx(7 + 10 * 0.3)
    assert parts[2][1:5] == (10.25, 0.5, 1.0, 1.0)
    seconds, hertz = 39.25 / 2, 20 / 39.25
    assert parts[3][2:5] == pytest.approx((seconds, 0.75, hertz))
    assert parts[3][5] == pytest.approx(7 * 0.5625 + seconds * (0.15 * np.exp(-0.5) + 0.1 * hertz))
    assert parts[5][5] == pytest.approx(0.3 * 0.25)


@pytest.mark.parametrize("low", [(0.496, 0.107), (0.6, 0.4), (0.3, 0.0), (0.0, 0.0)])
@pytest.mark.parametrize(("alpha", "load"), [(1.3, 1.0), (1.0, 0.0), (2.0, 1.0)])
def test_curves_equal_the_twin_and_go_through_both_points(low, alpha, load):
    nominal = (0.8, 1.0)
    found = _core.curve(nominal, low, alpha, load)
    vt = twin.threshold(nominal, low, alpha, load)
    assert found.threshold == pytest.approx(vt, abs=1e-9)
    for point in (nominal, low):
        assert found.frequency(point[0]) == pytest.approx(point[1], abs=1e-12)
    for voltage in np.linspace(0.05, 1, 20):
        wanted = twin.frequency(voltage, nominal, vt, alpha, load)
        assert found.frequency(voltage) == pytest.approx(wanted, abs=1e-8)


def test_every_curve_rises_from_its_threshold_to_the_nominal_point(by_curve):
    found = [by_curve.fastest(v) for v in np.linspace(0.01, 0.8, 80)]
    assert found == sorted(found) and found[-1] == pytest.approx(1e9)
    leakage = [by_curve.leakage(v) for v in np.linspace(0.01, 0.8, 80)]
    assert leakage == sorted(leakage) and leakage[-1] == pytest.approx(8e-3)


def test_the_successor_runs_at_its_published_ends():
    # 77 MHz at 0.62 V and 717 MHz at 1 V, in the same ratio.
    found = hardware.accelerator("edgebert-12nm", frequency_curve="successor")
    assert found.fastest(1.0) / found.fastest(0.62) == pytest.approx(717 / 77)
    assert found.fastest(0.5) == 0
    scaled = hardware.accelerator("edgebert-12nm", frequency_curve="linear")
    assert scaled.fastest(0.8 * 0.62) == pytest.approx(1e9 * 77 / 717)


def test_lower_voltage_never_costs_more_dynamic_energy(by_curve):
    targets = np.geomspace(10, 2e4, 60)
    runs = [by_curve.sentences("albert-base", [8], [8], target_ms=t) for t in targets]
    for tight, loose in pairwise(runs):
        # A sentence that cannot end in time runs at nominal.
        assert loose.voltage[0] <= tight.voltage[0]
        assert loose.by_part["dynamic"][0] <= tight.by_part["dynamic"][0]
        assert loose.frequency[0] <= tight.frequency[0]
    levels = [v for v in by_curve.values["voltage_levels"] if by_curve.fastest(v) > 0]
    assert runs[-1].voltage[0] == levels[0]  # the floor
    assert runs[-1].frequency[0] == pytest.approx(max(by_curve.fastest(levels[0]), 0))


def test_the_next_level_up_is_the_lowest_that_suffices(by_curve):
    levels = by_curve.values["voltage_levels"]
    for target in (40, 50, 60, 75, 100):
        run = by_curve.sentences("albert-base", [6], [6], target_ms=target)
        at = levels.index(run.voltage[0])
        assert by_curve.fastest(levels[at]) >= run.frequency[0] * (1 - 1e-12)
        below = by_curve.fastest(levels[at - 1]) if at else 0
        assert below < run.frequency[0] or below == 0


@pytest.mark.parametrize("law", supply.LEAKAGE_LAWS)
def test_leakage_laws(law):
    found = hardware.accelerator("edgebert-12nm", leakage_mw=10, leakage_law=law)
    slope = found.values["leakage_rise"] if law == "barrier-lowering" else 0
    assert found.leakage(0.5) == pytest.approx(10e-3 * 0.625 * np.exp(-0.3 * slope))


def test_a_linear_regulator_saves_in_proportion_to_voltage_only():
    ideal, linear = (
        hardware.accelerator("edgebert-12nm", regulator=kind).sentences(
            "albert-base", [8], [8], target_ms=1000
        )
        for kind in supply.REGULATORS
    )
    assert ideal.by_part["regulator"][0] == 0 and ideal.voltage[0] == 0.5
    one = hardware.accelerator("edgebert-12nm", regulator="linear").early_exit("albert-base", [1])
    rest = linear.by_part["dynamic"] + linear.by_part["regulator"]
    rest -= one.by_part["dynamic"] + one.by_part["regulator"]
    # Seven layers at 0.5 V draw 0.5 / 0.8 of what they draw at nominal, but for the choice of voltage.
    assert rest[0] == pytest.approx(
        7 * 0.625 * (one.by_part["dynamic"] + one.by_part["regulator"])[0], rel=1e-5
    )


def test_the_change_of_voltage_is_counted_and_is_small(by_curve):
    run = by_curve.sentences("albert-base", [8, 1], [8, 1], target_ms=100)
    volts = 0.8 - run.voltage[0]
    assert run.by_part["transition"][0] == pytest.approx(5e-9 * volts * 0.8)
    assert run.by_part["transition"][1] == 0
    assert run.by_part["transition"][0] < 1e-6 * run.energy[0]
    assert supply.slew_ns(by_curve.values, 0.3) == pytest.approx(22.8)


def test_a_timeline_ends_at_the_target_at_the_lowest_level(by_curve):
    *run, idle = by_curve.timeline("albert-base", 3, 8, target_ms=60)
    assert (idle.what, idle.voltage, idle.frequency) == ("idle", 0.5, 0)
    assert idle.start_ms + idle.ms == pytest.approx(60)
    assert idle.power_mw == pytest.approx(1e3 * by_curve.leakage(0.5))
    cost = by_curve.sentences("albert-base", [3], [8], target_ms=60)
    assert sum(s.joules for s in run) == pytest.approx(cost.energy[0])
    assert run[-1].start_ms == pytest.approx(1e3 * cost.latency[0])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"frequency_curve": "quadratic"}, "frequency_curve must be one of alpha-power, .*; got 'quadratic'"),
        (
            {"leakage_law": "none"},
            "leakage_law must be one of barrier-lowering, constant-current; got 'none'",
        ),
        ({"regulator": "buck"}, "regulator must be one of ideal, linear; got 'buck'"),
        ({"voltages": [1]}, "changes must be among accumulator_bits, .*; got 'voltages'"),
        ({"voltage_levels": [0.8, 0.5]}, "must lie below the nominal one|must be positive and ascend"),
        ({"alpha": 0}, "alpha must be positive and load at least 0, got 0 and 1"),
        ({"rail_capacitance": -1}, "rail capacitance and settling time must be at least 0"),
        ({"regulator": "linear", "regulator_efficiency": 2}, "an efficiency in 0..1, got 0.8 V and 2"),
    ],
)
def test_bad_supplies_are_named(changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        hardware.accelerator("edgebert-12nm", **changes).base("albert-base")
