"""Latency against the budget of one resource: every policy, beside a given design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from siliconbert import schedule
from siliconbert.campaign.outcome import Curves, Measurement, Outcome, Quantity

LATENCY = Quantity("latency", "latency", "ms", 3)
GAP = Quantity("gap", "above the optimum", "%", 2)
USED = Quantity("used", "of the budget used", "%", 1)


@dataclass(frozen=True)
class Plan:
    """A network, a device, budgets of one resource, and a design to stand beside the curves."""

    network: str
    device: str
    resource: str
    budgets: Sequence[int]
    design: Mapping[str, int]
    name: str


def run(table: str, plan: Plan) -> Outcome:
    """A row a budget and policy; the figure has a line a policy."""
    plans = {
        (budget, policy): schedule.allocate(
            plan.network,
            device=plan.device,
            budget={plan.resource: budget},
            policy=policy,
            memory="none",
        )
        for budget in plan.budgets
        for policy in schedule.POLICIES
    }
    rows = []
    for (budget, policy), found in plans.items():
        row = f"{plan.resource} {budget}, {policy}"
        rows.append(Measurement(row, LATENCY, found.latency_ms))
        best = plans[budget, "exact"].latency_ms
        rows.append(Measurement(row, GAP, 100 * (found.latency_ms / best - 1)))
        rows.append(Measurement(row, USED, 100 * found.resources[plan.resource] / budget))
    design = schedule.allocate(plan.network, device=plan.device, budget={}, fixed=plan.design, memory="none")
    rows.append(Measurement(plan.name, LATENCY, design.latency_ms))
    x = np.array(plan.budgets, float)
    series = {
        policy: (x, np.array([plans[b, policy].latency_ms for b in plan.budgets]))
        for policy in schedule.POLICIES
    }
    figure = Curves(
        "budget",
        f"{plan.network} on {plan.device}",
        f"budget of {plan.resource.upper()}",
        "latency of a batch (ms)",
        series,
        {plan.name: (design.resources[plan.resource], design.latency_ms)},
        log=True,
    )
    header = (
        f"{design.network.title}, {design.network.rows} rows, on {design.device.title}; only "
        f"{plan.resource.upper()} is limited",
        "greedy_stop, greedy_freeze and greedy_stage are three readings of the paper's prose",
    )
    return Outcome(table, "*", "model", header, tuple(rows), (figure,))
