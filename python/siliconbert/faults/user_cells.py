"""A user's own memory cells, from TOML or CSV files that nobody has checked."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any

from siliconbert import catalog
from siliconbert.faults.cells import cell, from_quantities, names
from siliconbert.text import parse_toml

__all__ = ["load_cells"]

# Quantity -> unit; a plain number or list is taken in it.
_UNITS = {
    "level_means": "1",
    "level_sigmas": "1",
    "area_density": "mm^2/MB",
    "read_latency": "ns",
    "read_energy": "pJ/bit",
    "widening": "1",
    "widening_start": "h",
}
_TEXTS = ("title", "source", "fewer_bits")
_LISTS = ("level_means", "level_sigmas")


def load_cells(path: str | Path) -> list[str]:
    """Adds the cells of a file to those known by name, for storage.store and CellMisread; returns the names.

    path    : .toml, one table a cell with the keys of the catalogue's cells.toml: level_means, level_sigmas
              (2, 4, ... 256 levels, ascending means), source (where they come from) and, where known,
              area_density (mm^2/MB), read_latency (ns), read_energy (pJ/bit), widening and widening_start (h;
              see Cell.sigmas_after), title, and fewer_bits: the cell whose levels hold where this one is
              given one bit less. A value is a number, a list, or a table { value = ..., unit = ... }.
              Or .csv with the columns name, level, mean, sigma and perhaps source; one row a level, from 0 on
    errors  : ValueError, one sentence with file and cell or line; then no cell is added. A known name may
              only be given again with the same numbers

    Processes do not share what they have loaded: a worker loads the file itself.

    >>> from pathlib import Path
    >>> _ = Path("mine.csv").write_text("name,level,mean,sigma\\nmine,0,0.0,0.1\\nmine,1,1.0,0.1\\n")
    >>> load_cells("mine.csv")
    ['mine']
    >>> catalog.remove("cells", ["mine"])
    """
    file = Path(path)
    reader = {".toml": parse_toml, ".csv": _csv}.get(file.suffix)
    if reader is None:
        raise ValueError(f"faults.load_cells: path must end in .toml or .csv, got {str(path)!r}")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"faults.load_cells: path must be a readable text file: {error}") from None
    made = {name: _record(f"{file.name}: {name}", name, raw) for name, raw in reader(text, file.name).items()}
    if not made:
        raise ValueError(f"{file.name}: the file must hold at least one cell, got none")
    for name, record in made.items():
        _check_known(f"{file.name}: {name}", name, record, made)
    catalog.add("cells", made)
    return list(made)


def _csv(text: str, file: str) -> dict[str, Any]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    found: dict[str, Any] = {}
    try:
        wanted = {"name", "level", "mean", "sigma"}
        columns = set(reader.fieldnames or ())
        if not wanted <= columns <= wanted | {"source"}:
            given = ", ".join(" ".join(str(name).split()) for name in reader.fieldnames or ()) or "none"
            raise ValueError(
                f"{file}: columns must be name, level, mean, sigma and perhaps source, got {given}"
            )
        for row in reader:
            _add_level(f"{file}: line {reader.line_num}", row, found, file)
    except csv.Error as error:
        raise ValueError(f"{file}: line {reader.line_num}: the file must be CSV: {error}") from None
    return found


def _add_level(place: str, row: dict[str, Any], found: dict[str, Any], file: str) -> None:
    if None in row or None in row.values():
        raise ValueError(f"{place}: a row must have one field a column")
    empty: dict[str, Any] = {"level_means": [], "level_sigmas": [], "source": row.get("source") or file}
    record = found.setdefault(row["name"], empty)
    means, sigmas = record["level_means"], record["level_sigmas"]
    if row["level"].strip() != str(len(means)):
        raise ValueError(
            f"{place}: level must be {len(means)}, the next of {row['name']}, got {row['level']!r}"
        )
    for column, values in (("mean", means), ("sigma", sigmas)):
        try:
            values.append(float(row[column]))
        except ValueError:
            raise ValueError(f"{place}: {column} must be a number, got {row[column]!r}") from None


def _record(place: str, name: str, raw: Any) -> dict[str, Any]:
    """The record that the catalogue would hold."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise ValueError(f"{place}: name must be letters, digits, '_', '.' and '-', got {name!r}")
    known = (*_UNITS, *_TEXTS, "bits")
    if not isinstance(raw, Mapping) or (unknown := set(map(str, raw)) - set(known)):
        got = repr(raw) if not isinstance(raw, Mapping) else repr(min(unknown))
        raise ValueError(f"{place}: a cell must be a table with keys among {', '.join(known)}; got {got}")
    record: dict[str, Any] = {key: _text(f"{place}.{key}", raw[key]) for key in _TEXTS if key in raw}
    if not (source := record.pop("source", None) or _own_source(raw.get("level_means"))):
        raise ValueError(f"{place}: source missing: say where the level statistics come from")
    for key in _UNITS:
        if key in raw or key in _LISTS:
            record[key] = catalog.Quantity(_value(f"{place}.{key}", key, raw), _UNITS[key], source)
    record["bits"] = _bits(place, raw, record)
    try:
        from_quantities(name, record).transitions()
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None
    return record


def _text(place: str, given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError(f"{place}: must be text, got {given!r}")
    return given


def _own_source(means: Any) -> str | None:
    return _text("source", means["source"]) if isinstance(means, Mapping) and "source" in means else None


def _value(place: str, key: str, raw: Mapping[str, Any]) -> float | list[float]:
    given: Any = raw.get(key)
    if isinstance(given, Mapping):
        if given.get("unit", _UNITS[key]) != _UNITS[key]:
            raise ValueError(f"{place}: unit must be {_UNITS[key]!r}, got {given['unit']!r}")
        given = given.get("value")
    if key in _LISTS:
        if not isinstance(given, list) or not all(map(_is_number, given)):
            raise ValueError(f"{place}: must be a list of numbers, got {given!r}")
        return [float(each) for each in given]
    lowest = math.ulp(0) if key == "widening_start" else 0.0
    number = float(given) if _is_number(given) else -1.0
    if number < lowest:
        raise ValueError(f"{place}: must be a number, not negative, got {given!r}")
    return number


def _is_number(given: Any) -> bool:
    return isinstance(given, Real) and not isinstance(given, bool) and math.isfinite(given)


def _bits(place: str, raw: Mapping[str, Any], record: dict[str, Any]) -> int:
    levels = len(record["level_means"].value)
    bits = levels.bit_length() - 1
    if not 1 <= bits <= 8 or levels != 1 << bits:
        raise ValueError(f"{place}: a cell must have 2, 4, 8, ... 256 levels, got {levels}")
    if raw.get("bits", bits) != bits:
        raise ValueError(f"{place}.bits: must be {bits} for {levels} levels, got {raw['bits']!r}")
    return bits


def _check_known(place: str, name: str, record: dict[str, Any], made: dict[str, Any]) -> None:
    if name in names() and cell(name) != from_quantities(name, record):
        raise ValueError(f"{place}: name must be new, or have the numbers it already has; got other numbers")
    fewer = record.get("fewer_bits")
    if fewer is None:
        return
    if fewer not in made and fewer not in names():
        raise ValueError(f"{place}.fewer_bits: must be the name of a known cell, got {fewer!r}")
    bits = made[fewer]["bits"] if fewer in made else cell(fewer).bits
    if bits != record["bits"] - 1:
        raise ValueError(
            f"{place}.fewer_bits: must name a cell of {record['bits'] - 1} bits, {fewer} has {bits}"
        )
