"""The results a paper prints: `experiments/<paper>/published.toml`, a record a quantity, an entry a row.

A table's `headline` names the cell that says most about it, for an overview of many tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siliconbert import catalog
from siliconbert.report import experiments
from siliconbert.text import parse_toml, read_text

_NUMBER = (int, float)
_FIELDS: dict[str, Any] = {
    "unit": str,
    "source": str,
    "where": str,
    "compare": str,
    "digits": int,
    "tolerance": _NUMBER,
}
_SAID: dict[Any, str] = {str: "text", int: "a whole number", _NUMBER: "a number"}
KINDS = ("exact", "model", "relative", "trend", "order")
_TOLERANT = ("model", "relative", "order")


@dataclass(frozen=True)
class Target:
    """One printed cell and how a result of ours is compared with it.

    compare : "exact" (the printed digits), "model" (within `tolerance`), "relative" (within that share of the
              value), "trend" (same direction by rows), "order" (same order of the quantities in a row, those
              within `tolerance` counted as equal)
    readings : other values that may have been meant, where what is printed is in doubt

    >>> from siliconbert.report import targets
    >>> target = targets("edgebert/table_3", "sst2")["1 %", "ee_layer"]
    >>> target.value, target.digits, target.where
    (4.3, 2, 'Table 3, conventional EE, average exit layer, row sst2 1 %')
    """

    value: float
    unit: str
    source: str
    where: str
    compare: str
    digits: int
    tolerance: float | None = None
    note: str = ""
    readings: tuple[float, ...] = ()

    def reading(self, number: int) -> float:
        """The value as printed (0), or its other reading of that number where it has so many."""
        return (self.value, *self.readings)[number] if number <= len(self.readings) else self.value


def targets(table: str, task: str, source: str = "model") -> dict[tuple[str, str], Target]:
    """The printed cells of `table` ("edgebert/table_3") for `task`: (row, quantity name) -> Target.

    task   : "*" for those of all tasks, their rows named "sst2 1 %"; rows of task "*" belong to every task
    source : "model" for results of a model of ours, "authors" for results from the authors' own files
    errors : ValueError naming file, quantity and field where a record is incomplete

    >>> found = targets("edgebert/table_3", "sst2")["1 %", "ee_layer"]
    >>> found.value, found.unit, found.compare
    (4.3, 'layers', 'trend')
    """
    paper, name = experiments.split(table)
    place = f"{paper}/published.toml: {name}"
    quantities, records = _table(experiments.folder(paper) / "published.toml", name, place)
    rows = [(row, row["row"]) for row in records if row["task"] in (task, "*")]
    if task == "*":
        rows += [(row, f"{row['task']} {row['row']}") for row in records if row["task"] != "*"]
    return {
        (label, quantity): _target(f"{place}.{quantity}", record, row, quantity, source)
        for row, label in rows
        for quantity, record in quantities.items()
        if quantity in row
    }


def headline(table: str) -> tuple[tuple[str, str], str] | None:
    """The cell that says most about a table: the names its row may have, and its quantity; None without one.

    errors: ValueError where the paper's file names a cell that it does not have
    """
    paper, name = experiments.split(table)
    raw = _tables(experiments.folder(paper) / "published.toml").get(name, {}).get("headline")
    if raw is None:
        return None
    task, row, quantity = (raw.get(key) for key in ("task", "row", "quantity"))
    if (row, quantity) not in targets(table, task):
        raise ValueError(f"{paper}/published.toml: {name}: headline must be a printed cell, got {raw}")
    return (row, f"{task} {row}"), quantity


def printed(table: str, task: str, quantity: str) -> list[tuple[str, float]]:
    """The printed values of one quantity, row by row.

    >>> printed("edgebert/table_3", "sst2", "ee_layer")
    [('1 %', 4.3), ('2 %', 3.94), ('5 %', 2.7)]
    """
    return [(row, t.value) for (row, name), t in targets(table, task).items() if name == quantity]


def _table(path: Path, name: str, place: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The records of a table's quantities, and its rows."""
    raw = _tables(path)
    if name not in raw:
        raise ValueError(f"report.targets: table must be one of {', '.join(raw)}; got {name!r}")
    table = raw[name] if isinstance(raw[name], dict) else {}
    quantities, rows = table.get("quantities"), table.get("rows")
    if not isinstance(quantities, dict) or not all(isinstance(one, dict) for one in quantities.values()):
        raise ValueError(f"{place}: quantities must be tables")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{place}: rows must be a list of tables")
    if not all(isinstance(row.get(key), str) for row in rows for key in ("task", "row")):
        raise ValueError(f"{place}: every row must name its task and row")
    return quantities, rows


def _tables(path: Path) -> dict[str, Any]:
    return parse_toml(read_text(path), str(path))


def _target(place: str, record: dict[str, Any], row: dict[str, Any], quantity: str, source: str) -> Target:
    for key, kind in _FIELDS.items():
        if key not in record and key != "tolerance":
            raise ValueError(f"{place}: {key} missing")
        if not isinstance(record.get(key, 0), kind):
            raise ValueError(f"{place}: {key} must be {_SAID[kind]}, got {record[key]!r}")
    if not isinstance(row[quantity], _NUMBER):
        raise ValueError(f"{place}: every row must hold a number, got {row[quantity]!r}")
    compare = record.get(source, record["compare"])
    if compare not in KINDS or (compare in _TOLERANT and "tolerance" not in record):
        known = "exact, trend, or model, relative or order with a tolerance"
        raise ValueError(f"{place}: compare must be {known}; got {compare!r}")
    if record["source"] not in catalog.papers():
        raise ValueError(f"{place}: source must be a key of papers.toml, got {record['source']!r}")
    where = f"{record['where']}, row {row['task']} {row['row']}".replace("row * ", "row ")
    notes = row.get("notes", {})
    note = str(notes.get(quantity, "")) if isinstance(notes, dict) else str(notes)
    return Target(
        row[quantity],
        record["unit"],
        record["source"],
        where,
        compare,
        record["digits"],
        record.get("tolerance"),
        note,
        _readings(place, row, quantity),
    )


def _readings(place: str, row: dict[str, Any], quantity: str) -> tuple[float, ...]:
    readings = row.get("readings", {})
    found = readings.get(quantity, []) if isinstance(readings, dict) else readings
    if not isinstance(found, list) or not all(isinstance(each, _NUMBER) for each in found):
        raise ValueError(f"{place}: readings must be lists of numbers, got {found!r}")
    return tuple(found)
