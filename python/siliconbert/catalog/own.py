"""A user's own records, from TOML files that nobody has checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from siliconbert import catalog
from siliconbert.catalog import Quantity
from siliconbert.text import parse_toml

# Unit -> lowest and highest value that is not absurd; what has another unit must not be negative.
_RANGES = {
    "1": (0.0, 1e3),
    "1/V": (0.0, 1e2),
    "V": (1e-3, 1e2),
    "mV": (1e-3, 1e4),
    "GHz": (1e-6, 1e2),
    "ns": (0.0, 1e9),
    "W": (1e-6, 1e5),
    "mW": (0.0, 1e6),
    "mA": (0.0, 1e6),
    "pJ": (0.0, 1e6),
    "nF": (0.0, 1e6),
    "mm^2": (0.0, 1e5),
    "mm^2/MB": (1e-6, 1e4),
    "bit": (1.0, 1e6),
    "byte": (1.0, 1e12),
    "cycles": (0.0, 1e6),
    "devices": (1.0, 1e3),
    "lanes": (1.0, 1e4),
    "transfers": (1.0, 1e3),
    "nm": (1.0, 1e3),
    "values": (1.0, 1e9),
    "vectors": (1.0, 1e9),
}
_WHOLE = {"BRAM18", "DSP", "FF", "LUT", "URAM", "lanes", "values", "vectors"}  # units of whole numbers
_LONGEST = 64  # list
_MOST = 1e12


@dataclass(frozen=True)
class Schema:
    """What a record of a kind holds.

    units    : number -> unit
    texts    : keys that hold text
    lists    : numbers of which there are several
    optional : numbers that may lack
    shares   : numbers that lie in 0..1
    """

    units: Mapping[str, str]
    texts: frozenset[str]
    lists: frozenset[str]
    optional: frozenset[str] = frozenset()
    shares: frozenset[str] = frozenset()

    def with_texts(self, *keys: str) -> Schema:
        """The schema with more keys that hold text."""
        return replace(self, texts=self.texts | set(keys))


def schema(record: Mapping[str, Any], optional: frozenset[str], shares: frozenset[str]) -> Schema:
    """The schema that a record of the catalogue follows."""
    units = {key: entry.unit for key, entry in record.items() if isinstance(entry, Quantity)}
    texts = frozenset(key for key in record if key not in units) | {"title", "source", "node"}
    lists = frozenset(key for key in units if isinstance(record[key].value, list))
    return Schema(units, texts, lists, optional, shares)


def read(caller: str, path: str | Path) -> dict[str, Mapping[str, Any]]:
    """The tables of a TOML file by name; ValueError in one sentence where there are none."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{caller}: path must be a readable text file: {error}") from None
    raw = parse_toml(text, file.name)
    if not raw:
        raise ValueError(f"{file.name}: the file must hold at least one record, got none")
    for name, table in raw.items():
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
            raise ValueError(f"{file.name}: names must be letters, digits, '_', '.' and '-', got {name!r}")
        if not isinstance(table, Mapping):
            raise ValueError(f"{file.name}: {name}: a record must be a table, got {table!r}")
    return raw


def record(place: str, raw: Mapping[str, Any], form: Schema, like: Mapping[str, Any]) -> dict[str, Any]:
    """The record that the catalogue would hold: the user's entries over those of `like`."""
    known = (*form.units, *sorted(form.texts))
    if unknown := set(raw) - set(known):
        raise ValueError(f"{place}: keys must be among {', '.join(known)}; got {min(unknown)!r}")
    texts = {key: _text(f"{place}.{key}", raw[key]) for key in form.texts if key in raw}
    source = texts.pop("source", None)
    numbers = {
        key: _quantity(f"{place}.{key}", raw[key], form, key, source, texts.get("node"))
        for key in form.units
        if key in raw
    }
    made = {**like, **texts, **numbers}
    if missing := [key for key in form.units if key not in made and key not in form.optional]:
        raise ValueError(
            f"{place}: {missing[0]} missing; give all of {', '.join(form.units)}, or like = a known record"
        )
    return made


def check_new(place: str, kind: str, name: str, made: Mapping[str, Any]) -> None:
    """A known name may only be given again with the numbers it has."""
    if name in (known := catalog.records(kind)) and known[name] != made:
        raise ValueError(f"{place}: name must be new, or have the numbers it already has; got other numbers")


def _text(place: str, given: Any) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueError(f"{place}: must be text, got {given!r}")
    return given


def _quantity(
    place: str, given: Any, form: Schema, key: str, source: str | None, node: str | None
) -> Quantity:
    unit = form.units[key]
    fields = dict(given) if isinstance(given, Mapping) else {"value": given}
    if unknown := set(fields) - {"value", "unit", "source", "where", "node", "note"}:
        raise ValueError(
            f"{place}: keys must be among value, unit, source, where, node, note; got {min(unknown)!r}"
        )
    if fields.setdefault("unit", unit) != unit:
        raise ValueError(f"{place}: unit must be {unit!r}, got {fields['unit']!r}")
    if not (said := fields.get("source", source)):
        raise ValueError(f"{place}: source missing: say where the number comes from")
    _check_value(place, fields.get("value"), unit, key in form.lists, key in form.shares)
    rest = {k: _text(f"{place}.{k}", fields[k]) for k in ("where", "note") if k in fields}
    at = fields.get("node", node) or "not stated"
    return Quantity(fields["value"], unit, _text(f"{place}.source", said), node=at, **rest)


def _check_value(place: str, value: Any, unit: str, several: bool, share: bool) -> None:
    if several != isinstance(value, list) or (several and not 1 <= len(value) <= _LONGEST):
        wanted = f"a list of 1..{_LONGEST} numbers" if several else "a number"
        raise ValueError(f"{place}: must be {wanted}, got {value!r:.80}")
    low, high = (0.0, 1.0) if share else _RANGES.get(unit, (0.0, _MOST))
    kind, words = (int, "a whole number") if unit in _WHOLE else ((int, float), "a number")
    for number in value if several else [value]:
        real = isinstance(number, kind) and not isinstance(number, bool)
        if not real or not low <= number <= high:
            where = f"{low:g}..{high:g}" + f" {unit}" * (unit != "1")
            raise ValueError(f"{place}: must be {words} in {where}, got {number!r:.80}")
