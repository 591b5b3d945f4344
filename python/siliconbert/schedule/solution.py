"""The scheduler's answer: the choices, what they take, what binds, how far the optimum can be."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from siliconbert.schedule.choices import Problem


@dataclass(frozen=True, eq=False)
class Solution:
    """A choice for every operator.

    choice       : operator -> option; empty where nothing fits
    objective    : its name; objective_ms: its value, NaN where nothing fits
    bound_ms     : no plan under this budget is below it; infinity where none fits
    resources    : resource -> amount of all units; of what is not budgeted too
    reason       : why nothing fits, or empty
    prices       : resource -> ms that one more of it is worth to the relaxed problem (shares of choices)
    states       : plans and parts of plans that were looked at

    >>> from siliconbert.schedule import Choices, solve
    >>> found = solve([Choices("mm", [1, 2, 4], [4.0, 2.0, 1.0], {"dsp": [5, 10, 20]})], {"dsp": 12})
    >>> found.choice, found.objective_ms, found.resources, found.binding, found.gap
    ({'mm': 2}, 2.0, {'dsp': 10.0}, 'dsp', 0.0)
    """

    problem: Problem
    policy: str
    objective: str
    choice: Mapping[str, Hashable]
    objective_ms: float
    bound_ms: float
    resources: Mapping[str, float]
    reason: str
    prices: Mapping[str, float]
    states: int

    @property
    def feasible(self) -> bool:
        """Whether there is a plan."""
        return bool(self.choice)

    @property
    def gap(self) -> float:
        """How far below the objective the optimum can lie at most, as a share of it; 0: it is the optimum."""
        if not self.feasible or self.objective_ms <= 0:
            return 0.0
        return max(0.0, 1 - self.bound_ms / self.objective_ms)

    @cached_property
    def operator_ms(self) -> dict[str, float]:
        """Operator -> ms of one invocation."""
        return {each.name: float(each.times()[self._index(each)]) for each in self._chosen()}

    @cached_property
    def stage_ms(self) -> dict[str, float]:
        """Stage -> ms."""
        return {
            stage: sum(count * self.operator_ms[name] for name, count in calls.items())
            for stage, calls in (self.problem.stages.items() if self.feasible else ())
        }

    @property
    def latency_ms(self) -> float:
        """All stages one after the other; NaN where nothing fits."""
        return sum(self.stage_ms.values()) if self.feasible else float("nan")

    @property
    def interval_ms(self) -> float:
        """The slowest stage: what a pipeline of the stages needs from one result to the next."""
        return max(self.stage_ms.values()) if self.feasible else float("nan")

    @cached_property
    def blocked(self) -> dict[str, str]:
        """Operator -> the resource that the least step to a faster choice exceeds most; fastest ones lack."""
        found = {name: self._blocked(name) for name in self.choice}
        return {name: resource for name, resource in found.items() if resource}

    @property
    def binding(self) -> str | None:
        """The resource that keeps the plan from being faster; None where every operator is at its fastest."""
        among = set(self.blocked.values())
        weight = {r: (self.prices[r] * self.problem.budget[r], self.used(r)) for r in among}
        return max(sorted(among), key=lambda r: weight[r]) if among else None

    def used(self, resource: str) -> float:
        """The share of the budget that is taken; 0 where it is unlimited."""
        limit = self.problem.budget.get(resource, float("inf"))
        return self.resources[resource] / limit if limit > 0 else 1.0

    def _chosen(self) -> list[Any]:
        return list(self.problem.operators) if self.feasible else []

    def _index(self, each: Any) -> int:
        return int(each.index(self.choice[each.name]))

    def _blocked(self, name: str) -> str:
        """Of the faster choices the one that exceeds least decides."""
        each = next(e for e in self.problem.operators if e.name == name)
        at, times = self._index(each), each.times()
        limited = list(self.problem.budget)
        if not limited or not (times < times[at]).any():
            return ""
        amounts = np.column_stack([each.amounts(r) for r in limited])
        limits = np.array([self.problem.budget[r] for r in limited], np.float64)
        used = np.array([self.resources[r] for r in limited])
        excess = (used + amounts[times < times[at]] - amounts[at] - limits) / np.maximum(limits, 1.0)
        least = excess[int(np.argmin(excess.max(axis=1)))]
        return limited[int(np.argmax(least))] if least.max() > 0 else ""
