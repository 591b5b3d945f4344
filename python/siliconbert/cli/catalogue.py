"""`siliconbert list`: what there is, by name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siliconbert.cli import console, options

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
KINDS = (*SOURCED, "models", "data", "tables")
COLUMNS = ("name", "number", "value", "unit", "node", "source", "where, note")


def list_(
    kind: Annotated[str | None, typer.Argument(help=f"One of {', '.join(KINDS)}; default: all.")] = None,
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
    found = {k: _names(k) for k in ([_known(kind)] if kind else KINDS)}
    if json:
        console.show_json(found)
        return
    for k, entries in found.items():
        console.show_table(k, ["name", "what it is"], [[name, text] for name, text in entries.items()])


def _load(kind: str | None, file: Path) -> None:
    """A user's records of a kind; ValueError in one sentence where the file is wrong."""
    from siliconbert import hardware

    loads = {"accelerators": hardware.load_accelerators, "memories": hardware.load_memories}
    if kind not in loads:
        raise ValueError(f"list: --own must follow one of {', '.join(loads)}; got {kind or 'no kind'}")
    loads[kind](file)


def _known(kind: str, kinds: Sequence[str] = KINDS) -> str:
    if kind not in kinds:
        close = difflib.get_close_matches(kind, kinds, 1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise ValueError(f"list: kind must be one of {', '.join(kinds)}; got {kind!r}{hint}")
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
    from siliconbert import catalog, data, models
    from siliconbert.report import experiments

    if kind in SOURCED:
        return {name: str(record.get("title", "")) for name, record in catalog.records(kind).items()}
    if kind == "models":
        return dict.fromkeys(models.zoo_names(), "")
    if kind == "data":
        return dict.fromkeys(data.names(), "")
    return {name: _first_line(experiments.load(name).__doc__) for name in experiments.names()}


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n")[0]
