"""What a campaign runs on: the caller's choices, and the model and sentences they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from siliconbert import data, models
from siliconbert.data import Data
from siliconbert.models import Model, Trace

Progress = Callable[[int], None]
QUICK_SENTENCES = 400
QUICK_TRIALS = 10
TRIALS = 100
STAND_IN = (
    "stand-in: the paper's fine-tuned model is not public, so cells marked trend compare only "
    "how values move from row to row"
)


def _silent(total: int) -> Progress | None:
    return None


@dataclass(frozen=True)
class Call:
    """What the caller asks of a table; None leaves the choice to its task list.

    model, data : names; glue, zoo, authors: folders
    trials      : fault trials; threads: None for all
    quick       : at most 400 fixed sentences and 10 trials
    progress    : given a total, returns a function that is told how much is done, or None

    >>> Call().count_of_trials(), Call(quick=True).count_of_trials(), Call(trials=7).count_of_trials()
    (100, 10, 7)
    """

    model: str | None = None
    data: str | None = None
    glue: Path | None = None
    zoo: Path | None = None
    authors: Path | None = None
    trials: int | None = None
    threads: int | None = None
    quick: bool = False
    seed: int = 1
    progress: Callable[[int], Progress | None] = _silent

    def count_of_trials(self) -> int:
        """Trials to run: as asked, else 10 when quick, else 100."""
        return self.trials or (QUICK_TRIALS if self.quick else TRIALS)


@dataclass(frozen=True)
class Subject:
    """A model and the sentences it is evaluated on; `available` is how many there were before --quick."""

    model: Model
    data: Data
    available: int

    def trace(self, threads: int | None = None, progress: Progress | None = None) -> Trace:
        """The model's trace of the sentences."""
        return self.model.trace(self.data, threads=threads, progress=progress)

    def traced(self, call: Call) -> Trace:
        """The same with the call's threads and progress."""
        return self.trace(call.threads, call.progress(len(self.data)))

    def header(self, trace: Trace) -> tuple[str, ...]:
        """Lines that name model, data and numeric path."""
        shape, found = self.model.shape, self.data
        count = f"{len(found)} sentences"
        if len(found) < self.available:
            count = f"{len(found)} of {self.available} sentences (quick: a fixed, evenly spaced choice)"
        cut = f"; {trace.truncated} truncated to {shape.positions} tokens" if trace.truncated else ""
        sfu = "; softmax and layer norm in 16 bits" if getattr(self.model, "sfu", False) else ""
        return (
            f"model: {self.model.name}, {shape.layers} layers of width {shape.hidden}, {shape.heads} heads"
            + sfu,
            f"data: {found.task} {found.split}, {count}{cut}; {found.provenance}",
            f"numeric path: {trace.path}",
        )


def prepare(
    model: str,
    task: str,
    split: str = "dev",
    glue: Path | None = None,
    zoo: Path | None = None,
    quick: bool = False,
) -> Subject:
    """The named model and sentences, with --quick at most 400 of them.

    errors: ValueError where the model's classes are not those of the task
    """
    found = data.load(task, split=split, folder=glue)
    return subject(models.load(model, zoo=zoo), found, quick)


def prepare_integer(
    place: str, task: str, split: str = "dev", glue: Path | None = None, quick: bool = False
) -> Subject:
    """The same for an integer model, see models.load_integer; it can be traced, and no more."""
    model = models.load_integer(place)
    settings = model.settings
    named = replace(model, name=f"{model.name} in integers, w{settings.weights}/a{settings.activations}")
    return subject(cast("Model", named), data.load(task, split=split, folder=glue), quick)


def chosen(call: Call, task: str) -> Subject:
    """The call's own model, which over_tasks sees to, and its data or the task's."""
    assert call.model is not None
    return prepare(call.model, call.data or task, glue=call.glue, zoo=call.zoo, quick=call.quick)


def subject(model: Model, found: Data, quick: bool = False) -> Subject:
    """The same of a model and data at hand."""
    _check_classes(model, found)
    return Subject(model, found.quick(QUICK_SENTENCES) if quick else found, len(found))


def _check_classes(model: Model, found: Data) -> None:
    """Names that no task uses (a hub's "not_duplicate", say) are taken by their number."""
    wanted, theirs = found.classes or (data.SCORE,), tuple(name.lower() for name in model.classes)
    known = {data.SCORE, *(name for task in data.names() for name in data.classes(task))}
    named = bool(theirs) and set(theirs) <= known
    if model.shape.classes in (0, len(wanted)) and (theirs == wanted or not named):
        return
    outputs = ", ".join(model.classes) or f"{model.shape.classes} without names"
    raise ValueError(
        f"{found.task} has the classes {', '.join(wanted)}; {model.name} has other outputs: {outputs}"
    )
