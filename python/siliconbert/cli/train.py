"""`siliconbert train`: one training phase from a recipe. Needs the extra `train` (PyTorch)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siliconbert.cli import console, options

if TYPE_CHECKING:
    from siliconbert.train.recipe import Recipe

EXAMPLE = "Example: siliconbert train experiments/edgebert/recipes/teacher-sst2.yaml --out runs/train"


def train(
    recipe: Annotated[Path | None, typer.Argument(help="A recipe file (YAML).")] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of all runs: logs, checkpoints, models.")] = Path(
        "runs/train"
    ),
    plan: Annotated[
        bool, typer.Option("--plan", help="List the recipes in the order in which they can run, and stop.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start again, whatever checkpoint there is.")
    ] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Tiny made-up networks and text, in seconds.")
    ] = False,
    land: Annotated[
        bool,
        typer.Option(
            "--land",
            help="Write the model of a recipe that has run in --out as small files to commit, in "
            "`checkpoints` beside the recipes, where later recipes find it; and stop.",
        ),
    ] = False,
    glue: options.Glue = None,
    texts: Annotated[
        Path, typer.Option("--texts", help="Folder with nli-extra and wikitext-2, for general distillation.")
    ] = Path("../shared"),
) -> None:
    """Train: one phase, from a recipe; stopped runs continue where they were."""
    if not plan and recipe is None:
        raise ValueError("train: give a recipe file, or --plan to list those at hand")
    if recipe is not None and not recipe.is_file():
        raise FileNotFoundError(
            f"train: recipe must be a file, got {str(recipe)!r}; --plan lists those at hand"
        )
    if find_spec("torch") is None:
        raise ImportError("train: torch missing; install the extra with: pip install 'siliconbert[train]'")
    from siliconbert import train
    from siliconbert.report import experiments

    if plan:
        _show_plan(train.plan(experiments.root() / "edgebert" / "recipes"))
    elif recipe is not None and land:
        console.say(str(train.land(recipe, out)))
    elif recipe is not None:
        console.say(str(train.run(recipe, out, not fresh, smoke, glue, texts)))


def _show_plan(recipes: Sequence[Recipe]) -> None:
    rows = [[recipe.name, recipe.phase, f"{recipe.budget_minutes:g}"] for recipe in recipes]
    console.show_table("Recipes, in order", ["name", "phase", "minutes"], rows)
