"""Recipes side by side: each in a process of its own, as soon as those it starts or learns from are done."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from siliconbert.train.series import Planned, needed

OUTPUT = "output.txt"  # what the process of a recipe printed, in the run's folder
LOOK_EVERY = 0.2  # seconds


def side_by_side(
    recipes: Sequence[Planned], out: Path, jobs: int, options: Sequence[str], say: Callable[[str], None]
) -> None:
    """Runs recipes as `siliconbert train` does, at most `jobs` at a time.

    options : of every command line, such as --device cuda
    errors  : ValueError for less than one job; RuntimeError naming what failed and what had to wait for it.
              The rest has run then. Whatever ends this process ends the others, too; they resume
    """
    _check(jobs)
    waiting = {p.recipe.name: p for p in recipes}
    running: dict[str, subprocess.Popen[bytes]] = {}
    failed: list[str] = []
    try:
        while running or any(_free(waiting, running, failed)):
            for name in list(_free(waiting, running, failed))[: jobs - len(running)]:
                running[name] = _start(waiting.pop(name), out, jobs, options)
                say(f"{name}: started, output in {out / name / OUTPUT}")
            time.sleep(LOOK_EVERY)
            for name in [name for name, process in running.items() if process.poll() is not None]:
                code = running.pop(name).returncode
                failed += [name] * (code != 0)
                say(f"{name}: {'done' if code == 0 else f'failed: {_last_line(out / name)}'}")
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait()
    if failed:
        left = f"; not run: {', '.join(waiting)}" if waiting else ""
        raise RuntimeError(f"train: {', '.join(failed)} failed{left}; the same command goes on from here")


def hours(recipes: Sequence[Planned], jobs: int) -> float:
    """How long side_by_side takes if every recipe takes its budget."""
    _check(jobs)
    waiting = {p.recipe.name: p for p in recipes}
    ends: dict[str, float] = {}  # of those that run, minutes
    now = 0.0
    while waiting or ends:
        for name in _free(waiting, ends)[: jobs - len(ends)]:
            ends[name] = now + waiting.pop(name).recipe.budget_minutes
        next_done = min(ends, key=lambda name: ends[name])
        now = ends.pop(next_done)
    return now / 60


def _check(jobs: int) -> None:
    if jobs < 1:
        raise ValueError(f"train: jobs must be at least 1, got {jobs}")


def _free(waiting: Mapping[str, Planned], running: Iterable[str], failed: Iterable[str] = ()) -> list[str]:
    """Names of what could start now."""
    ahead = {*waiting, *running, *failed}
    return [name for name, p in waiting.items() if not needed(p.recipe) & ahead - {name}]


def _start(planned: Planned, out: Path, jobs: int, options: Sequence[str]) -> subprocess.Popen[bytes]:
    folder = out / planned.recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    threads = max(1, (os.cpu_count() or 1) // jobs)
    command = [sys.executable, "-m", "siliconbert.cli", "train", str(planned.path), "--out", str(out)]
    with (folder / OUTPUT).open("wb") as output:
        return subprocess.Popen(
            [*command, *options],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        )


def _last_line(folder: Path) -> str:
    lines = (folder / OUTPUT).read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no output"
