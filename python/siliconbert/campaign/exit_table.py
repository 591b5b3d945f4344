"""The table of an early-exit paper for one model and task: sparsities, exits, energies at each drop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from siliconbert import catalog
from siliconbert.campaign import early_exit, energy, exit_figures
from siliconbert.campaign.early_exit import Exits, Rules
from siliconbert.campaign.energy import Machine
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity
from siliconbert.campaign.prediction import with_lut
from siliconbert.campaign.setup import STAND_IN, Call
from siliconbert.models import Model

EMBEDDING = Quantity("embedding_sparsity", "embedding sparsity", "%", 1)
ENCODER = Quantity("encoder_sparsity", "encoder sparsity", "%", 1)
Found = dict[str, tuple[Exits, Exits | None]]


@dataclass(frozen=True)
class Plan:
    """What the task list asks for: allowed drops, and the accelerator with its latency target.

    reference_shape : of the paper's model; energies are given for it and for the model's own shape
    """

    drops: Sequence[float]
    accelerator: str
    multipliers: int
    target_ms: float
    reference_shape: str

    def machines(self, model: Model) -> tuple[Machine, Machine]:
        """The accelerator running the paper's shape, and the model's own."""
        common = (self.accelerator, self.multipliers)
        return (
            Machine.make(*common, self.reference_shape, self.target_ms, f"{self.reference_shape} shape"),
            Machine.make(*common, model.shape, self.target_ms, "this model's shape", "_own"),
        )


def run(table: str, task: str, call: Call, model: str, data: str, plan: Plan) -> Outcome:
    """One row of measurements per allowed drop."""
    subject, lut, origin = with_lut(call, model, data)
    if not subject.model.ramps:
        raise ValueError(
            f"reproduce: model must have a classifier after every layer, {subject.model.name} has not"
        )
    trace = subject.trace(threads=call.threads, progress=call.progress(len(subject.data)))
    rules = Rules(trace, subject.data.labels, lut)
    found = early_exit.at_drops(rules, plan.drops)
    machines = plan.machines(subject.model)
    rows = [*_sparsities(subject.model), *_rows(rules, found, machines)]
    header = (*subject.header(trace), STAND_IN, origin, *_lines(plan, found))
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


def _sparsities(model: Model) -> list[Measurement]:
    encoder = [model.mask(name) for name in model.matrices() if name.startswith("layers.")]
    kept = sum(int(mask.sum()) for mask in encoder) / sum(mask.size for mask in encoder)
    return [
        Measurement("model", EMBEDDING, 100 * (1 - float(model.mask("embeddings.word").mean()))),
        Measurement("model", ENCODER, 100 * (1 - kept)),
    ]


def _lines(plan: Plan, found: Found) -> list[str]:
    n = plan.multipliers
    record = catalog.record("accelerators", plan.accelerator, "reproduce")
    assumed = [key for key, entry in record.items() if getattr(entry, "source", "") == "assumed"]
    lines = [
        f"energy: {plan.accelerator}, {n} x {n} multipliers, 128 tokens, target {plan.target_ms:g} ms",
        "thresholds: the largest that keep the drop on the evaluated sentences (the paper does not say how)",
    ]
    if assumed:
        lines.append(f"assumed, not published: {', '.join(assumed)} of {plan.accelerator}")
    if lost := [row for row, (_, predicted) in found.items() if predicted is None]:
        lines.append(
            f"latency-aware inference loses more than {', '.join(lost)} at every threshold: no such row"
        )
    return lines
