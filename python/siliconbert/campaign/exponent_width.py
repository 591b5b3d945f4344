"""How many of a code's bits AdaptivFloat should spend on the exponent: by accuracy, and by rounding error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siliconbert import data
from siliconbert.campaign import over_tasks, statistics
from siliconbert.campaign.format_accuracy import kept_weights, noises, own_formats
from siliconbert.campaign.outcome import Curves, Measurement, Outcome, Quantity, percent
from siliconbert.campaign.setup import STAND_IN, Call, Subject, chosen
from siliconbert.formats import AdaptivFloat
from siliconbert.models import Model
from siliconbert.models.model import CALIBRATION_SENTENCES

CLEAN = Quantity("accuracy_fp32", "accuracy, weights as they are, fp32", "%")
ACCURACY = Quantity("accuracy", "accuracy", "%")
CHANGE = Quantity("change", "against fp32", "points")
SQNR = Quantity("sqnr", "signal to noise, mean of matrices", "dB", 1)
FIRST = Quantity("first_choice", "matrices for which it rounds best", "", 0)
BEST = Quantity("exponent_bits", "exponent bits", "bit", 0)


@dataclass(frozen=True)
class Plan:
    """Bits of a code, and how many of them are tried as exponent."""

    width: int
    exponents: Sequence[int]


@dataclass(frozen=True)
class Point:
    """What a number of exponent bits gives.

    right : (sentences,); noise: over signal, mean of matrices; first: matrices that it rounds best
    """

    right: NDArray[np.bool_]
    noise: float
    first: int


def run(table: str, call: Call, tasks: over_tasks.Plan, plan: Plan) -> Outcome:
    """The curve of every model that the zoo has for the tasks; with --quick of one only."""
    few = replace(tasks, tasks=(tasks.default,), families=tasks.families[:1]) if call.quick else tasks
    return over_tasks.run(call, few, lambda task, one: one_model(table, task, one, plan))


def one_model(table: str, task: str, call: Call, plan: Plan) -> Outcome:
    """Accuracy with weights and activations in every format, and how well it rounds the weights."""
    subject = chosen(call, task)
    plain = replace(subject.model, activations=None)
    trace = plain.trace(subject.data, threads=call.threads)
    clean = trace.correct(subject.data.labels)[:, -1]
    found = _points(subject, call, plan)
    rows = [percent("fp32", CLEAN, statistics.accuracy(clean))]
    for bits, point in found.items():
        rows += _rows(f"{bits} exponent bits", point, clean)
    rows += _best(subject.model, found)
    header = (*subject.header(trace), STAND_IN, own_formats(subject.model), *_lines(subject.model, plan))
    return Outcome(table, task, "model", header, tuple(rows), (_figure(found, clean, plan),))


def _points(subject: Subject, call: Call, plan: Plan) -> dict[int, Point]:
    told = call.progress(len(plan.exponents))
    training = data.load(subject.data.task, split="train", folder=call.glue).quick(CALIBRATION_SENTENCES)
    matrices = kept_weights(subject.model)
    shapes = {bits: AdaptivFloat(plan.width, bits) for bits in plan.exponents}
    noise = np.array([noises(matrices, fmt, call.threads) for fmt in shapes.values()])
    first = np.bincount(noise.argmin(axis=0), minlength=len(shapes))
    found = {}
    for i, (bits, fmt) in enumerate(shapes.items()):
        small = subject.model.quantized(fmt, training, call.threads)
        right = small.trace(subject.data, threads=call.threads).correct(subject.data.labels)[:, -1]
        found[bits] = Point(right, float(noise[i].mean()), int(first[i]))
        if told is not None:
            told(len(found))
    return found


def _rows(row: str, point: Point, clean: NDArray[np.bool_]) -> list[Measurement]:
    right = point.right
    found = [
        percent(row, ACCURACY, statistics.accuracy(right)),
        percent(row, CHANGE, statistics.paired_difference(clean, right)),
        Measurement(row, FIRST, point.first),
    ]
    return [*found, Measurement(row, SQNR, -10 * math.log10(point.noise))] if point.noise else found


def _best(model: Model, found: dict[int, Point]) -> list[Measurement]:
    """The best number of bits; by error only where the weights are not values of such a format already."""
    by_accuracy = max(found, key=lambda bits: (found[bits].right.sum(), -found[bits].noise))
    best = [Measurement("best by accuracy", BEST, by_accuracy)]
    if not model.formats:
        by_error = min(found, key=lambda bits: found[bits].noise)
        best.append(Measurement("best by error", BEST, by_error))
    return best


def _lines(model: Model, plan: Plan) -> list[str]:
    lines = [
        f"rounded: all matrices and activations to AdaptivFloat of {plan.width} bits, one parameter set "
        f"each, activations calibrated on {CALIBRATION_SENTENCES} training sentences, no retraining",
        "best by accuracy: of equals the one with the smaller rounding error",
    ]
    if model.formats:
        lines.append(
            "these weights were rounded before, so their own split changes nothing and the others round "
            "twice: their rounding errors say nothing, --model with a Hugging Face directory has them"
        )
    return lines


def _figure(found: dict[int, Point], clean: NDArray[np.bool_], plan: Plan) -> Curves:
    bits = np.array(list(found))
    curve = np.array([100 * point.right.mean() for point in found.values()])
    series = {
        "weights and activations": (bits, curve),
        "fp32": (bits, np.full(len(bits), 100 * clean.mean())),
    }
    title = f"AdaptivFloat of {plan.width} bits"
    return Curves("accuracy", title, "exponent bits", "accuracy, %", series)
