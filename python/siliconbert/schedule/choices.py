"""The scheduler's input: for every operator what it can be, what each choice takes, how often it runs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Stages = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, eq=False)
class Choices:
    """What one operator can be.

    options    : names of the choices, such as 1, 2, 4 or (8, 16), in the order of rising parallelism
    latency_ms : (C,), of one invocation
    resources  : resource -> (C,), of one unit; 0 where a choice does not need it
    units      : how many are built
    level      : (C,), rises from 0 by at most 1: a greedy step goes to the next level and takes the first
                 choice there that fits; None: every choice is a level

    >>> Choices("mm", [1, 2], [2.0, 1.0], {"dsp": [5, 10]}).amounts("dsp").tolist()
    [5.0, 10.0]
    """

    name: str
    options: Sequence[Hashable]
    latency_ms: ArrayLike
    resources: Mapping[str, ArrayLike]
    units: int = 1
    level: ArrayLike | None = None

    def __post_init__(self) -> None:
        """Refuses what does not fit together."""
        count = len(self.options)
        numbers = {"latency_ms": self.latency_ms, **self.resources}
        if self.level is not None:
            numbers["level"] = self.level
        for key, values in numbers.items():
            if np.shape(values) != (count,):
                raise ValueError(
                    f"schedule.Choices: {self.name}: {key} must hold {count} numbers, one an option, "
                    f"got shape {np.shape(values)}"
                )
        if self.units < 1:
            raise ValueError(f"schedule.Choices: {self.name}: units must be at least 1, got {self.units}")

    def times(self) -> Floats:
        """ms of one invocation, (C,)."""
        return np.asarray(self.latency_ms, np.float64)

    def amounts(self, resource: str) -> Floats:
        """Of all units, (C,); 0 for a resource that no choice names."""
        found = self.resources.get(resource)
        return np.zeros(len(self.options)) if found is None else self.units * np.asarray(found, np.float64)

    def levels(self) -> NDArray[np.int32]:
        """The level of every choice."""
        return np.asarray(range(len(self.options)) if self.level is None else self.level, np.int32)

    def index(self, option: Hashable) -> int:
        """The place of an option; ValueError listing the known ones.

        >>> Choices("mm", [1, 2], [2.0, 1.0], {"dsp": [5, 10]}).index(3)
        Traceback (most recent call last):
        ValueError: schedule: mm: parallelism must be one of 1, 2; got 3
        """
        if option not in self.options:
            known = ", ".join(map(str, self.options))
            raise ValueError(f"schedule: {self.name}: parallelism must be one of {known}; got {option!r}")
        return list(self.options).index(option)


@dataclass(frozen=True, eq=False)
class Problem:
    """Operators, the stages that call them, and the budget.

    stages : stage -> operator -> invocations of it; None: one stage that calls every operator once
    budget : resource -> how much there is; what it does not name is unlimited
    """

    operators: Sequence[Choices]
    stages: Stages
    budget: Mapping[str, float]
    resources: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Refuses unknown operators and resources."""
        names = [each.name for each in self.operators]
        if not names:
            raise ValueError("schedule: there must be at least one operator, got none")
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"schedule: operators must have different names, got {min(twice)!r} twice")
        for stage, calls in self.stages.items():
            if unknown := set(calls) - set(names):
                raise ValueError(
                    f"schedule: stage {stage!r} must call operators among {', '.join(names)}; "
                    f"got {min(unknown)!r}"
                )
        known = list(dict.fromkeys(r for each in self.operators for r in each.resources))
        for resource, amount in self.budget.items():
            if resource not in known:
                raise ValueError(
                    f"schedule: budget must name resources among {', '.join(known)}; got {resource!r}"
                )
            if not isinstance(amount, (int, float, np.number)) or not amount >= 0:
                raise ValueError(
                    f"schedule: budget of {resource} must be a number of at least 0, got {amount!r}"
                )
        object.__setattr__(self, "resources", tuple(known))

    def calls(self) -> Floats:
        """Stages x operators: invocations."""
        rows = [[calls.get(each.name, 0.0) for each in self.operators] for calls in self.stages.values()]
        return np.array(rows, np.float64)

    def limits(self) -> Floats:
        """By resource; infinity where unlimited."""
        return np.array([self.budget.get(r, np.inf) for r in self.resources], np.float64)

    def table(self, index: int) -> tuple[Floats, Floats, NDArray[np.int32]]:
        """Times, amounts (choices x resources) and levels of an operator: what the core takes."""
        each = self.operators[index]
        return each.times(), np.column_stack([each.amounts(r) for r in self.resources]), each.levels()

    def tables(self) -> list[Any]:
        """`table` of all operators."""
        return [self.table(i) for i in range(len(self.operators))]


def make(operators: Sequence[Choices], stages: Stages | None, budget: Mapping[str, float]) -> Problem:
    """A problem whose stages may lack: then one stage calls every operator once."""
    if stages is None:
        stages = {"network": {each.name: 1.0 for each in operators}}
    return Problem(list(operators), stages, budget)
