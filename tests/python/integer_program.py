"""The scheduler's problem as an integer program, solved by HiGHS."""

import numpy as np
import pytest


def highs(operators, calls, budget, objective):
    """The same problem as an integer program: one of 0 and 1 a choice, z above every sum."""
    highspy = pytest.importorskip("highspy")
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("mip_rel_gap", 0.0)
    model.setOptionValue("mip_abs_gap", 0.0)
    pick = [[model.addBinary() for _ in each[0]] for each in operators]
    for row in pick:
        model.addConstr(sum(row) == 1)
    for r, limit in enumerate(budget):
        terms = [
            x * float(each[1][c, r])
            for each, row in zip(operators, pick, strict=True)
            for c, x in enumerate(row)
        ]
        model.addConstr(sum(terms) <= float(limit))
    z = model.addVariable(lb=0)
    rows = {"sum": calls.sum(axis=0, keepdims=True), "stage": calls, "operator": np.eye(len(operators))}
    for weight in rows[objective]:
        terms = [
            x * float(weight[i] * each[0][c])
            for i, (each, row) in enumerate(zip(operators, pick, strict=True))
            for c, x in enumerate(row)
            if weight[i] > 0
        ]
        if terms:
            model.addConstr(sum(terms) <= z)
    model.minimize(z)
    status = model.getModelStatus()
    return model.getObjectiveValue() if status == highspy.HighsModelStatus.kOptimal else None
