"""`siliconbert list`: what there is, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siliconbert.cli import console, names, options
from siliconbert.text import suggestion

if TYPE_CHECKING:
    from siliconbert.catalog import Quantity

EXAMPLE = "Example: siliconbert list accelerators --sources"
SOURCED = (
    "formats",
    "cells",
    "accelerators",
    "actions",
    "memories",
    "processors",
    "devices",
    "shells",
    "fpga",
    "networks",
)
TABLES = "tables"
KINDS = (*SOURCED, "faults", "exits", "models", "data", TABLES)
COLUMNS = ("name", "number", "value", "unit", "node", "source", "where, note")


def list_(
    kind: Annotated[
        str | None,
        typer.Argument(help=f"One of {', '.join(KINDS)}; default: all.", autocompletion=names.among(*KINDS)),
    ] = None,
    sources: Annotated[
        bool, typer.Option("--sources", help="Every number instead, with unit, node and source.")
    ] = False,
    own: Annotated[
        Path | None,
        typer.Option("--own", help="TOML file with accelerators or memories of your own, checked and added."),
    ] = None,
    json: options.Json = False,
) -> None:
    """List what there is: formats, cells, models, data, accelerators, memories, tables and more."""
    if own is not None:
        _load(kind, own)
    if sources:
        _show_sources([_known(kind, SOURCED)] if kind else SOURCED, json)
        return
    if kind == TABLES:
        _show_tables(json)
        return
    with console.told():  # of plug-ins that are left out
        found = {k: _names(k) for k in ([_known(kind)] if kind else KINDS)}
    if json:
        console.show_json(found)
        return
    for k, entries in found.items():
        console.show_table(k, ["name", "what it is"], [[name, text] for name, text in entries.items()])


def _show_tables(json: bool) -> None:
    """Every table with what it is, the command that made the rows on file, and its core-minutes."""
    from siliconbert import report

    entries = report.on_file.committed()
    found = {
        name: {"title": title, **entries.get(name, {"open": "not run yet"})}
        for name, title in _names(TABLES).items()
    }
    if json:
        console.show_json({TABLES: found})
        return
    rows = [
        [
            name,
            f"{entry['core_minutes']:.2f}" if "core_minutes" in entry else "",
            str(entry["title"]),
            _made(name, entry),
        ]
        for name, entry in found.items()
    ]
    console.show_table(TABLES, ["name", "core-minutes", "what it is", "rows on file"], rows)
    console.say(
        "",
        "core-minutes: of the run on file, all threads together; `siliconbert reproduce NAME` makes a table",
    )


def _made(name: str, entry: dict[str, Any]) -> str:
    """What the command says more than the name; why there are no rows, or of what older state they are."""
    if "open" in entry:
        return f"none: {entry['open']}"
    options = str(entry["command"]).removeprefix(f"siliconbert reproduce {name}").strip()
    return f"of {entry['stale']}" if "stale" in entry else options or "yes"


def _load(kind: str | None, file: Path) -> None:
    """A user's records of a kind; ValueError in one sentence where the file is wrong."""
    from siliconbert import hardware

    loads = {"accelerators": hardware.load_accelerators, "memories": hardware.load_memories}
    if kind not in loads:
        raise ValueError(f"list: --own must follow one of {', '.join(loads)}; got {kind or 'no kind'}")
    loads[kind](file)


def _known(kind: str, kinds: Sequence[str] = KINDS) -> str:
    if kind not in kinds:
        raise ValueError(
            f"list: kind must be one of {', '.join(kinds)}; got {kind!r}{suggestion(kind, kinds)}"
        )
    return kind


def _show_sources(kinds: Sequence[str], json: bool) -> None:
    """Every number of the kinds with what the catalogue knows of it."""
    from siliconbert import catalog

    found = {kind: catalog.quantities(kind) for kind in kinds}
    if json:
        console.show_json(
            {k: [{"name": name, "number": key, **asdict(q)} for name, key, q in f] for k, f in found.items()}
        )
        return
    for kind, numbers in found.items():
        rows = [[name, key, *_fields(quantity)] for name, key, quantity in numbers]
        console.show_table(f"{kind}: every number", COLUMNS, rows, grouped=True)


def _fields(quantity: Quantity) -> list[str]:
    value = quantity.value
    text = ", ".join(f"{v:g}" for v in value) if isinstance(value, list) else f"{value:g}"
    said = "; ".join(part for part in (quantity.where, quantity.note) if part)
    return [text, quantity.unit, quantity.node, quantity.source, said]


def _names(kind: str) -> dict[str, str]:
    """Name -> one phrase."""
    from siliconbert import catalog, data, exits, faults, models
    from siliconbert.catalog import plugins
    from siliconbert.report import experiments

    coded = {"faults": faults.kinds, "exits": exits.rules}
    if kind in coded:
        return {name: plugins.origin(kind, name) or "" for name in coded[kind]()}
    if kind in SOURCED:
        return {name: str(record.get("title", "")) for name, record in catalog.records(kind).items()}
    if kind == "models":
        return dict.fromkeys(models.zoo_names(), "")
    if kind == "data":
        return dict.fromkeys(data.names(), "")
    return {name: _first_line(experiments.load(name).__doc__) for name in experiments.names()}


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n")[0]
