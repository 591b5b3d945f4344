"""Trained language models as rows of one CSV file: what each is, and how well it foretells the held-out text.

`python -m siliconbert.campaign.language_runs RUNS` prints the rows of a folder of runs.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TextIO, get_type_hints

from siliconbert.campaign.interval import Interval, two_sided


@dataclass(frozen=True)
class LanguageRun:
    """One trained model.

    name      : of its recipe; a point of a sweep has its density behind it
    attention : causal, or unmasked where every place sees the word it is to foretell
    pattern   : dense, irregular, or the block with "column" or "row": which all keep as many blocks
    admm      : whether it was pulled towards the pattern before it was cut
    cut       : whether the pattern is cut; a dense model, or one after ADMM, is not
    ratio     : prune ratio asked for; kept: fraction of the decoder's weights that is left
    epochs    : of training in all
    deviation : of the accuracies of `windows` windows
    bigram    : accuracy of the bigram model on the same places
    """

    name: str
    seed: int
    attention: str
    pattern: str
    admm: bool
    cut: bool
    ratio: float
    kept: float
    epochs: int
    accuracy: float
    deviation: float
    windows: int
    perplexity: float
    bigram: float

    @property
    def interval(self) -> Interval:
        """The accuracy with its 95 % interval over windows, which count as independent."""
        half = two_sided(0.95) * self.deviation / math.sqrt(self.windows)
        return Interval(self.accuracy, self.accuracy - half, self.accuracy + half)


def collect(runs: Path) -> list[LanguageRun]:
    """Every finished language model in a folder of runs, see train; ValueError where there is none."""
    found = [run for card in sorted(runs.glob("*/model/card.json")) for run in _of(card)]
    if not found:
        raise ValueError(f"language_runs: {runs} must hold finished runs (NAME/model/card.json), has none")
    return found


def _of(card: Path) -> Iterator[LanguageRun]:
    raw = json.loads(card.read_text())
    recipes = [stage["recipe"] for stage in raw["stages"]]
    if recipes[-1].get("phase") != "language":
        return
    if "curve" not in raw:
        yield _run(raw["name"], recipes, raw["held_out"])
        return
    for point in raw["curve"]:
        yield _run(point["name"], recipes, point, point["density"])


def _run(name: str, recipes: list[dict[str, Any]], found: dict[str, Any], density: float = 0) -> LanguageRun:
    last = recipes[-1]
    schedule = next(iter(last.get("density", {}).values()), None)
    cut = schedule is not None and "admm" not in last
    density = density or (schedule or {}).get("density", 1.0)
    return LanguageRun(
        name,
        last["seed"],
        "causal" if last.get("causal", True) else "unmasked",
        _pattern(schedule),
        any("admm" in recipe for recipe in recipes),
        cut,
        round(1 - density, 4) if cut else 0.0,
        round(found["densities"]["decoder"], 6),
        sum(recipe["epochs"] for recipe in recipes),
        round(found["accuracy"], 6),
        round(found["deviation"], 6),
        found["windows"],
        round(found["perplexity"], 3),
        round(found["bigram"]["accuracy"], 6),
    )


def _pattern(schedule: dict[str, Any] | None) -> str:
    """The paper's word: weights are stored as (outputs, inputs), so that its columns are rows there."""
    if schedule is None:
        return "dense"
    pattern = schedule["pattern"]
    if pattern["kind"] != "block":
        return "irregular"
    turned = {"row": "column", "column": "row"}
    balance = pattern.get("balance", "free")
    columns, rows = pattern["shape"]
    return f"{rows}x{columns} {turned.get(balance, balance)}"


def write(runs: Iterable[LanguageRun], file: TextIO, header: Iterable[str] = ()) -> None:
    """Rows of a CSV file below lines that begin with #."""
    file.writelines(f"# {line}\n" for line in header)
    columns = [field.name for field in fields(LanguageRun)]
    table = csv.writer(file, lineterminator="\n")
    table.writerow(columns)
    table.writerows([getattr(run, name) for name in columns] for run in runs)


def read(path: Path) -> tuple[list[str], list[LanguageRun]]:
    """The header lines and rows that write() left; ValueError naming the file and line where they are not."""
    lines = path.read_text(encoding="utf-8").splitlines()
    header = [line.removeprefix("# ") for line in lines if line.startswith("#")]
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    if rows.fieldnames != [field.name for field in fields(LanguageRun)]:
        raise ValueError(f"{path}: columns must be those of a LanguageRun, got {rows.fieldnames}")
    return header, [_read(path, row, number) for number, row in enumerate(rows, len(header) + 2)]


def _read(path: Path, row: dict[str, Any], number: int) -> LanguageRun:
    kinds = get_type_hints(LanguageRun)
    try:
        values = {n: row[n] == "True" if kind is bool else kind(row[n]) for n, kind in kinds.items()}
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: line {number} must hold a LanguageRun ({error})") from None
    return LanguageRun(**values)


if __name__ == "__main__":
    write(collect(Path(sys.argv[1])), sys.stdout)
