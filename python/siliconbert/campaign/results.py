"""A campaign's results as a table: what every row has in common above it, what differs in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from siliconbert.tables import Column, Table

_FIGURES = (
    Column("trials", "trials"),
    Column("clean", "clean, %", 2, 100),
    Column("accuracy", "mean, %", 2, 100),
    Column("low", "{:g} % interval", 2, 100, to="high"),
    Column("minimum", "min, %", 2, 100),
    Column("events", "events"),
    Column("nonfinite", "not finite"),
    Column("layer", "layer"),
    Column("latency_ms", "ms"),
    Column("energy_mj", "mJ"),
    Column("late", "late, %", 2, 100),
    Column("area_mm2", "mm^2"),
    Column("why", "no result because"),
)


def header(manifest: dict[str, Any]) -> list[str]:
    """Lines that say what holds for all rows."""
    settings, labels = manifest["settings"], list(manifest["points"].values())
    same = [f"{name} {text}" for name, text in labels[0].items() if all(x[name] == text for x in labels)]
    quick = ["quick: at most 400 fixed sentences and 10 trials"] if settings["quick"] else []
    return [
        *quick,
        f"same everywhere: {'; '.join(text for text in same if not text.endswith(' -'))}",
        f"stored: {settings['tensor']}; seed {settings['seed']}; numeric path: {manifest['path']}",
    ]


def varying(records: Sequence[dict[str, Any]], names: Sequence[str]) -> list[str]:
    """Those of the names that do not have one value in all records."""
    return [name for name in names if len({str(record.get(name)) for record in records}) > 1]


def table(manifest: dict[str, Any], records: Sequence[dict[str, Any]]) -> Table:
    """The records of campaign.Rows.summary() with the columns in which they differ, and the figures."""
    confidence = 100 * manifest["settings"]["trials"]["confidence"]
    told = [{**record, "why": _why(record)} for record in records]
    labels = varying(told, [*next(iter(manifest["points"].values()), {}), "accelerator", "target_ms"])
    figures = [column for column in _FIGURES if any(column.text(record) for record in told)]
    columns = [Column(name, name) for name in labels] + [
        Column(c.name, c.title.format(confidence), c.digits, c.factor, c.to) for c in figures
    ]
    return Table(tuple(columns), told, tuple(header(manifest)))


def _why(record: dict[str, Any]) -> str | None:
    unfinished = "not finished" if record["state"] in ("running", "waiting") else None
    return record["reason"] or record.get("cost_reason") or unfinished
