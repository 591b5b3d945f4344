"""Checkpoints of a phase that is running: the newest and the one before, each whole or not used."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from siliconbert.train.recipe import Recipe, differences

NEWEST, BEFORE = "state.pt", "state-before.pt"
KEYS = {"recipe", "text", "weights", "optimizer", "step", "minutes", "pruner", "frozen", "random"}

State = dict[str, Any]


def write(folder: Path, state: State) -> None:
    """Makes `state` the newest; a stop at any moment leaves at least one that is whole."""
    fresh = folder / "state.new"
    with open(fresh, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    if (folder / NEWEST).exists():
        os.replace(folder / NEWEST, folder / BEFORE)
    os.replace(fresh, folder / NEWEST)


def remove(folder: Path) -> None:
    """A run starts again."""
    for name in (NEWEST, BEFORE):
        (folder / name).unlink(missing_ok=True)


def newest(folder: Path, recipe: Recipe, text: str, log: Callable[[str], None]) -> State | None:
    """The newest checkpoint that is whole; None where there is none at all.

    text   : what the phase trains on, in words; another text is another run
    errors : ValueError where a checkpoint is of other settings, or where there are some and none is whole
    """
    reasons = []
    for name in (NEWEST, BEFORE):
        if not (folder / name).exists():
            continue
        found = _read(folder / name)
        if isinstance(found, str):
            log(f"checkpoint {name} cannot be used: {found}")
            reasons.append(f"{name}: {found}")
            continue
        _same_run(found, recipe, text)
        if name == BEFORE:
            os.replace(folder / BEFORE, folder / NEWEST)  # or the next one written would push it out
            log("going on from the checkpoint before")
        return found
    if reasons:
        raise ValueError(
            f"train: no checkpoint of {recipe.name} can be used ({'; '.join(reasons)}); --fresh starts again"
        )
    return None


def _read(path: Path) -> State | str:
    """The checkpoint, or what is wrong with it."""
    try:
        # PyTorch does not compare the check sums that its own files carry.
        with zipfile.ZipFile(path) as archive:
            if bad := archive.testzip():
                return f"the bytes of {bad} have changed"
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        return f"not a whole checkpoint ({str(error).splitlines()[0]})"
    if not isinstance(state, dict) or set(state) != KEYS:
        return "written by another version, or no checkpoint of a phase"
    return state


def _same_run(state: State, recipe: Recipe, text: str) -> None:
    changed = differences(state["recipe"], recipe)
    if state["text"] != text:
        changed.append(f"text {state['text']}, now {text}")
    if changed:
        raise ValueError(
            f"train: the checkpoint of {recipe.name} is of another recipe ({'; '.join(changed)}); "
            "give another --out, or --fresh to start again"
        )
