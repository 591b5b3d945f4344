"""FQ-BERT's accelerator planned for boards: the optimum over all sizes, laws of budgets, what is short."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siliconbert import hardware, schedule

NAMES = {"dsp": "dsp", "ff": "ff", "lut": "lut", "bram18": "bram18_separate"}
SIZES = {"n": range(1, 20), "m": range(2, 22, 2)}
laws = settings(max_examples=40, deadline=None, derandomize=True)
amounts = st.fixed_dictionaries(
    {
        "dsp": st.integers(90, 3000),
        "ff": st.integers(50_000, 300_000),
        "lut": st.integers(60_000, 250_000),
        "bram18": st.integers(300, 2000),
    }
)


def fitting(grid, budget):
    return np.all([grid.resources[NAMES[key]] <= limit for key, limit in budget.items()], axis=0)


@laws
@given(amounts)
def test_the_plan_is_the_fastest_size_that_fits(budget):
    grid = hardware.fq_bert_grid(**SIZES)
    fits, found = fitting(grid, budget), schedule.plan_fq_bert(None, budget, **SIZES)
    assert found.feasible == fits.any()
    if found.feasible:
        assert found.inference.latency_ms == pytest.approx(grid.latency_ms[fits].min(), rel=1e-12)
        assert all(found.resources[key] <= limit for key, limit in budget.items())
        own = found.machine.resources()
        assert found.resources == pytest.approx({key: own[name] for key, name in NAMES.items()})


@laws
@given(amounts, st.floats(20, 400))
def test_fewest_slices_among_those_fast_enough(budget, at_most):
    grid = hardware.fq_bert_grid(**SIZES)
    fits = fitting(grid, budget) & (grid.latency_ms <= at_most)
    found = schedule.plan_fq_bert(None, budget, at_most_ms=at_most, **SIZES)
    assert found.feasible == fits.any()
    if found.feasible:
        assert found.resources["dsp"] == pytest.approx(grid.resources["dsp"][fits].min())
        assert found.inference.latency_ms <= at_most


@laws
@given(amounts, st.floats(1, 2))
def test_a_larger_budget_is_never_slower(budget, times):
    small = schedule.plan_fq_bert(None, budget, **SIZES)
    large = schedule.plan_fq_bert(None, {key: times * limit for key, limit in budget.items()}, **SIZES)
    if small.feasible:
        assert large.inference.latency_ms <= small.inference.latency_ms


def test_a_board_gives_its_resources():
    found = schedule.plan_fq_bert("zcu102")
    assert (found.machine.n, found.machine.m) == (16, 12)
    assert found.inference.latency_ms == pytest.approx(31.02, abs=0.005)
    assert found.budget["dsp"] == 2520 and found.binding == "dsp" and found.inference.outside == ()
    half = schedule.plan_fq_bert("zcu102", share=0.5)
    assert half.resources["dsp"] <= 1260 and half.inference.latency_ms > found.inference.latency_ms
    assert schedule.plan_fq_bert("zcu102", {"dsp": 1751}).machine.m == 16


def test_the_papers_designs_are_the_smallest_of_their_latency():
    for name in ("fq-bert-zcu102", "fq-bert-zcu111"):
        paper = hardware.accelerator(name)
        found = schedule.plan_fq_bert(
            paper.values["device"], at_most_ms=paper.inference().latency_ms, pus=(12, *range(1, 12)), **SIZES
        )
        assert (found.machine.pus, found.machine.n, found.machine.m) == (12, paper.n, paper.m)


def test_what_is_short_is_told():
    found = schedule.plan_fq_bert(None, {"dsp": 60})
    assert not found.feasible and found.machine is None and found.inference is None
    assert (
        found.reason
        == "dsp is 39 short (99 at least, 60 in the budget); smallest budget that would do: dsp 99"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"device": "zcu103"}, "hardware.device: name must be one of .*zcu102.*; got 'zcu103'"),
        (
            {"device": None, "budget": {"x": 1}},
            "budget must name resources among dsp, ff, lut, bram18; got 'x'",
        ),
        ({"share": 0}, "share must be above 0 and at most 1, got 0"),
        ({"share": 1.5}, "share must be above 0 and at most 1, got 1.5"),
        ({"m": [3]}, "m must be even and positive, got 3"),
        ({"n": []}, "pus, n and m must have at least one value each, got none"),
        ({"cloc": 100}, "changes must be among .*; got 'cloc'"),
    ],
)
def test_wrong_calls_are_one_sentence(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        schedule.plan_fq_bert(**arguments)
