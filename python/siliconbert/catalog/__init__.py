"""Every number that the models compute with, in TOML: value, unit, source and the place in it.

A file `<kind>.toml` holds records; a record's quantities are inline tables
`{ value = 1.54, unit = "ns", source = "edgebert_micro2021", where = "Table 2", node = "28 nm" }`, perhaps
with a `note`; other keys are plain text.
`source` is a key of `papers.toml` or "assumed", which needs a note with the reason. `node` is the process
that the number was obtained on: "any" where it depends on none, "not stated" where the source does not say.
A record's own `node` serves those of its quantities that name none; numbers of silicon must have one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

from siliconbert.catalog import plugins
from siliconbert.text import parse_toml, suggestion

_FIELDS = {"value", "unit", "source", "where", "node", "note"}
_SILICON = {"accelerators", "actions", "cells", "memories", "processors"}


@dataclass(frozen=True)
class Quantity:
    """One number with its unit and where it comes from.

    >>> Quantity(1.54, "ns", "edgebert_micro2021", "Table 2").unit
    'ns'
    """

    value: Any
    unit: str
    source: str
    where: str = ""
    note: str = ""
    node: str = "not stated"


_ADDED: dict[str, dict[str, dict[str, Any]]] = {}


def records(kind: str) -> dict[str, dict[str, Any]]:
    """All records of a kind ("cells", "formats", ...): name -> its keys, quantities as `Quantity`.

    Those of the package's file, those that `add` has added, and those of plug-ins (see catalog.plugins).

    errors: ValueError naming file, record and key where a quantity lacks its unit, source, node or reason.

    >>> records("cells")["rram-mlc2"]["read_latency"].unit
    'ns'
    """
    plugins.read_files(kind)
    return {**_shipped(kind), **_ADDED.get(kind, {})}


def quantities(kind: str) -> list[tuple[str, str, Quantity]]:
    """Every number of a kind: record, key, quantity.

    >>> quantities("cells")[0][:2]
    ('rram-slc', 'level_means')
    """
    return [
        (name, key, entry)
        for name, record in records(kind).items()
        for key, entry in record.items()
        if isinstance(entry, Quantity)
    ]


def numbers(record: dict[str, Any]) -> dict[str, Any]:
    """The values of a record's numbers, in their units.

    >>> numbers(record("cells", "rram-slc", "numbers"))["read_latency"]
    1.21
    """
    return {key: entry.value for key, entry in record.items() if isinstance(entry, Quantity)}


def add(kind: str, records: dict[str, dict[str, Any]]) -> None:
    """Makes a user's checked records known by name in this process; the package's own are not replaced.

    >>> add("cells", {"mine": {"title": "a cell of mine"}})
    >>> "mine" in records("cells")
    True
    >>> remove("cells", ["mine"])
    >>> "mine" in records("cells")
    False
    """
    own = {name: record for name, record in records.items() if name not in _shipped(kind)}
    _ADDED.setdefault(kind, {}).update(own)


def remove(kind: str, names: Iterable[str]) -> None:
    """Forgets a user's records that `add` has added.

    >>> add("cells", {"mine": {}})
    >>> remove("cells", ["mine"])
    >>> "mine" in records("cells")
    False
    """
    for name in names:
        _ADDED.get(kind, {}).pop(name, None)


@contextmanager
def scaled(kind: str, name: str, key: str, factor: float) -> Iterator[None]:
    """Inside, one number of a record is so many times what the catalogue says; whole numbers stay whole.

    For the whole process: nothing else may read the catalogue at the same time.

    >>> with scaled("cells", "rram-slc", "read_latency", 2.0):
    ...     records("cells")["rram-slc"]["read_latency"].value
    2.42
    >>> records("cells")["rram-slc"]["read_latency"].value
    1.21
    """
    own = _ADDED.setdefault(kind, {})
    record, before = records(kind)[name], own.get(name)
    value = type(record[key].value)(record[key].value * factor)
    own[name] = {**record, key: replace(record[key], value=value)}
    try:
        yield
    finally:
        own.pop(name)
        if before is not None:
            own[name] = before


@lru_cache
def _shipped(kind: str) -> dict[str, dict[str, Any]]:
    text = (files(__name__) / f"{kind}.toml").read_text(encoding="utf-8")
    node = None if kind in _SILICON else "any"
    raw = parse_toml(text, f"{kind}.toml")
    return {name: _record(f"{kind}.toml: {name}", one, node) for name, one in raw.items()}


def record(kind: str, name: str, caller: str) -> dict[str, Any]:
    """The record `name` of a kind; `caller` opens the sentence of the ValueError where there is none.

    >>> record("cells", "rram-mlc3", "me")["read_latency"].unit
    'ns'
    """
    known = records(kind)
    if name not in known:
        hint = suggestion(name, known)
        raise ValueError(f"{caller}: name must be one of {', '.join(sorted(known))}; got {name!r}{hint}")
    return known[name]


@lru_cache
def papers() -> dict[str, dict[str, str]]:
    """The sources: key -> title, venue, year and the like."""
    return parse_toml((files(__name__) / "papers.toml").read_text("utf-8"), "papers.toml")


def _record(place: str, raw: dict[str, Any], node: str | None) -> dict[str, Any]:
    return {key: _quantity(f"{place}.{key}", entry, raw.get("node", node)) for key, entry in raw.items()}


def _quantity(place: str, entry: Any, node: str | None) -> Any:
    if not isinstance(entry, dict) or "value" not in entry:
        return entry
    if unknown := set(entry) - _FIELDS:
        raise ValueError(f"{place}: keys must be among {', '.join(sorted(_FIELDS))}; got {min(unknown)!r}")
    for key in ("unit", "source"):
        if key not in entry:
            raise ValueError(f"{place}: {key} missing")
    if entry["source"] == "assumed" and not entry.get("note"):
        raise ValueError(f"{place}: source is 'assumed' but no note gives the reason")
    if entry["source"] != "assumed" and entry["source"] not in papers():
        known = "'assumed' or a key of papers.toml"
        raise ValueError(f"{place}: source must be {known}, got {entry['source']!r}")
    if not (node := entry.get("node", node)):
        raise ValueError(f"{place}: node missing")
    return Quantity(**{**entry, "node": node})
