"""`siliconbert train`: training phases from recipes. Needs the extra `train` (PyTorch)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siliconbert.cli import console, options

if TYPE_CHECKING:
    from siliconbert.train.series import Planned

EXAMPLE = "Example: siliconbert train experiments/edgebert/recipes/teacher-sst2.yaml --out runs/train"
_KEPT = "The same command goes on from the last checkpoint"


def train(
    recipe: Annotated[
        Path | None,
        typer.Argument(
            help="A recipe file (YAML); with --all and --plan a folder of them, default: EdgeBERT's."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder of all runs: logs, checkpoints, models; default: runs/train (--smoke: runs/smoke).",
        ),
    ] = None,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan", help="List a folder's recipes in order, their time and how far they are; stop."
        ),
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Run a folder's recipes in order, leaving out those that are done.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start again, whatever checkpoint or model there is.")
    ] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Tiny made-up networks and text, in seconds.")
    ] = False,
    land: Annotated[
        bool,
        typer.Option(
            "--land",
            help="Write the model of a recipe (with --all: of each) that is done in --out as small files to "
            "commit, in `checkpoints` beside the recipes, where later recipes find it; and stop.",
        ),
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            min=1,
            help="With --all: so many recipes at a time, each in a process of its own; with --plan: how long "
            "that takes.",
        ),
    ] = 1,
    base: Annotated[
        Path | None,
        typer.Option(
            "--base", help="Folder of the recipe's `base` (an ALBERT or BERT), in the place of the hub."
        ),
    ] = None,
    device: Annotated[
        str, typer.Option("--device", help="cpu, cuda, cuda:N, or auto: a GPU where there is one.")
    ] = "auto",
    glue: options.Glue = None,
    texts: Annotated[
        Path, typer.Option("--texts", help="Folder with nli-extra and wikitext-2, for general distillation.")
    ] = Path("../shared"),
    json: options.Json = False,
) -> None:
    """Train: one phase, from a recipe; stopped runs continue where they were."""
    from siliconbert import train

    runs = out or Path("runs/smoke" if smoke else "runs/train")
    if json and not plan:
        raise ValueError("train: --json goes with --plan only")
    if plan:
        _show_plan(train.plan(_folder(recipe), runs), jobs, json)
        return
    if every:
        planned = train.plan(_folder(recipe), runs)
        left = [p for p in planned if p.standing == "done"] if land else _left(planned, fresh or smoke)
        if jobs != 1 and not land:
            options = _options(fresh or smoke, smoke, base, device, glue, texts)
            with console.stoppable(lambda: _KEPT):
                train.side_by_side(left, runs, jobs, options, console.say)
            return
        paths = [p.path for p in left]
    elif jobs != 1:
        raise ValueError("train: jobs goes with --all or --plan")
    elif recipe is None or not recipe.is_file():
        got = "nothing" if recipe is None else repr(str(recipe))
        raise FileNotFoundError(
            f"train: recipe must be a file, got {got}; --plan lists those at hand, --all runs a folder"
        )
    else:
        paths = [recipe]
    for path in paths:
        if land:
            console.say(str(train.land(path, runs)))
            continue
        with console.stoppable(lambda: _KEPT), console.counted(path.stem) as tell:
            again = fresh or (every and smoke)
            model = train.run(path, runs, not again, smoke, glue, texts, tell, base, device)
        console.say(str(model))


def _folder(given: Path | None) -> Path:
    from siliconbert.report import experiments

    folder = given or experiments.root() / "edgebert" / "recipes"
    if not folder.is_dir():
        raise NotADirectoryError(f"train: --plan and --all need a folder of recipes, got {str(folder)!r}")
    return folder


def _options(
    again: bool, smoke: bool, base: Path | None, device: str, glue: Path | None, texts: Path
) -> list[str]:
    """The command line of one recipe of many."""
    named = {"--base": base, "--device": device, "--glue": glue, "--texts": texts}
    pairs = [text for name, value in named.items() if value is not None for text in (name, str(value))]
    return ["--fresh"] * again + ["--smoke"] * smoke + pairs


def _left(recipes: Sequence[Planned], again: bool) -> list[Planned]:
    left = [p for p in recipes if again or not p.done]
    console.say(f"{len(left)} of {len(recipes)} recipes to run: {', '.join(p.recipe.name for p in left)}")
    return left


def _show_plan(recipes: Sequence[Planned], jobs: int, json: bool) -> None:
    columns = ["name", "phase", "task", "starts from", "teacher", "minutes", "state"]
    rows = [
        [
            r.name,
            r.phase,
            r.data,
            r.start,
            ", ".join(filter(None, (r.teacher, *r.panel))),
            f"{r.budget_minutes:g}",
            p.standing,
        ]
        for p in recipes
        for r in [p.recipe]
    ]
    if json:
        console.show_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    console.show_table("Recipes, in order", columns, rows)
    changed = [f"{p.recipe.name} has changed: {'; '.join(p.changes)}" for p in recipes if p.changes]
    left = [p for p in recipes if not p.done]
    console.say(
        "",
        *changed,
        f"{len(recipes)} recipes in all: {_hours(recipes, jobs)}",
        f"{len(left)} recipes left to run: {_hours(left, jobs)}",
    )


def _hours(recipes: Sequence[Planned], jobs: int) -> str:
    """One after the other, and so many at a time as asked for, or as there are processors for."""
    from siliconbert import train
    from siliconbert.campaign.executors import processors

    counts = dict.fromkeys((1, jobs if jobs > 1 else processors()))
    return ", ".join(f"{train.hours(recipes, n):.1f} hours with --jobs {n}" for n in counts)
