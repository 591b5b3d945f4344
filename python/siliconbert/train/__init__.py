"""Training of the zoo's models with PyTorch (extra `[train]`): distillation, pruning on the way, exits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siliconbert.train.recipe import Recipe

__all__ = ["land", "plan", "run"]


def run(
    recipe_path: str | Path,
    out: str | Path,
    resume: bool = True,
    smoke: bool = False,
    glue: str | Path | None = None,
    texts: str | Path = "../shared",
) -> Path:
    """Trains what a recipe says; see siliconbert.train.work.run, which loads PyTorch."""
    from siliconbert.train.work import run as work

    return work(recipe_path, out, resume, smoke, glue, texts)


def plan(folder: str | Path = "experiments/edgebert/recipes") -> list[Recipe]:
    """The recipes of a folder in an order in which they can run."""
    from siliconbert.train.work import plan as work

    return work(folder)


def land(recipe_path: str | Path, out: str | Path) -> Path:
    """Writes the model of a recipe that has run as small files to commit; see siliconbert.train.shards."""
    from siliconbert.train.work import land as work

    return work(recipe_path, out)
