"""The least energy within a deadline and an accuracy, between the paper's policy and an oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from siliconbert.campaign.latency_aware import Plan, lines
from siliconbert.campaign.outcome import Bars, Measurement, Outcome, Quantity
from siliconbert.campaign.policy import Policies, Policy, best_policy
from siliconbert.campaign.prediction import with_lut
from siliconbert.campaign.setup import STAND_IN, Call

ENERGY = Quantity("energy", "energy", "mJ", 4)
SAVED = Quantity("saved", "less than the paper's policy", "%", 1)
ACCURACY = Quantity("accuracy", "accuracy", "%")
LAYER = Quantity("layer", "average exit layer", "layers")
PREDICTED = Quantity("predicted", "average predicted exit layer", "layers")
THRESHOLD = Quantity("threshold", "exit threshold", "nat", 4)
BIAS = Quantity("bias", "threshold of predictions above it", "nat", 4)
VOLTAGE = Quantity("voltage", "mean voltage after the prediction", "V", 3)
START = Quantity("start", "voltage before it", "V", 3)
REACHED = Quantity("reached", "way from the paper's policy to the oracle", "%", 1)
NAMES = {
    "paper": "the paper's",
    "threshold": "best threshold",
    "bias": "and bias",
    "voltage": "and voltages after the prediction",
    "start": "and before it",
    "oracle": "oracle",
}


@dataclass(frozen=True)
class Budgets:
    """Allowed drops of accuracy; leakage: its share of the accelerator's average power at nominal voltage."""

    drops: tuple[float, ...]
    leakage: float


def run(table: str, call: Call, model: str, task: str, plan: Plan, budgets: Budgets) -> Outcome:
    """Every policy at every drop and target, on one model's trace.

    errors : ValueError where the authors' files are asked for
    """
    if call.authors:
        raise ValueError(
            "reproduce: --authors must be left out, their files hold no labels to keep a drop by"
        )
    subject, lut, origin = with_lut(call, model, task)
    trace = subject.traced(call)
    power = plan.machine().values["average_power"]
    machine = plan.machine(leakage_power=budgets.leakage * power)
    found = {
        f"{100 * drop:g} %, {target:g} ms": best_policy(
            trace,
            subject.data.labels,
            lut,
            drop,
            target,
            machine,
            plan.shape,
            threads=call.threads,
            **plan.reduced,
        )
        for drop in budgets.drops
        for target in plan.targets_ms
    }
    rows = [m for row, policies in found.items() for m in _rows(row, policies)]
    header = (*subject.header(trace), STAND_IN, origin, *lines(plan)[:1], *_lines(budgets))
    return Outcome(table, task, "model", header, tuple(rows), (_figure(found),))


def _lines(budgets: Budgets) -> tuple[str, ...]:
    return (
        f"leakage: {100 * budgets.leakage:g} % of the average power at nominal voltage (assumed), "
        "counted while a sentence runs; charging the rail is counted",
        "each policy has one freedom more than the one before it and is exact: all distinct thresholds and "
        "all voltage levels were tried on these sentences; a fresh set of sentences will give less",
        "oracle: knows the exit layer before the sentence starts, of exits that these thresholds can give",
        "the paper has no such table; nothing is compared",
    )


def _rows(row: str, policies: Policies) -> list[Measurement]:
    found = [
        Measurement(f"{row}, all layers", ENERGY, 1e3 * policies.full),
        Measurement(f"{row}, early exit", ENERGY, 1e3 * policies.plain),
    ]
    paper = policies.found.get("paper")
    for name, policy in policies.found.items():
        found += _policy(f"{row}, {NAMES[name]}", policy, paper)
    if paper is not None:
        found.append(Measurement(f"{row}, {NAMES['start']}", REACHED, 100 * policies.reached))
    return found


def _policy(row: str, policy: Policy, paper: Policy | None) -> list[Measurement]:
    found = [Measurement(row, ENERGY, 1e3 * policy.energy)]
    if paper is not None and policy is not paper:
        found.append(Measurement(row, SAVED, 100 * (1 - policy.energy / paper.energy)))
    found += [
        Measurement(row, ACCURACY, 100 * policy.accuracy),
        Measurement(row, LAYER, float(policy.layer.mean())),
        Measurement(row, THRESHOLD, policy.threshold),
    ]
    volts = [policy.points[p][0] for p in policy.predicted[policy.layer > 1] if p in policy.points]
    if policy.name != "oracle":
        found += [
            Measurement(row, PREDICTED, float(policy.predicted.mean())),
            Measurement(row, BIAS, policy.bias),
            Measurement(row, START, policy.start[0]),
        ]
    if volts:
        found.append(Measurement(row, VOLTAGE, float(np.mean(volts))))
    return found


def _figure(found: Mapping[str, Policies]) -> Bars:
    names = [name for name in NAMES if all(name in each.found for each in found.values())]
    series = {
        row: np.array([1e3 * policies.found[name].energy for name in names])
        for row, policies in found.items()
    }
    return Bars(
        "policies",
        "From the paper's policy to the oracle",
        "policy",
        "mJ a sentence",
        np.arange(len(names)),
        series,
        labels=tuple(NAMES[name] for name in names),
    )
