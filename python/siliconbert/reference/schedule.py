"""Plans under a budget, from the definitions: every combination, and the greedy policies step by step.

An operator is (time by choice, amounts choices x resources, level by choice), as in the core; calls are
stages x operators, the budget one number a resource, infinity where there is no limit.
"""

import itertools

import numpy as np


def value(operators, calls, plan, objective):
    """The objective of a plan, a choice an operator."""
    time = np.array([each[0][c] for each, c in zip(operators, plan, strict=True)])
    stages = np.asarray(calls) @ time
    return {"sum": stages.sum(), "stage": stages.max(), "operator": time.max()}[objective]


def amounts(operators, plan):
    """What a plan takes, by resource."""
    return sum(np.asarray(each[1])[c] for each, c in zip(operators, plan, strict=True))


def fits(operators, budget, plan):
    """Whether a plan fits the budget."""
    return bool((amounts(operators, plan) <= budget).all())


def exact(operators, calls, budget, objective):
    """The best of all plans that fit: least objective, then least first resource, then first choices.

    None where none fits. Objectives that differ by rounding only count as equal.
    """
    plans = itertools.product(*(range(len(each[0])) for each in operators))
    keys = [
        (round(float(value(operators, calls, plan, objective)), 9), amounts(operators, plan)[0], plan)
        for plan in plans
        if fits(operators, budget, plan)
    ]
    return min(keys)[2] if keys else None


def start(operators, calls, budget, objective):
    """The best plan of choices of level 0."""
    lowest = [tuple(np.asarray(x)[np.asarray(each[2]) == 0] for x in each) for each in operators]
    return exact(lowest, calls, budget, objective)


def stepped(operators, budget, plan, op):
    """The plan with one operator at its next level, the first choice there that fits; or None."""
    level = operators[op][2]
    for choice in np.flatnonzero(np.asarray(level) == level[plan[op]] + 1):
        made = (*plan[:op], int(choice), *plan[op + 1 :])
        if fits(operators, budget, made):
            return made
    return None


def greedy(operators, calls, budget, policy, objective):
    """greedy_stop, greedy_freeze, greedy_stage or marginal, from `start`; None where nothing fits."""
    plan = start(operators, calls, budget, objective)
    if plan is None:
        return None
    if policy == "marginal":
        return _marginal(operators, calls, budget, objective, plan)
    free = set(range(len(operators)))
    while free:
        time = np.array([each[0][c] for each, c in zip(operators, plan, strict=True)])
        op = _slowest(time, np.asarray(calls), free, stages=policy == "greedy_stage")
        if op is None:
            break
        step = stepped(operators, budget, plan, op)
        if step is not None:
            plan = step
        elif policy == "greedy_stop":
            break
        else:
            free.remove(op)
    return plan


def _slowest(time, calls, free, stages):
    """The slowest free operator; with `stages` of the slowest stage that has a free one."""
    if not stages:
        return max(sorted(free), key=lambda op: time[op])
    members = [[op for op in sorted(free) if row[op] > 0] for row in calls]
    known = [s for s, found in enumerate(members) if found]
    if not known:
        return None
    slowest = max(known, key=lambda s: calls[s] @ time)
    return max(members[slowest], key=lambda op: time[op])


def _marginal(operators, calls, budget, objective, plan):
    while True:
        now, used = value(operators, calls, plan, objective), amounts(operators, plan)
        worth = []
        for op in range(len(operators)):
            step = stepped(operators, budget, plan, op)
            if step is None:
                continue
            gain = now - value(operators, calls, step, objective)
            limits = np.maximum(budget, 1e-300)
            share = max(0.0, float(((amounts(operators, step) - used) / limits).max()))
            if gain > 0:
                worth.append((gain / share if share > 0 else np.inf, -op, step))
        if not worth:
            return plan
        plan = max(worth)[2]
