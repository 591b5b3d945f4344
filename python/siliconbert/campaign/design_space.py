"""A grid of designs for the exits of a model, or of the authors' files, at several thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from siliconbert import exits, hardware
from siliconbert.campaign import authors, exit_cases
from siliconbert.campaign.authors import Files
from siliconbert.campaign.early_exit import Rules
from siliconbert.campaign.prediction import with_lut
from siliconbert.campaign.setup import Call
from siliconbert.hardware import ExitStatistics, Exploration
from siliconbert.hardware.grid import Voltage


@dataclass(frozen=True)
class Space:
    """What to explore: an accelerator, the shape that it runs, and the axes of hardware.explore."""

    accelerator: str
    shape: str
    axes: Mapping[str, Any]
    voltages: Sequence[Voltage]
    targets_ms: Sequence[float]
    thresholds: Sequence[float]
    allowed_late: float = 0.0


@dataclass(frozen=True)
class Explored:
    """All points, and lines that say what they are of."""

    points: Exploration
    header: tuple[str, ...]


def run(call: Call, space: Space, model: str, data: str, files: Files) -> Explored:
    """Every point, its exit statistics those of latency-aware inference at one threshold.

    errors : ValueError where the exits are of a model with another number of layers than the shape
    """
    found, first, header = (_of_authors if call.authors else _of_model)(call, space, model, data, files)
    points = hardware.explore(
        space.shape,
        found,
        space.targets_ms,
        space.voltages,
        space.accelerator,
        first,
        space.allowed_late,
        threads=call.threads,
        **space.axes,
    )
    return Explored(points, header)


Statistics = tuple[list[ExitStatistics], int, tuple[str, ...]]


def _of_model(call: Call, space: Space, model: str, data: str, files: Files) -> Statistics:
    subject, lut, origin = with_lut(call, model, data)
    layers = exit_cases.check_depth(subject.model.shape.layers, space.shape)
    trace = subject.traced(call)
    rules = Rules(trace, subject.data.labels, lut)
    found = []
    for threshold in space.thresholds:
        left = rules.predicted(threshold)
        accuracy = float(rules.right(left).mean())
        found.append(ExitStatistics.of(f"{threshold:g}", left.layer, left.predicted, layers, accuracy))
    return found, lut.first, (*subject.header(trace), origin)


def _of_authors(call: Call, space: Space, model: str, data: str, files: Files) -> Statistics:
    assert call.authors is not None
    entropy = authors.read_entropies(call.authors / files.entropies)
    layers = exit_cases.check_depth(entropy.shape[1], space.shape)
    lut = exits.Lut.from_csv(call.authors / files.lut)
    found = [
        ExitStatistics.of(
            f"{threshold:g}",
            *exits.by_prediction(entropy, lut, threshold, last_ramp=files.last_ramp),
            layers,
        )
        for threshold in space.thresholds
    ]
    header = (
        f"exits: the authors' files {files.entropies} and {files.lut}, by the rules of their code; they hold "
        "no labels, so accuracy is not known and not in the front",
    )
    return found, lut.first, header
