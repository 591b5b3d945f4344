"""`siliconbert train`: one training phase from a recipe. Needs the extra `train` (PyTorch)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from siliconbert.cli import console

EXAMPLE = "Example: siliconbert train experiments/edgebert/recipes/teacher-sst2.yaml --out runs/teacher"


def train(
    recipe: Annotated[Path | None, typer.Argument(help="A recipe file (YAML).")] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for log, checkpoints and the model.")] = Path(
        "runs/train"
    ),
    plan: Annotated[bool, typer.Option("--plan", help="List the recipes at hand and stop.")] = False,
) -> None:
    """Train: one phase, from a recipe; stopped runs continue where they were."""
    if plan:
        console.say(*(str(path) for path in _recipes()))
        return
    if recipe is None:
        raise ValueError("train: give a recipe file, or --plan to list those at hand")
    if not recipe.is_file():
        raise FileNotFoundError(
            f"train: recipe must be a file, got {str(recipe)!r}; --plan lists those at hand"
        )
    if missing := [name for name in ("torch", "yaml") if find_spec(name) is None]:
        words = " and ".join(missing)
        raise ImportError(f"train: {words} missing; install the extra with: pip install 'siliconbert[train]'")
    from siliconbert.train.run import run

    run(recipe, out)


def _recipes() -> list[Path]:
    from siliconbert.report import experiments

    return sorted(experiments.root().glob("*/recipes/*.yaml"))
