"""The scheduler's problem as an integer program, solved by HiGHS (the package highspy)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from siliconbert import extras


def solve(
    operators: Any, calls: Any, budget: Any, objective: str, gap: float = 0.0, seconds: float = 60.0
) -> float | None:
    """The least objective ("sum", "stage" or "operator"), or None where no plan fits or time is up.

    operators, calls, budget : as the core's schedule.solve takes them
    gap                      : a relative gap that is good enough
    errors                   : ImportError where highspy is not installed

    One variable of 0 or 1 a choice, of which each operator has one; z is above every sum of times.
    """
    extras.require("bench", "bench", "highspy")
    highspy = import_module("highspy")
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("mip_rel_gap", gap)
    model.setOptionValue("mip_abs_gap", 0.0)
    model.setOptionValue("time_limit", seconds)
    pick = [[model.addBinary() for _ in each[0]] for each in operators]
    for row in pick:
        model.addConstr(sum(row) == 1)
    for r in np.flatnonzero(np.isfinite(budget)):
        amounts = [each[1][:, r] for each in operators]
        model.addConstr(_total(pick, amounts) <= float(budget[r]))
    z = model.addVariable(lb=0)
    for weight in _rows(np.asarray(calls), objective):
        times = [w * each[0] for w, each in zip(weight, operators, strict=True)]
        if any(time.any() for time in times):
            model.addConstr(_total(pick, times) <= z)
    model.minimize(z)
    found = model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(model.getObjectiveValue()) if found else None


def _rows(calls: Any, objective: str) -> Any:
    """The sums of which the largest counts."""
    if objective == "sum":
        return calls.sum(axis=0, keepdims=True)
    return calls if objective == "stage" else np.eye(calls.shape[1])


def _total(pick: Any, numbers: Any) -> Any:
    return sum(
        x * float(n)
        for row, values in zip(pick, numbers, strict=True)
        for x, n in zip(row, values, strict=True)
        if n
    )
