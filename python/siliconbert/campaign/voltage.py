"""One sentence under a latency target: the frequency it needs, its voltage by every curve, its timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from siliconbert.campaign.accelerator import AcceleratorPlan, assumed_line
from siliconbert.campaign.outcome import Curves, Measurement, Outcome, Quantity
from siliconbert.hardware import Segment

FREQUENCY = Quantity("frequency", "frequency", "MHz", 1)
VOLTAGE = Quantity("voltage", "voltage", "V", 3)
LATENCY = Quantity("latency", "all layers at nominal voltage", "ms", 2)
FITS = Quantity("fits", "all layers end by the target (1: yes)", "", 0)
START = Quantity("start", "start", "ms", 4)
POWER = Quantity("power", "power", "mW", 1)
ENERGY = Quantity("energy", "energy", "uJ", 3)
_POINTS = 200  # of a curve in the figure


@dataclass(frozen=True)
class Plan(AcceleratorPlan):
    """What the task list asks for.

    predicted : exit layer of the sentence
    curves    : names of voltage-frequency curves, the first one for the timeline
    heads_off : heads switched off in the second case of all layers
    """

    target_ms: float
    predicted: int
    heads_off: int
    curves: Sequence[str]
    row: str


def run(table: str, plan: Plan) -> Outcome:
    """The choice by every curve, whether all layers fit, and the sentence stretch by stretch."""
    segments = plan.machine(frequency_curve=plan.curves[0]).timeline(
        plan.shape, plan.predicted, plan.predicted, target_ms=plan.target_ms
    )
    rows = [*_choices(plan), *_fitting(plan), *_stretches(segments)]
    return Outcome(table, "*", "model", _header(plan), tuple(rows), (_steps(segments), _curves(plan)))


def _header(plan: Plan) -> tuple[str, ...]:
    return (
        f"{plan.line}, 128 tokens, target {plan.target_ms:g} ms, predicted and actual exit after layer "
        f"{plan.predicted}",
        "voltage: the lowest step of the regulator at which the curve reaches the frequency that is needed; "
        "no curve has seen the paper's 0.7 V",
        "curves: alpha-power and linear go through 0.8 V, 1 GHz and the successor chip's low end, as shares "
        "of its high end; successor is that chip's line at its own volts; proportional has no threshold",
        "the figure's waveforms are not published as numbers; its one point in the text is compared",
        assumed_line(plan.accelerator),
    )


def _choices(plan: Plan) -> list[Measurement]:
    found = []
    for curve in plan.curves:
        run = plan.machine(frequency_curve=curve).sentences(
            plan.shape, [plan.predicted], [plan.predicted], target_ms=plan.target_ms
        )
        row = f"curve {curve}"
        found += [
            Measurement(row, FREQUENCY, float(run.frequency[0]) / 1e6),
            Measurement(row, VOLTAGE, float(run.voltage[0]), beside=plan.row),
        ]
    return found


def _fitting(plan: Plan) -> list[Measurement]:
    found = []
    for overlap, words in ((0.0, "SFU after PU"), (1.0, "SFU hidden")):
        for off in (0, plan.heads_off):
            run = plan.machine(sfu_overlap=overlap).base(plan.shape, heads_off=off, target_ms=plan.target_ms)
            row = f"all layers, {off or 'no'} heads off, {words}"
            found += [
                Measurement(row, LATENCY, 1e3 * float(run.latency[0])),
                Measurement(row, FITS, float(run.feasible[0])),
            ]
    return found


def _stretches(segments: Sequence[Segment]) -> list[Measurement]:
    return [
        Measurement(f"{i}. {s.what}", quantity, value)
        for i, s in enumerate(segments, 1)
        for quantity, value in (
            (START, s.start_ms),
            (VOLTAGE, s.voltage),
            (FREQUENCY, s.frequency / 1e6),
            (POWER, s.power_mw),
            (ENERGY, 1e6 * s.joules),
        )
    ]


def _steps(segments: Sequence[Segment]) -> Curves:
    """Voltage over time, two points a stretch."""
    times = np.array([t for s in segments for t in (s.start_ms, s.start_ms + s.ms)])
    volts = np.array([s.voltage for s in segments for _ in range(2)])
    return Curves("timeline", "Supply voltage during one sentence", "ms", "V", {"voltage": (times, volts)})


def _curves(plan: Plan) -> Curves:
    levels = plan.machine().values["voltage_levels"]
    volts = np.linspace(levels[0], levels[-1], _POINTS)
    series = {}
    for curve in plan.curves:
        machine = plan.machine(frequency_curve=curve)
        series[curve] = (volts, np.array([machine.fastest(float(v)) / 1e6 for v in volts]))
    return Curves("curves", "Highest frequency at a voltage", "V", "MHz", series)
