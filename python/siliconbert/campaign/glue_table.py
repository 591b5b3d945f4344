"""A GLUE table from the answers that models left on file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from siliconbert.campaign import quality
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity, percent
from siliconbert.campaign.setup import STAND_IN, Call
from siliconbert.data.answers import read

_UNITS = {"accuracy": "%", "f1": "%"}


def run(table: str, call: Call, folder: Path, models: Mapping[str, str]) -> Outcome:
    """The official metrics of every task at the last exit.

    folder : holds MODEL_predictions.csv, as training or `siliconbert evaluate --predictions` wrote it
    models : task -> model; tasks whose file is not there are named in the header
    errors : ValueError where no file is there, or one is of another task
    """
    chosen = {task: model for task, model in models.items() if call.data in (None, task)}
    files = {task: folder / f"{model}_predictions.csv" for task, model in chosen.items()}
    there = {task: path for task, path in files.items() if path.is_file()}
    if not there:
        names = ", ".join(path.name for path in files.values())
        raise ValueError(f"reproduce: {table} needs a file of answers in {folder}: {names}")
    header = [STAND_IN, "metrics at the last layer; 95 % intervals of Wilson (accuracy) and of the bootstrap"]
    rows: list[Measurement] = []
    for task, path in there.items():
        lines, found = _task(task, path)
        header, rows = header + lines, rows + found
    if missing := [task for task in files if task not in there]:
        header.append(f"no answers on file yet: {', '.join(missing)}")
    return Outcome(table, "*", "model", tuple(dict.fromkeys(header)), tuple(rows))


def _task(task: str, path: Path) -> tuple[list[str], list[Measurement]]:
    answers = read(path)
    if not any(line.startswith(f"data: {task} ") for line in answers.header):
        raise ValueError(f"{path}: must say `data: {task} ...` in its header, got {list(answers.header)}")
    scores = quality.of(task, answers.labels, answers.given[:, -1])
    lines = [line for line in answers.header if line.startswith(("model:", "data:"))]
    return [" ".join(lines)], [percent(task, _quantity(name), value) for name, value in scores.items()]


def _quantity(name: str) -> Quantity:
    return Quantity(name, quality.LABELS[name].partition(" ")[0], _UNITS.get(name, "x 100"))
