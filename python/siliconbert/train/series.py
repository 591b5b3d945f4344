"""The recipes of a folder: in which order they can run, how far they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from siliconbert.models.jsonfile import read_json
from siliconbert.train import checkpoint, recipe, shards
from siliconbert.train.recipe import Recipe


@dataclass(frozen=True)
class Planned:
    """A recipe, its file, and how far it is.

    standing : done, committed, changed (since then), begun, open, or unneeded: open, but all that start or
               learn from it are done
    changes  : what has changed, in words
    """

    path: Path
    recipe: Recipe
    standing: str
    changes: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether nothing is left to run: mostly since there is a model of just this recipe."""
        return self.standing in ("done", "committed", "unneeded")


def plan(folder: str | Path, out: str | Path) -> list[Planned]:
    """The recipes of a folder, each after those it starts from or learns from; see train.plan."""
    read = [(path, recipe.read(path)) for path in sorted(Path(folder).glob("*.yaml"))]
    if not read:
        raise ValueError(f"train.plan: folder must hold recipes (*.yaml), got {str(folder)!r}")
    left = {one.name: (path, one) for path, one in read}
    if len(left) < len(read):
        raise ValueError(f"train.plan: names must differ, the {len(read)} recipes have {len(left)} names")
    ordered = []
    while left:
        free = [(p, r) for p, r in left.values() if not needed(r) & (left.keys() - {r.name})]
        if not free:
            raise ValueError(f"train.plan: recipes must not wait for each other, {', '.join(left)} do")
        ordered += [planned(p, r, Path(out)) for p, r in free]
        left = {name: one for name, one in left.items() if one not in free}
    return _spared(ordered)


def needed(one: Recipe) -> set[str]:
    """Names of what must have run before."""
    return {one.start, one.teacher or "", *one.panel}


def _spared(ordered: list[Planned]) -> list[Planned]:
    found: list[Planned] = []
    for p in reversed(ordered):
        later = [q for q in found if p.recipe.name in needed(q.recipe)]
        spared = p.standing == "open" and later and all(q.done for q in later)
        found.insert(0, replace(p, standing="unneeded") if spared else p)
    return found


def planned(path: Path, one: Recipe, out: Path) -> Planned:
    """How far a recipe is."""
    for model, word in ((out / one.name / "model", "done"), (shards.home(path) / one.name, "committed")):
        if (model / "card.json").is_file():
            stages = read_json(model / "card.json").values.get("stages") or [{}]
            changes = tuple(recipe.differences(stages[-1].get("recipe", {}), one))
            return Planned(path, one, "changed" if changes else word, changes)
    begun = any((out / one.name / name).is_file() for name in (checkpoint.NEWEST, checkpoint.BEFORE))
    return Planned(path, one, "begun" if begun else "open")
