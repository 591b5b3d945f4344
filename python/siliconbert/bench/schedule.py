"""`siliconbert bench schedule`: what the exact scheduler takes and proves, and what greedy policies find."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from siliconbert import schedule
from siliconbert.bench import highs, processor
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.worker import peak_mib
from siliconbert.schedule import OBJECTIVES, POLICIES, Plan

EQUAL = 1e-6  # relative: how near two solvers' objectives must be
PEER_SECONDS = 10.0


@dataclass(frozen=True)
class Case:
    """A problem, and the seconds that exact may take; set before the first measurement.

    quick : whether it is short enough to be repeated and to show the greedy policies, which ask for a bound
    """

    name: str
    network: str
    limit: float
    budget: Mapping[str, float] | None = None
    tolerance: float = 0.0
    more: Mapping[str, Any] = field(default_factory=dict)
    quick: bool = True

    def plan(self, policy: str = "exact") -> Plan:
        """What a policy finds."""
        return schedule.allocate(
            self.network, budget=self.budget, policy=policy, tolerance=self.tolerance, **self.more
        )


_BERT = {"dsp": 15_000.0, "ff": 4_500_000.0, "lut": 4_500_000.0}
CASES = (
    Case("the paper's network, u200", "cbbp-wikitext2", 0.05),
    Case("the paper's network, 3,368 DSP", "cbbp-wikitext2", 0.05, {"dsp": 3368}),
    Case("BERT, 12 layers, a choice a kind", "bert-base", 2.0, _BERT, more={"density": 0.1}),
    *(
        Case(
            f"BERT, 60 choices, {objective}",
            "bert-base",
            10.0,
            _BERT,
            1e-3,
            {"density": 0.1, "layout": "independent", "objective": objective},
            quick=objective == "sum",
        )
        for objective in OBJECTIVES
    ),
)


def run(peers: bool, repeats: int = 5) -> Result:
    """Checks exact against every greedy policy (and HiGHS, with peers), then times it.

    errors: RuntimeError where a policy is better than exact's bound, or HiGHS differs by more than the gap
    """
    timings, footer = [], []
    for case in CASES:
        plans = {policy: case.plan(policy) for policy in (POLICIES if case.quick else ("exact",))}
        footer += [_check(case, plans), *_shown(plans)]
        timings.append(_timing(case.name, case.plan, repeats if case.quick else 1, case.limit))
        if peers:
            timings.append(_peer(case, plans["exact"], timings[-1].median))
    header = (
        f"processor: {processor.here()}",
        f"run: 1 thread, {repeats} repeats, load {os.getloadavg()[0]:.1f} at the end; processor "
        "time of the whole call, from the network's name to the plan",
        "limit: 50 ms for the paper's network, 2 s for a choice a kind, 10 s for a proven gap of 0.1 %",
    )
    return Result(header, tuple(timings), tuple(footer), peak_mib())


def _check(case: Case, plans: Mapping[str, Plan]) -> str:
    best = plans["exact"].solution
    for policy, plan in plans.items():
        if plan.solution.objective_ms < best.bound_ms * (1 - EQUAL):
            raise RuntimeError(f"bench: {case.name}: {policy} is below the bound of exact")
    if best.gap > case.tolerance + EQUAL:
        raise RuntimeError(f"bench: {case.name}: gap must be at most {case.tolerance}, got {best.gap}")
    return (
        f"{case.name}: {best.objective_ms:.4f} ms, gap at most {100 * best.gap:.3f} %, "
        f"{best.states} states looked at"
    )


def _shown(plans: Mapping[str, Plan]) -> list[str]:
    """The policies' plans; of many operators the objectives alone."""
    found = []
    for policy, plan in plans.items():
        lanes = plan.parallelism
        text = ", ".join(f"{name} {n}" for name, n in lanes.items()) if len(lanes) <= 12 else ""
        above = 100 * (plan.solution.objective_ms / plans["exact"].solution.objective_ms - 1)
        found.append(f"  {policy}: {plan.solution.objective_ms:.4f} ms (+{above:.2f} %) {text}".rstrip())
    return found


def _timing(name: str, task: Callable[[], object], repeats: int, limit: float) -> Timing:
    """Milliseconds; the ratio is how many times it fits into the limit."""
    took = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        took.append(time.process_time() - start)
    middle = median(took)
    return Timing(name, 1e3 * middle, 1e3 * min(took), 1e3 * max(took), limit / middle, 1.0)


def _peer(case: Case, plan: Plan, ours_ms: float) -> Timing:
    """HiGHS on the same numbers, to the same gap, once."""
    problem = plan.solution.problem
    kind = OBJECTIVES[plan.solution.objective]
    start = time.process_time()
    found = highs.solve(
        problem.tables(), problem.calls(), problem.limits(), kind, case.tolerance, PEER_SECONDS
    )
    took = 1e3 * (time.process_time() - start)
    if found is None:
        return Timing(f"  HiGHS (not proven in {PEER_SECONDS:g} s)", took, took, took)
    ours = plan.solution.objective_ms
    if abs(found / ours - 1) > case.tolerance + EQUAL:
        raise RuntimeError(f"bench: {case.name}: HiGHS must find {ours:.6g} ms, got {found:.6g}")
    return Timing(f"  HiGHS ({took / ours_ms:.0f} times ours)", took, took, took)
