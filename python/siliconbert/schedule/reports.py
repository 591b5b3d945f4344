"""A plan in the words of other tools: FINN's estimate reports and hls4ml's report keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from siliconbert.schedule.plan import Option, Plan

# Bits of one memory block.
_BITS = {"bram18": 512 * 36, "uram": 4096 * 72}


def finn(plan: Plan) -> dict[str, dict[str, Any]]:
    """FINN's estimate reports: name of the file -> what it holds.

    Nodes are units, "mm1_0", "mm1_1". As in FINN, latency is the sum of all nodes on the path and throughput
    that of the slowest node, as if every node were a pipeline stage of its own; a frame is a row. Beside
    FINN's keys there is FF, which FINN does not estimate.
    errors : ValueError where nothing fits
    source : finn_code, step_generate_estimate_reports

    >>> from siliconbert import schedule
    >>> reports = finn(schedule.allocate("cbbp-wikitext2", budget={"dsp": 3368}, memory="none"))
    >>> reports["estimate_network_performance.json"]["max_cycles_node_name"]
    'mm4_0'
    """
    _check(plan)
    cycles = _cycles(plan)
    slowest = max(cycles, key=lambda node: cycles[node])
    period = 1e3 / plan.model.mhz
    total = sum(cycles.values())
    return {
        "estimate_layer_cycles.json": cycles,
        "estimate_layer_resources.json": _resources(plan),
        "estimate_network_performance.json": {
            "critical_path_cycles": total,
            "max_cycles": cycles[slowest],
            "max_cycles_node_name": slowest,
            "estimated_throughput_fps": 1e9 * plan.network.rows / (period * cycles[slowest]),
            "estimated_latency_ns": total * period,
        },
    }


def hls4ml(plan: Plan) -> dict[str, dict[str, str]]:
    """hls4ml's report: CSynthesisReport and VivadoSynthReport, values as text in ns and cycles.

    Nothing was synthesised: all are this model's estimates. The interval is that of the stages as a pipeline.
    errors : ValueError where nothing fits
    source : hls4ml_code, hls4ml/report/vivado_report.py

    >>> from siliconbert import schedule
    >>> plan = schedule.allocate("cbbp-wikitext2", device="u200", budget={"dsp": 3000})
    >>> hls4ml(plan)["CSynthesisReport"]["DSP"]
    '2986'
    """
    _check(plan)
    period = f"{1e3 / plan.model.mhz:.2f}"
    per_ms = plan.model.mhz * 1e3
    latency, interval = (str(round(ms * per_ms)) for ms in (plan.latency_ms, plan.interval_ms))
    names = {"BRAM_18K": "bram18", "DSP": "dsp", "FF": "ff", "LUT": "lut", "URAM": "uram"}
    used = {key: str(round(plan.resources.get(r, 0.0))) for key, r in names.items()}
    have = {f"Available{key}": str(plan.device.resources[r]) for key, r in names.items()}
    return {
        "CSynthesisReport": {
            "TargetClockPeriod": period,
            "EstimatedClockPeriod": period,
            "BestLatency": latency,
            "WorstLatency": latency,
            "IntervalMin": interval,
            "IntervalMax": interval,
            **used,
            **have,
        },
        "VivadoSynthReport": {("DSP48E" if key == "DSP" else key): n for key, n in used.items()},
    }


def write(plan: Plan, folder: str | Path) -> list[Path]:
    """Writes plan.json, FINN's files and hls4ml_report.json into a folder; returns the paths.

    errors : ValueError where nothing fits; NotADirectoryError where the folder is a file

    >>> from siliconbert import schedule
    >>> plan = schedule.allocate("cbbp-wikitext2", device="u200", budget={"dsp": 3000})
    >>> [path.name for path in write(plan, "reports")][-2:]
    ['hls4ml_report.json', 'plan.json']
    """
    documents = {**finn(plan), "hls4ml_report.json": hls4ml(plan), "plan.json": plan.json()}
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        (target / name).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return [target / name for name in documents]


def _check(plan: Plan) -> None:
    if not plan.feasible:
        raise ValueError(f"schedule.reports: plan must fit its budget, got: {plan.reason}")


def _units(plan: Plan) -> dict[str, int]:
    return {o.name: o.units for o in plan.network.operators}


def _cycles(plan: Plan) -> dict[str, int]:
    """Node -> cycles; the k-th stage that calls an operator runs on its unit k."""
    per_ms = plan.model.mhz * 1e3
    found = {f"{name}_{i}": 0 for name, count in _units(plan).items() for i in range(count)}
    for name, units in _units(plan).items():
        calls = [calls[name] for calls in plan.network.stages.values() if calls.get(name)]
        for k, count in enumerate(calls):
            found[f"{name}_{k % units}"] += round(count * plan.operator_ms[name] * per_ms)
    return found


def _resources(plan: Plan) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name, units in _units(plan).items():
        one = _node(plan, name)
        found |= {f"{name}_{i}": one for i in range(units)}
    keys = ("BRAM_18K", "DSP", "FF", "LUT", "URAM")
    return found | {"total": {key: sum(one[key] for one in found.values()) for key in keys}}


def _node(plan: Plan, name: str) -> dict[str, float]:
    amounts = plan.unit_resources(name)
    numbers = {key: amounts.get(key.lower(), 0.0) for key in ("DSP", "FF", "LUT", "URAM")}
    numbers["BRAM_18K"] = amounts.get("bram18", 0.0)
    return numbers | {
        "BRAM_efficiency": _efficiency(plan, name, "bram18", numbers["BRAM_18K"]),
        "URAM_efficiency": _efficiency(plan, name, "uram", numbers["URAM"]),
    }


def _efficiency(plan: Plan, name: str, kind: str, blocks: float) -> float:
    """The share of the blocks' bits that hold weights; 1 where there are none."""
    option = plan.options[name]
    work = next(o.work for o in plan.network.operators if o.name == name)
    if not blocks or not isinstance(option, Option) or option.memory != kind:
        return 1.0
    return float(getattr(work, "words", 0.0) * plan.model.width / (blocks * _BITS[kind]))
