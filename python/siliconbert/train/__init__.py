"""Training of the zoo's models with PyTorch (extra `[train]`): distillation, pruning on the way, exits."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from siliconbert import extras

if TYPE_CHECKING:
    from siliconbert.train.series import Planned

__all__ = ["hours", "land", "plan", "run", "side_by_side"]


def run(
    recipe_path: str | Path,
    out: str | Path,
    resume: bool = True,
    smoke: bool = False,
    glue: str | Path | None = None,
    texts: str | Path = "../shared",
    tell: Callable[[int, int], None] | None = None,
    base: str | Path | None = None,
    device: str = "auto",
) -> Path:
    """Trains what a recipe says; see siliconbert.train.work.run, which loads PyTorch."""
    extras.require("train", "train", "torch")
    # Every batch shape is a primitive of its own to oneDNN, and 1024 of them hold 7 GB.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")
    from siliconbert.train.work import run as work

    return work(recipe_path, out, resume, smoke, glue, texts, tell, base, device)


def plan(
    folder: str | Path = "experiments/edgebert/recipes", out: str | Path = "runs/train"
) -> list[Planned]:
    """The recipes of a folder in an order in which they can run, and how far they are in `out`."""
    extras.require("train", "train", "torch")
    from siliconbert.train.series import plan as series

    return series(folder, out)


def hours(recipes: Sequence[Planned], jobs: int = 1) -> float:
    """How long recipes of a plan() take by their budgets, `jobs` at a time, a core each."""
    extras.require("train", "train", "torch")
    from siliconbert.train.jobs import hours as work

    return work(recipes, jobs)


def side_by_side(
    recipes: Sequence[Planned],
    out: str | Path,
    jobs: int,
    options: Sequence[str] = (),
    say: Callable[[str], None] = print,
) -> None:
    """Trains recipes of a plan(), `jobs` at a time, each in a process; see siliconbert.train.jobs."""
    extras.require("train", "train", "torch")
    from siliconbert.train.jobs import side_by_side as work

    work(recipes, Path(out), jobs, options, say)


def land(recipe_path: str | Path, out: str | Path) -> Path:
    """Writes the model of a recipe that has run as small files to commit; see siliconbert.train.shards."""
    extras.require("train", "train", "torch")
    from siliconbert.train.work import land as work

    return work(recipe_path, out)
