"""`siliconbert list`: what there is, by name."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

from siliconbert.cli import console, options

EXAMPLE = "Example: siliconbert list cells"
KINDS = ("formats", "cells", "models", "data", "accelerators", "tables")


def list_(
    kind: Annotated[str | None, typer.Argument(help=f"One of {', '.join(KINDS)}; default: all.")] = None,
    json: options.Json = False,
) -> None:
    """List formats, cells, models, data sets, accelerators, and the tables that can be reproduced."""
    found = {k: _names(k) for k in ([_known(kind)] if kind else KINDS)}
    if json:
        console.show_json(found)
        return
    for k, entries in found.items():
        console.show_table(k, ["name", "what it is"], [[name, text] for name, text in entries.items()])


def _known(kind: str) -> str:
    if kind not in KINDS:
        close = difflib.get_close_matches(kind, KINDS, 1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise ValueError(f"list: kind must be one of {', '.join(KINDS)}; got {kind!r}{hint}")
    return kind


def _names(kind: str) -> dict[str, str]:
    """Name -> one phrase."""
    from siliconbert import catalog, data, models
    from siliconbert.report import experiments

    if kind in ("formats", "cells", "accelerators"):
        return {name: str(record.get("title", "")) for name, record in catalog.records(kind).items()}
    if kind == "models":
        return dict.fromkeys(models.zoo_names(), "")
    if kind == "data":
        return dict.fromkeys(data.names(), "")
    return {name: _first_line(experiments.load(name).__doc__) for name in experiments.names()}


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n")[0]
