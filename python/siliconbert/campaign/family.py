"""The models of a family, each on the task that it was trained for: a GLUE table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from siliconbert import data, models
from siliconbert.campaign.quality import Quality, measure, mismatched
from siliconbert.campaign.setup import Call, subject
from siliconbert.models import Model


def members(name: str, zoo: Path | None = None) -> list[str]:
    """The models NAME/... of the zoo, or the models and the runs' models in a folder.

    errors: ValueError where there are none
    """
    folder = Path(name)
    if folder.is_dir():
        places = [place for sub in sorted(folder.iterdir()) for place in (sub, sub / "model")]
        found = [str(place) for place in places if (place / "config.json").is_file()]
    else:
        found = [model for model in models.zoo_names(zoo) if model.startswith(f"{name}/")]
    if not found:
        families = sorted({model.partition("/")[0] for model in models.zoo_names(zoo)})
        raise ValueError(
            f"evaluate: model must be a family of the zoo ({', '.join(families)}) or a folder with models "
            f"for --data glue, got {name!r}"
        )
    return found


def task_of(model: Model) -> str:
    """The task in the model's card, or else in its name; ValueError where neither has one."""
    said = model.card.get("task", model.name.rpartition("/")[2].removesuffix("-split"))
    if said not in data.glue.TASKS:
        raise ValueError(f"evaluate: {model.name} must name its task in its card, it has none")
    return str(said)


def run(name: str, call: Call) -> Iterator[Quality]:
    """The metrics of every member on its task's dev split, MNLI's second one too where it is at hand."""
    for member in members(name, call.zoo):
        model = models.load(member, zoo=call.zoo)
        first = subject(model, data.load(task_of(model), folder=call.glue), call.quick)
        for each in (first, mismatched(first, call.glue)):
            if each is not None:
                yield measure(each, call.threads, call.progress(len(each.data)))
