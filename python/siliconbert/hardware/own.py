"""A user's own accelerators and memories, from TOML files that nobody has checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from siliconbert import catalog
from siliconbert.catalog import own
from siliconbert.hardware.accelerator import accelerator
from siliconbert.hardware.memories import READINGS, memory

# Numbers that a record may lack: an array's other readings, and what the cell that it names gives.
_OPTIONAL = frozenset({"read_energy_low", "read_energy_high", "area_density", "read_latency"})
_SHARES = frozenset({"sfu_overlap", "transfer_overlap", "regulator_efficiency"})
_FAMILIES = {"array": "sram", "dram": "lpddr4"}


def load_memories(path: str | Path) -> list[str]:
    """Adds the memories of a TOML file to those that memory() knows; returns their names.

    path   : one table a memory with the keys of the catalogue's memories.toml; a number is given plain, in
             the catalogue's unit, or as a table { value = ..., unit = ..., source = ... }. `source` says
             where the numbers come from; `like` names a known memory for what is not given; else family =
             "array" or "dram" and all numbers of that family. cell = a cell's name gives area and latency
    errors : ValueError, one sentence with file, memory and key: unknown or missing keys, another unit, a
             number out of range; then nothing is added

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "mine.toml"
    >>> _ = file.write_text('[slow-sram]\\nlike = "sram"\\nsource = "my compiler"\\nread_latency = 9.5\\n')
    >>> load_memories(file)
    ['slow-sram']
    """
    return _load("hardware.load_memories", "memories", path, _memory_schema, _check_memory)


def load_accelerators(path: str | Path) -> list[str]:
    """Adds the accelerators of a TOML file to those that accelerator() knows; returns their names.

    path   : one table an accelerator with the keys of the catalogue's accelerators.toml, as load_memories
             reads them; like = "edgebert-12nm" for what is not given
    errors : as load_memories

    >>> from pathlib import Path
    >>> lines = ['[leaky]', 'like = "edgebert-12nm"', 'source = "a guess"', 'leakage_power = 2.0']
    >>> _ = Path("mine.toml").write_text("\\n".join(lines))
    >>> load_accelerators("mine.toml")
    ['leaky']
    >>> catalog.remove("accelerators", ["leaky"])
    """
    return _load("hardware.load_accelerators", "accelerators", path, _accelerator_schema, _check_accelerator)


def _load(
    caller: str,
    kind: str,
    path: str | Path,
    schema: Callable[[str, Mapping[str, Any]], own.Schema],
    check: Callable[[str], None],
) -> list[str]:
    file = Path(path)
    made: dict[str, dict[str, Any]] = {}
    for name, raw in own.read(caller, file).items():
        place = f"{file.name}: {name}"
        like = _like(place, kind, raw)
        rest = {key: value for key, value in raw.items() if key != "like"}
        made[name] = own.record(place, rest, schema(place, {**like, **raw}), like)
        own.check_new(place, kind, name, made[name])
    catalog.add(kind, made)
    for name in made:
        try:
            check(name)
        except (ValueError, ArithmeticError) as error:
            catalog.remove(kind, made)
            raise ValueError(f"{file.name}: {name}: {error}") from None
    return list(made)


def _like(place: str, kind: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    if "like" not in raw:
        return {}
    known = {name: one for name, one in catalog.records(kind).items() if one.get("family") != "fq-bert"}
    if raw["like"] not in known:
        raise ValueError(f"{place}.like: must be one of {', '.join(sorted(known))}; got {raw['like']!r}")
    return known[raw["like"]]


def _memory_schema(place: str, raw: Mapping[str, Any]) -> own.Schema:
    if (family := raw.get("family")) not in _FAMILIES:
        raise ValueError(f"{place}.family: must be one of {', '.join(_FAMILIES)}; got {family!r}")
    found = own.schema(catalog.records("memories")[_FAMILIES[family]], _OPTIONAL, _SHARES)
    return found.with_texts("cell") if family == "array" else found


def _accelerator_schema(place: str, raw: Mapping[str, Any]) -> own.Schema:
    return own.schema(catalog.records("accelerators")["edgebert-12nm"], frozenset(), _SHARES)


def _check_memory(name: str) -> None:
    record = catalog.records("memories")[name]
    missing = {"area_density", "read_latency"} - set(record)
    if record["family"] == "array" and "cell" not in record and missing:
        raise ValueError(f"{min(missing)} missing; give it, or cell = a known cell")
    for reading in READINGS[record["family"]]:
        memory(name, reading)


def _check_accelerator(name: str) -> None:
    for n in catalog.records("accelerators")[name]["sizes"].value:
        accelerator(name, n).base("albert-base")
