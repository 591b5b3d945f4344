"""The table of an early-exit paper for one model and task: sparsities, exits, energies at each drop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from siliconbert import hardware
from siliconbert.campaign import early_exit, energy, exit_figures, over_tasks, statistics
from siliconbert.campaign.accelerator import assumed
from siliconbert.campaign.early_exit import Exits, Rules
from siliconbert.campaign.energy import Machine
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity, percent
from siliconbert.campaign.prediction import with_lut
from siliconbert.campaign.setup import STAND_IN, Call
from siliconbert.formats import AdaptivFloat
from siliconbert.models import Model

EMBEDDING = Quantity("embedding_sparsity", "embedding sparsity", "%", 1)
ENCODER = Quantity("encoder_sparsity", "encoder sparsity", "%", 1)
SPAN = Quantity("average_span", "average attention span", "tokens", 1)
BITS = Quantity("weight_bits", "bits of a weight", "bit", 0)
EXPONENT = Quantity("exponent_bits", "of them exponent", "bit", 0)
FULL = Quantity("accuracy_full", "accuracy, all layers", "%")
Found = dict[str, tuple[Exits, Exits | None]]


@dataclass(frozen=True)
class Plan:
    """What the task list asks for: allowed drops, and the accelerator with its latency target.

    reference_shape : of the paper's model; energies are given for it, where the model has as many layers, and
                      for the model's own shape
    """

    drops: Sequence[float]
    accelerator: str
    multipliers: int
    target_ms: float
    reference_shape: str

    def machines(self, model: Model) -> tuple[Machine, ...]:
        """The accelerator running the paper's shape, and the model's own."""
        common = (self.accelerator, self.multipliers)
        own = Machine.make(*common, model.shape, self.target_ms, "this model's shape", "_own")
        name = self.reference_shape
        if hardware.shape(name).layers != model.shape.layers:
            return (own,)
        return Machine.make(*common, name, self.target_ms, f"{name} shape"), own


def run(table: str, call: Call, tasks: over_tasks.Plan, plan: Plan) -> Outcome:
    """The rows of every model that the zoo has for the tasks."""
    return over_tasks.run(call, tasks, lambda task, one: one_model(table, task, one, plan))


def one_model(table: str, task: str, call: Call, plan: Plan) -> Outcome:
    """One row of measurements per allowed drop."""
    assert call.model is not None
    subject, lut, origin = with_lut(call, call.model, task)
    trace = subject.traced(call)
    rules = Rules(trace, subject.data.labels, lut)
    found = early_exit.at_drops(rules, plan.drops)
    machines = plan.machines(subject.model)
    rows = [*_about(subject.model, rules), *_rows(rules, found, machines)]
    header = (*subject.header(trace), *_formats(subject.model), STAND_IN, origin, *_lines(plan, found))
    first, pair = next(iter(found.items()))
    figures = (exit_figures.histogram(first, *pair, trace.layers[-1]), exit_figures.trade(rules, machines[0]))
    return Outcome(table, task, "model", header, tuple(rows), figures)


def _rows(rules: Rules, found: Found, machines: Sequence[Machine]) -> list[Measurement]:
    rows = [energy.base(machine) for machine in machines]
    for row, pair in found.items():
        rows += early_exit.measure(row, rules, *pair)
    for machine in machines:
        for row, pair in found.items():
            rows += energy.measure(row, machine, *pair)
    return [*rows, *energy.best(rows)]


def _about(model: Model, rules: Rules) -> list[Measurement]:
    """What the model is like: sparsities, spans, formats, accuracy."""
    encoder = [model.mask(name) for name in model.matrices() if name.startswith("layers.")]
    kept = sum(int(mask.sum()) for mask in encoder) / sum(mask.size for mask in encoder)
    splits = {
        (fmt.width, fmt.exponent_bits) for fmt in model.formats.values() if isinstance(fmt, AdaptivFloat)
    }
    found = [
        Measurement("model", EMBEDDING, 100 * (1 - float(model.mask("embeddings.word").mean()))),
        Measurement("model", ENCODER, 100 * (1 - kept)),
    ]
    if model.spans is not None:
        found.append(Measurement("model", SPAN, model.spans.mean))
    for bits, exponent in splits if len(splits) == 1 else ():
        found += [Measurement("model", BITS, bits), Measurement("model", EXPONENT, exponent)]
    last = rules.right(rules.conventional(-math.inf))
    return [*found, percent("model", FULL, statistics.accuracy(last))]


def _formats(model: Model) -> list[str]:
    families = sorted({f"{fmt.family} of {fmt.width} bits" for fmt in model.formats.values()})
    active = model.activations
    rounded = f"AdaptivFloat of {active.width} bits" if active else "fp32"
    spans = "spans: none" if model.spans is None else f"spans: {model.spans.heads_off} heads off"
    return [f"weights: {' and '.join(families) or 'fp32'}; activations: {rounded}; {spans}"]


def _lines(plan: Plan, found: Found) -> list[str]:
    n = plan.multipliers
    lines = [
        f"energy: {plan.accelerator}, {n} x {n} multipliers, 128 tokens, target {plan.target_ms:g} ms",
        "thresholds: the largest that keep the drop on the evaluated sentences (the paper does not say how)",
    ]
    if keys := assumed("accelerators", plan.accelerator):
        lines.append(f"assumed, not published: {', '.join(keys)} of {plan.accelerator}")
    past = [int((p.layer > p.predicted).sum()) for _, p in found.values() if p is not None]
    if past:
        lines.append(f"latency-aware sentences that run past their predicted layer: {max(past)}")
    if lost := [row for row, (_, predicted) in found.items() if predicted is None]:
        lines.append(
            f"latency-aware inference loses more than {', '.join(lost)} at every threshold: no such row"
        )
    return lines
