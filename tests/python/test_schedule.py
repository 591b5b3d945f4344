"""The scheduler: every policy equals its twin, exact equals brute force and HiGHS, reasons are named."""

import numpy as np
import pytest

from siliconbert import schedule
from siliconbert._core import schedule as core
from siliconbert.bench import highs
from siliconbert.reference import schedule as twin
from siliconbert.schedule import Choices

OBJECTIVES = ("sum", "stage", "operator")


def instance(seed, operators, resources, stages, most=5):
    """Operators whose amounts rise and whose time falls with the choice; a budget that cuts somewhere."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(operators):
        lanes = 2.0 ** np.arange(rng.integers(2, most + 1))
        time = rng.uniform(10, 1000) / lanes + rng.uniform(0, 2)
        rise = np.outer(lanes, rng.uniform(1, 10, resources)) * rng.uniform(0.8, 1.2, (len(lanes), resources))
        made.append(
            (time, np.round(rise + rng.uniform(0, 40, resources)), np.arange(len(lanes), dtype=np.int32))
        )
    calls = np.zeros((stages, operators))
    for op in range(operators):
        calls[rng.integers(stages), op] = rng.integers(1, 4)
    least, most_ = (sum(f(each[1], axis=0) for each in made) for f in (np.min, np.max))
    budget = np.round(least + (most_ - least) * rng.uniform(-0.02, 0.7, resources))
    return made, calls, np.maximum(budget, 0)


def solve(operators, calls, budget, policy, objective, width=1 << 16, tolerance=0.0):
    return core.solve(
        operators,
        calls,
        budget,
        getattr(core.Policy, policy),
        getattr(core.Objective, objective),
        width,
        tolerance,
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(20))
def test_every_policy_equals_its_twin(seed, objective):
    problem = instance(seed, operators=4, resources=1 + seed % 5, stages=1 + seed % 3)
    best = twin.exact(*problem, objective)
    for policy in schedule.POLICIES:
        found = solve(*problem, policy, objective)
        expected = best if policy == "exact" else twin.greedy(*problem, policy, objective)
        assert tuple(found["choice"]) == (expected or ())
        if best is None:
            assert found["bound"] == np.inf
        else:
            # The proven bound is the optimum, whatever the policy.
            assert found["bound"] == pytest.approx(twin.value(*problem[:2], best, objective), rel=1e-6)


@pytest.mark.parametrize("part", range(4))
def test_exact_equals_an_integer_program_on_200_instances(part):
    pytest.importorskip("highspy")
    for seed in range(1000 + part, 1200, 4):
        problem = instance(seed, operators=3 + seed % 6, resources=1 + seed % 5, stages=1 + seed % 3, most=6)
        objective = OBJECTIVES[seed % 3]
        theirs, ours = highs.solve(*problem, objective), solve(*problem, "exact", objective)
        if theirs is None:
            assert ours["choice"] == []
        else:
            assert ours["objective"] == pytest.approx(theirs, rel=1e-6)
            assert twin.fits(problem[0], problem[2], ours["choice"])


def test_a_larger_budget_is_never_worse():
    operators, calls, budget = instance(7, operators=6, resources=3, stages=2)
    for objective in OBJECTIVES:
        values = [
            found["objective"]
            for scale in (1.0, 1.1, 1.3, 2.0, 5.0)
            if (found := solve(operators, calls, budget * scale, "exact", objective))["choice"]
        ]
        assert values == sorted(values, reverse=True) and len(values) > 2


def test_a_narrow_search_proves_its_gap():
    problem = instance(3, operators=30, resources=3, stages=4, most=8)
    full = solve(*problem, "exact", "sum")
    narrow = solve(*problem, "exact", "sum", width=8)
    assert narrow["bound"] <= full["objective"] * (1 + 1e-9) and full["bound"] >= narrow["bound"] * (1 - 1e-9)
    assert narrow["objective"] >= full["objective"] * (1 - 1e-9)
    loose = solve(*problem, "exact", "sum", tolerance=0.05)
    assert loose["objective"] <= full["objective"] / 0.95 and loose["states"] < full["states"]


MM = Choices("mm", [1, 2, 4], [4.0, 2.0, 1.0], {"dsp": [5, 10, 20]}, units=2)
ADD = Choices("add", ["one", "two"], [1.0, 0.5], {"dsp": [4, 8], "lut": [10, 30]})


def test_units_and_calls_and_unlimited_resources():
    found = schedule.solve([MM, ADD], {"dsp": 28}, stages={"a": {"mm": 1}, "b": {"mm": 1, "add": 2}})
    assert found.choice == {"mm": 2, "add": "two"} and found.resources == {"dsp": 28.0, "lut": 30.0}
    assert found.stage_ms == {"a": 2.0, "b": 3.0} and found.latency_ms == found.objective_ms == 5.0
    assert found.interval_ms == 3.0 and found.gap == 0
    assert found.blocked == {"mm": "dsp"} and found.binding == "dsp"
    free = schedule.solve([MM, ADD], {})
    assert free.choice == {"mm": 4, "add": "two"} and free.binding is None


def test_a_budget_that_nothing_fits_has_a_reason():
    short = schedule.solve([MM, ADD], {"dsp": 10, "lut": 10})
    assert not short.feasible and np.isnan(short.objective_ms) and short.choice == {}
    assert short.reason == (
        "dsp is 4 short (14 at least, 10 in the budget); smallest budget that would do: dsp 14"
    )
    assert schedule.solve([MM, ADD], {"dsp": 14, "lut": 10}).feasible
    either = Choices("memory", ["bram", "uram"], [1.0, 1.0], {"bram18": [9, 0], "uram": [0, 2]})
    joint = schedule.solve([either], {"bram18": 8, "uram": 1})
    assert joint.reason == (
        "no choices of the operators fit all of bram18, uram at once; "
        "smallest budget that would do: bram18 9 or uram 2"
    )


def test_levels_group_choices_that_a_step_may_take():
    memory = {"dsp": [1, 1, 2, 2], "bram18": [4, 0, 4, 0], "uram": [0, 1, 0, 1]}
    a, b = (
        Choices(n, ["1b", "1u", "2b", "2u"], [t, t, t / 2, t / 2], memory, level=[0, 0, 1, 1])
        for n, t in (("a", 4.0), ("b", 3.0))
    )
    found = schedule.solve([a, b], {"bram18": 4, "uram": 1}, policy="greedy_freeze")
    assert found.choice == {"a": "2b", "b": "2u"} or found.choice == {"a": "2u", "b": "2b"}


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (
            lambda: schedule.solve([MM], {}, policy="best"),
            "policy must be one of greedy_stop, .*; got 'best'",
        ),
        (lambda: schedule.solve([MM], {}, objective="max"), "objective must be one of sum, .*; got 'max'"),
        (lambda: schedule.solve([MM], {"luts": 3}), "budget must name resources among dsp; got 'luts'"),
        (lambda: schedule.solve([MM], {"dsp": -1}), "budget of dsp must be a number of at least 0, got -1"),
        (lambda: schedule.solve([], {}), "at least one operator"),
        (lambda: schedule.solve([MM, MM], {}), "different names, got 'mm' twice"),
        (lambda: schedule.solve([MM], {}, stages={"s": {"x": 1}}), "operators among mm; got 'x'"),
        (lambda: schedule.solve([MM], {}, stages={"s": {"mm": -1}}), "calls must be finite and at least 0"),
        (lambda: schedule.solve([MM], {}, width=0), "width must be in 1..16777216, got 0"),
        (lambda: schedule.solve([MM], {}, tolerance=1.5), "tolerance must be in 0..1, got 1.5"),
        (lambda: Choices("x", [1], [1.0, 2.0], {}), "x: latency_ms must hold 1 numbers"),
        (lambda: Choices("x", [1], [1.0], {}, units=0), "units must be at least 1, got 0"),
        (
            lambda: schedule.solve([Choices("x", [1], [float("nan")], {"dsp": [1]})], {}),
            "times must be finite",
        ),
        (
            lambda: schedule.solve([Choices("x", [1, 2], [1.0, 2.0], {"dsp": [1, 1]}, level=[0, 2])], {}),
            "levels must start at 0 and rise by at most 1, got 2",
        ),
    ],
)
def test_bad_input_is_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_many_stages_of_their_own_have_a_proven_gap():
    problem = instance(11, operators=24, resources=2, stages=6, most=7)
    found = solve(*problem, "exact", "stage", tolerance=1e-3)
    assert found["bound"] >= found["objective"] * (1 - 1e-3) * (1 - 1e-9)
    assert twin.fits(problem[0], problem[2], found["choice"])
    value = twin.value(*problem[:2], found["choice"], "stage")
    assert value == pytest.approx(found["objective"])
    for policy in schedule.POLICIES[:-1]:
        other = solve(*problem, policy, "stage", tolerance=1e-3)
        assert other["objective"] >= found["bound"]
