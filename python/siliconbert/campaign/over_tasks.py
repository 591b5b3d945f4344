"""A table over all tasks and kinds of model that the zoo has, as one outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from siliconbert import models
from siliconbert.campaign.outcome import Measurement, Outcome
from siliconbert.campaign.setup import Call

One = Callable[[str, Call], Outcome]


@dataclass(frozen=True)
class Plan:
    """Which models of the zoo a table has rows for.

    tasks    : the paper's, in its order
    families : kinds of model, "edgebert-mini" say, which the zoo has as FAMILY/TASK or FAMILY/TASK-split;
               the paper's cells stand beside the first one's rows
    default  : the task of models and data sets that are none of these
    """

    tasks: Sequence[str]
    families: Sequence[str]
    default: str

    def of_task(self, task: str, known: Sequence[str]) -> dict[str, str]:
        """Family -> its model for that task, of the known ones."""
        return {
            family: name
            for family in self.families
            for name in (f"{family}/{task}-split", f"{family}/{task}")
            if name in known
        }

    def at_hand(self, call: Call) -> dict[str, dict[str, str]]:
        """Task -> family -> model, of the zoo; ValueError where there is none at all."""
        known = models.zoo_names(call.zoo)
        found = {task: self.of_task(task, known) for task in self.tasks}
        if not any(found.values()):
            wanted = f"{' or '.join(self.families)} for one of {', '.join(self.tasks)}"
            raise ValueError(f"reproduce: the zoo must have a model of {wanted}; it has none")
        return found


def run(call: Call, plan: Plan, one: One) -> Outcome:
    """`one(task, call)` for every model at hand, or for the call's own model or data set alone."""
    if call.model is not None or call.data is not None:
        return one(*_chosen(call, plan))
    found = plan.at_hand(call)
    parts = {
        task if family == plan.families[0] else f"{task} {family}": one(task, replace(call, model=model))
        for task, named in found.items()
        for family, model in named.items()
    }
    missing = [
        f"{family}: {', '.join(absent)}"
        for family in plan.families
        if (absent := [task for task, named in found.items() if family not in named])
    ]
    lines = (f"no model in the zoo for {'; '.join(missing)}",) if missing else ()
    return joined(parts, lines)


def joined(parts: dict[str, Outcome], lines: tuple[str, ...] = ()) -> Outcome:
    """Outcomes under their labels as one, rows, figures and header lines named after them; one stays itself.

    A line that all headers have is said once.
    """
    outcomes = list(parts.values())
    if len(outcomes) == 1:
        return replace(outcomes[0], header=(*outcomes[0].header, *lines))
    common = [line for line in outcomes[0].header if all(line in each.header for each in outcomes)]
    own = [f"{label}: {line}" for label, each in parts.items() for line in each.header if line not in common]
    return Outcome(
        outcomes[0].table,
        "*",
        outcomes[0].source,
        (*own, *common, *lines),
        tuple(_labelled(label, m) for label, each in parts.items() for m in each.measurements),
        tuple(
            replace(figure, name=f"{figure.name}_{label.replace(' ', '_')}", title=f"{label}: {figure.title}")
            for label, each in parts.items()
            for figure in each.figures
        ),
    )


def _labelled(label: str, m: Measurement) -> Measurement:
    beside = None if m.beside is None else f"{label} {m.beside}"
    return replace(m, row=f"{label} {m.row}", beside=beside, among=label)


def _chosen(call: Call, plan: Plan) -> tuple[str, Call]:
    """The task that a call with its own model or data set is about, and the call with a model."""
    own = (call.model or "").removesuffix("-split").rpartition("/")[2]
    task = next((each for each in (call.data or "", own) if each in plan.tasks), plan.default)
    if call.model is not None:
        return task, call
    named = plan.of_task(task, models.zoo_names(call.zoo))
    if not named:
        raise ValueError(f"reproduce: the zoo must have a model for {task}, it has none")
    return task, replace(call, model=next(iter(named.values())))
