"""FQ-BERT's latency for other lengths and models: outside of what was measured, so beside simpler rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from siliconbert.campaign import fq_bert_designs
from siliconbert.campaign.accelerator import assumed_line
from siliconbert.campaign.outcome import Curves, Measurement, Outcome, Quantity

LATENCY = Quantity("latency", "latency", "ms", 2)
EACH_LAYER = Quantity("latency_layer", "latency, the constant time being each layer's", "ms", 2)
LINEAR = Quantity("latency_linear", "latency if linear in the length", "ms", 2)
WAITING = Quantity("waiting", "of it, waiting for weights", "ms", 2)


@dataclass(frozen=True)
class Plan:
    """Designs by name in a row, shapes, lengths, and the length that was measured."""

    designs: Mapping[str, str]
    shapes: Sequence[str]
    lengths: Sequence[int]
    measured: int


def run(table: str, plan: Plan) -> Outcome:
    """A row for every design, shape and length."""
    rows, series = [], {}
    for board, name in plan.designs.items():
        for shape in plan.shapes:
            found = [
                _row(f"{board}, {shape}, {n} tokens", name, shape, n, plan.measured) for n in plan.lengths
            ]
            rows += [m for one in found for m in one]
            series[f"{board}, {shape}"] = (np.array(plan.lengths), np.array([one[0].value for one in found]))
    header = (
        *fq_bert_designs.header("bert-base", plan.measured),
        f"measured: bert-base at {plan.measured} tokens only; all other rows are extrapolated",
        assumed_line(fq_bert_designs.RECORD),
    )
    curves = Curves("lengths", "Latency over the length", "tokens", "ms", series)
    return Outcome(table, "*", "model", header, tuple(rows), (curves,))


def _row(row: str, name: str, shape: str, length: int, measured: int) -> list[Measurement]:
    once, each = (fq_bert_designs.machine(name, constant_per=how) for how in ("inference", "layer"))
    found, other = (machine.inference(shape, length) for machine in (once, each))
    linear = once.inference(shape, measured).latency_ms * length / measured
    rows = [Measurement(row, LATENCY, found.latency_ms), Measurement(row, LINEAR, linear)]
    if other.latency_ms != found.latency_ms:
        rows.append(Measurement(row, EACH_LAYER, other.latency_ms))
    if found.ms["transfer"]:
        rows.append(Measurement(row, WAITING, found.ms["transfer"]))
    return rows
