"""Accuracy of trained models whose weights are rounded to number formats of several widths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import formats
from siliconbert.campaign import statistics
from siliconbert.campaign.outcome import Curves, Measurement, Outcome, Quantity, percent
from siliconbert.campaign.setup import Call, Subject, prepare
from siliconbert.campaign.statistics import Interval
from siliconbert.formats import Format
from siliconbert.models import Model, Trace

HEADER = (
    "stand-in: the paper's network is a translator (BLEU); at each width only the order of those families is "
    "compared that the paper puts apart",
    "rounding: all matrices and embedding tables, one parameter set each, no retraining; the rest in fp32",
    "splits: for each model, family and width the one of the smallest relative error, mean over the matrices",
    "intervals: of the accuracy over sentences (95 %, Wilson)",
)
CLEAN = Quantity("accuracy_fp32", "weights as they are", "%")


@dataclass(frozen=True)
class Plan:
    """What is compared.

    widths   : bits of a weight
    families : published quantity -> family of ours and options that its formats must have
    """

    models: Sequence[str]
    widths: Sequence[int]
    families: Mapping[str, Mapping[str, Any]]

    def points(self) -> list[tuple[int, str]]:
        """Width and quantity of every measurement of one model."""
        return [(width, quantity) for width in self.widths for quantity in self.families]


@dataclass(frozen=True)
class Point:
    """A format, how well it rounds the weights (see choose), and the accuracy."""

    format: Format
    sqnr_db: float
    accuracy: Interval


def run(table: str, published_task: str, call: Call, data: str, plan: Plan) -> Outcome:
    """For each model a row without rounding, then one row a width with one measurement a family."""
    header: list[str] = []
    measured: list[Measurement] = []
    figures: list[Curves] = []
    for place, name in enumerate((call.model,) if call.model else plan.models):
        subject = prepare(name, call.data or data, glue=call.glue, zoo=call.zoo, quick=call.quick)
        clean = replace(subject.model, activations=None).trace(subject.data, threads=call.threads)
        found = _points(subject, plan, call, _accuracy(clean, subject))
        header += [*subject.header(clean), own_formats(subject.model), *_splits(plan, found)]
        measured += [percent(name, CLEAN, _accuracy(clean, subject)), *_measurements(name, found)]
        figures.append(_figure(f"accuracy_{place + 1}", name, plan, found))
    return Outcome(table, published_task, "model", (*header, *HEADER), tuple(measured), tuple(figures))


def choose(
    model: Model, width: int, family: str, threads: int | None = None, **options: Any
) -> tuple[Format, float]:
    """The format of a family, with these options, that rounds the model's matrices best, and how well.

    The squared error of every matrix is taken relative to its own values, and the mean over the matrices
    counts, so that large matrices and small ones do. It is returned as a signal to noise ratio in dB.
    """
    matrices, noise = kept_weights(model), {}
    for fmt in formats.candidates(width, [family], per=["tensor"]):
        if all(getattr(fmt, key) == option for key, option in options.items()):
            noise[fmt] = float(np.mean(noises(matrices, fmt, threads)))
    best = min(noise, key=noise.__getitem__)
    return best, -10 * math.log10(noise[best]) if noise[best] else math.inf


def kept_weights(model: Model) -> list[NDArray[np.float32]]:
    """The weights of every matrix that are not pruned."""
    return [model.tensors[name][model.mask(name)] for name in model.matrices()]


def noises(matrices: Sequence[NDArray[np.float32]], fmt: Format, threads: int | None = None) -> list[float]:
    """Squared error over squared values in this format, for every matrix."""
    return [_noise(values, fmt, threads) for values in matrices]


def _noise(values: NDArray[np.float32], fmt: Format, threads: int | None) -> float:
    error = values - formats.quantize(values, fmt, threads)
    signal = np.square(values, dtype=np.float64).sum()
    return float(np.square(error, dtype=np.float64).sum() / signal) if signal else 0.0


def _points(subject: Subject, plan: Plan, call: Call, clean: Interval) -> dict[tuple[int, str], Point]:
    told = call.progress(len(plan.points()))
    found = {}
    for width, quantity in plan.points():
        fmt, sqnr = choose(subject.model, width, threads=call.threads, **plan.families[quantity])
        accuracy = clean  # what changes no weight needs no trace
        if math.isfinite(sqnr):
            trace = subject.model.rounded(fmt, call.threads).trace(subject.data, threads=call.threads)
            accuracy = _accuracy(trace, subject)
        found[width, quantity] = Point(fmt, sqnr, accuracy)
        if told is not None:
            told(len(found))
    return found


def _accuracy(trace: Trace, subject: Subject) -> Interval:
    right = trace.correct(subject.data.labels)[:, -1]
    return statistics.accuracy(right)


def _measurements(name: str, found: dict[tuple[int, str], Point]) -> list[Measurement]:
    measured = []
    for (width, quantity), point in found.items():
        row = f"{name}, {width} bits"
        accuracy = percent(row, Quantity(quantity, f"{quantity}: accuracy", "%"), point.accuracy)
        measured.append(replace(accuracy, beside=f"{width} bits"))
        if math.isfinite(point.sqnr_db):
            ratio = Quantity(f"{quantity}_sqnr", f"{quantity}: signal to noise, matrices", "dB", 1)
            measured.append(Measurement(row, ratio, point.sqnr_db))
    return measured


def own_formats(model: Model) -> str:
    """What the weights are before any rounding."""
    own = sorted({f"{each.family} of {each.width} bits" for each in model.formats.values()})
    return f"{model.name}: weights are {' and '.join(own) or 'plain float32'} before they are rounded"


def _splits(plan: Plan, found: dict[tuple[int, str], Point]) -> list[str]:
    """For each family with a choice, what was chosen at every width."""
    lines = []
    for quantity in plan.families:
        shapes = [(width, _shape(found[width, quantity].format)) for width in plan.widths]
        if all(shape for _, shape in shapes):
            lines.append(f"{quantity}: " + "; ".join(f"{width} bits {shape}" for width, shape in shapes))
    return lines


def _shape(fmt: Format) -> str:
    """Bits of exponent and, where they are fixed, mantissa."""
    bits = {"exponent": "exponent_bits", "mantissa": "mantissa_bits"}
    return " + ".join(f"{getattr(fmt, name)} {word}" for word, name in bits.items() if hasattr(fmt, name))


def _figure(name: str, model: str, plan: Plan, found: dict[tuple[int, str], Point]) -> Curves:
    widths = np.sort(np.asarray(plan.widths))
    lines = {
        quantity: (widths, np.array([100 * found[w, quantity].accuracy.value for w in widths]))
        for quantity in plan.families
    }
    return Curves(name, f"{model}: weights rounded, no retraining", "bits of a weight", "accuracy, %", lines)
