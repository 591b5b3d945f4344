"""The results a paper prints: `experiments/<paper>/published.toml`, a record a quantity, an entry a row."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from siliconbert import catalog
from siliconbert.report import experiments

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KINDS = ("exact", "model", "trend")


@dataclass(frozen=True)
class Target:
    """One printed cell and how a result of ours is compared with it.

    compare : "exact" (the printed digits), "model" (within `tolerance`), "trend" (same direction by rows)
    """

    value: float
    unit: str
    source: str
    where: str
    compare: str
    digits: int
    tolerance: float | None = None
    note: str = ""


def targets(table: str, task: str, source: str = "model") -> dict[tuple[str, str], Target]:
    """The printed cells of `table` ("edgebert/table_3") for `task`: (row, quantity name) -> Target.

    task   : "*" for those of all tasks, their rows named "sst2 1 %"; rows of task "*" belong to every task
    source : "model" for results of a model of ours, "authors" for results from the authors' own files
    errors : ValueError naming file, quantity and field where a record is incomplete
    """
    paper, name = experiments.split(table)
    raw = tomllib.loads((experiments.folder(paper) / "published.toml").read_text(encoding="utf-8"))
    place = f"{paper}/published.toml: {name}"
    if name not in raw:
        raise ValueError(f"report.targets: table must be one of {', '.join(raw)}; got {name!r}")
    quantities = raw[name]["quantities"]
    rows = [(row, row["row"]) for row in raw[name]["rows"] if row["task"] in (task, "*")]
    if task == "*":
        rows += [(row, f"{row['task']} {row['row']}") for row in raw[name]["rows"] if row["task"] != "*"]
    return {
        (label, quantity): _target(f"{place}.{quantity}", record, row, quantity, source)
        for row, label in rows
        for quantity, record in quantities.items()
        if quantity in row
    }


def printed(table: str, task: str, quantity: str) -> list[tuple[str, float]]:
    """The printed values of one quantity, row by row."""
    return [(row, t.value) for (row, name), t in targets(table, task).items() if name == quantity]


def _target(place: str, record: dict[str, Any], row: dict[str, Any], quantity: str, source: str) -> Target:
    for key in ("unit", "source", "where", "compare", "digits"):
        if key not in record:
            raise ValueError(f"{place}: {key} missing")
    compare = record.get(source, record["compare"])
    if compare not in KINDS or (compare == "model" and "tolerance" not in record):
        raise ValueError(f"{place}: compare must be exact, trend, or model with a tolerance; got {compare!r}")
    if record["source"] not in catalog.papers():
        raise ValueError(f"{place}: source must be a key of papers.toml, got {record['source']!r}")
    where = f"{record['where']}, row {row['task']} {row['row']}"
    note = row.get("notes", {}).get(quantity, "")
    return Target(
        row[quantity],
        record["unit"],
        record["source"],
        where,
        compare,
        record["digits"],
        record.get("tolerance"),
        note,
    )
