"""Plans for any operators under any budget: the policies by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from siliconbert._core import schedule as _core
from siliconbert.schedule import choices
from siliconbert.schedule.choices import Choices, Floats, Problem, Stages
from siliconbert.schedule.solution import Solution

POLICIES = ("greedy_stop", "greedy_freeze", "greedy_stage", "marginal", "exact")
OBJECTIVES = {"sum": "sum", "slowest_stage": "stage", "slowest_operator": "operator"}
WIDTH = 1 << 16


def solve(
    operators: Sequence[Choices],
    budget: Mapping[str, float],
    policy: str = "exact",
    objective: str = "sum",
    stages: Stages | None = None,
    width: int = WIDTH,
    tolerance: float = 0.0,
) -> Solution:
    """One choice for every operator, so that the objective is small and the amounts fit the budget.

    budget    : resource -> amount; what it does not name is unlimited
    policy    : "exact": the optimum; of equal ones the least of the first resource, then the first choices.
                "greedy_stop": the slowest operator gets its next level, until that does not fit;
                "greedy_freeze": one that cannot grow is left as it is, the others go on;
                "greedy_stage": the slowest operator of the slowest stage, else as greedy_freeze;
                "marginal": the step with the largest gain for its share of the scarcest resource
    objective : "sum" of all stages' times, "slowest_stage", or "slowest_operator" (one invocation)
    stages    : stage -> operator -> invocations; None: one stage that calls every operator once
    width     : states that exact keeps at most; where there are more, `gap` of the result is what is proven
    tolerance : a gap that is good enough for exact, 0..1; 0: the optimum
    errors    : ValueError for unknown names and numbers that are negative or not finite. A budget that
                nothing fits is no error: `feasible` is false, `reason` says why
    source    : cbbp_isqed2021, Sec. IV-D (greedy_stop, greedy_freeze and greedy_stage are readings of it)

    >>> mm = Choices("mm", [1, 2, 4], [4.0, 2.0, 1.0], {"dsp": [5, 10, 20]})
    >>> add = Choices("add", [1, 2], [1.0, 0.5], {"dsp": [4, 8]})
    >>> solve([mm, add], {"dsp": 24}).choice
    {'mm': 4, 'add': 1}
    """
    problem = choices.make(operators, stages, budget)
    if policy not in POLICIES:
        raise ValueError(f"schedule: policy must be one of {', '.join(POLICIES)}; got {policy!r}")
    if objective not in OBJECTIVES:
        raise ValueError(f"schedule: objective must be one of {', '.join(OBJECTIVES)}; got {objective!r}")
    found = _core.solve(
        problem.tables(),
        problem.calls(),
        problem.limits(),
        getattr(_core.Policy, policy),
        getattr(_core.Objective, OBJECTIVES[objective]),
        width,
        tolerance,
    )
    chosen, amounts = found["choice"], np.zeros(len(problem.resources))
    for i, choice in enumerate(chosen):
        amounts += problem.table(i)[1][choice]
    return Solution(
        problem=problem,
        policy=policy,
        objective=objective,
        choice={each.name: each.options[i] for each, i in zip(problem.operators, chosen, strict=False)},
        objective_ms=found["objective"] if chosen else float("nan"),
        bound_ms=found["bound"],
        resources=dict(zip(problem.resources, amounts.tolist(), strict=True)) if chosen else {},
        reason="" if chosen else _reason(problem, found["bound"]),
        prices=dict(zip(problem.resources, found["prices"], strict=True)),
        states=found["states"],
    )


def _reason(problem: Problem, bound: float) -> str:
    """Which resource is short, by how much, and the smallest budget that would do."""
    if np.isfinite(bound):
        return "no plan was found within the search's width, and none was excluded"
    least = {r: sum(float(each.amounts(r).min()) for each in problem.operators) for r in problem.resources}
    short = {r: n for r, n in least.items() if n > problem.budget.get(r, np.inf)}
    needed = [f"{r} {number(n)}" for r, n in _smallest(problem, tuple(short)).items()]
    if short:
        parts = [
            f"{r} is {number(n - problem.budget[r])} short ({number(n)} at least, "
            f"{number(problem.budget[r])} in the budget)"
            for r, n in short.items()
        ]
        return f"{'; '.join(parts)}; smallest budget that would do: {' and '.join(needed)}"
    advice = (
        f"smallest budget that would do: {' or '.join(needed)}" if needed else "more of one does not help"
    )
    return f"no choices of the operators fit all of {', '.join(problem.budget)} at once; {advice}"


def _smallest(problem: Problem, short: tuple[str, ...]) -> dict[str, float]:
    """Resource -> the least amount of it with which a plan fits the rest of the budget.

    Of resources that are short the least that each needs while the others that are short are unlimited.
    """
    found = {}
    for resource in short or tuple(problem.budget):
        rest = {r: n for r, n in problem.budget.items() if r != resource and r not in short}
        amount = _least(problem, resource, rest)
        if amount is not None:
            found[resource] = amount
    return found


def _least(problem: Problem, resource: str, budget: Mapping[str, float]) -> float | None:
    """The least amount of a resource: the same problem, with amounts in the place of times."""
    tables: list[Any] = []
    for i, each in enumerate(problem.operators):
        _, amounts, _ = problem.table(i)
        tables.append((each.amounts(resource), amounts, np.arange(len(each.options), dtype=np.int32)))
    limits: Floats = np.array([budget.get(r, np.inf) for r in problem.resources], np.float64)
    once = np.ones((1, len(problem.operators)))
    found = _core.solve(tables, once, limits, _core.Policy.exact, _core.Objective.sum, WIDTH, 0.0)
    return float(found["objective"]) if found["choice"] else None


def number(value: float) -> str:
    """An amount as text, without a fraction where it has none.

    >>> number(1318.0), number(2.5)
    ('1318', '2.5')
    """
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"
