"""Formats by name, by family, and from the records of configuration files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from siliconbert import catalog
from siliconbert.formats.adaptivfloat import AdaptivFloat
from siliconbert.formats.binary import Binary
from siliconbert.formats.blockfloat import BlockFloat
from siliconbert.formats.codebook import Codebook
from siliconbert.formats.family import Format
from siliconbert.formats.integers import Fixed, Integer
from siliconbert.formats.microscaling import Microscaling
from siliconbert.formats.minifloat import Minifloat
from siliconbert.formats.posit import Posit

_CLASSES: tuple[type[Format], ...] = (
    AdaptivFloat,
    Minifloat,
    Fixed,
    Integer,
    Binary,
    BlockFloat,
    Microscaling,
    Posit,
    Codebook,
)
_FAMILIES = {each.family: each for each in _CLASSES}
_KINDS: dict[str, type | tuple[type, ...]] = {
    "int": int,
    "str": str,
    "bool": bool,
    "float": (int, float),
    "tuple[float, ...]": (tuple, list),
}


def names() -> list[str]:
    """Names of the formats in the catalogue.

    >>> "adaptivfloat8" in names()
    True
    """
    return sorted(catalog.records("formats"))


def families() -> list[str]:
    """Names of the families.

    >>> "adaptivfloat" in families()
    True
    """
    return sorted(_FAMILIES)


def get(name: str) -> Format:
    """The catalogue's format of that name, not yet fitted; errors: ValueError listing the names.

    >>> get("adaptivfloat8")
    AdaptivFloat(width=8, exponent_bits=4, variant='algorithm1', bias=None)
    """
    record = catalog.record("formats", name, "formats.get")
    shape = {key: entry for key, entry in record.items() if key not in ("title", "family", "source")}
    plain = {
        key: entry.value if isinstance(entry, catalog.Quantity) else entry for key, entry in shape.items()
    }
    return make(record["family"], **plain)


def make(family: str, **options: Any) -> Format:
    """A format of that family; options as its class takes them.

    errors: ValueError for an unknown family or option, an option of another type or out of range

    >>> make("adaptivfloat", width=6, exponent_bits=3, per="row")
    AdaptivFloat(width=6, exponent_bits=3, variant='algorithm1', bias=None, per='row')
    """
    if family not in _FAMILIES:
        raise ValueError(f"formats.make: family must be one of {', '.join(families())}; got {family!r}")
    known = {each.name: each for each in fields(_FAMILIES[family])}
    for name, option in options.items():
        if name not in known or name == "parameters":
            possible = ", ".join(sorted(set(known) - {"parameters"}))
            raise ValueError(f"formats.make: options of {family} must be among {possible}; got {name!r}")
        _check_type(family, name, option, str(known[name].type))
    if missing := [k for k, each in known.items() if each.default is MISSING and k not in options]:
        raise ValueError(f"formats.make: {family} needs {', '.join(missing)}")
    return _FAMILIES[family](**options)


def from_record(record: str | Mapping[str, Any]) -> Format:
    """The format that a configuration names ("adaptivfloat8") or describes (a mapping with its family).

    errors: ValueError

    >>> from_record({"family": "adaptivfloat", "width": 5, "exponent_bits": 3}).width
    5
    """
    if isinstance(record, str):
        return get(record)
    if not isinstance(record, Mapping) or not isinstance(record.get("family"), str):
        raise ValueError(f"formats.from_record: record must be a name or have a family, got {record!r}")
    return make(**{str(key): option for key, option in record.items()})


def _odd(option: Any) -> bool:
    """Numbers beyond the core's and texts that no name is."""
    if isinstance(option, str):
        return not option.isprintable()
    return isinstance(option, int) and abs(option) >= 2**31


def _check_type(family: str, name: str, option: Any, wanted: str) -> None:
    kinds = wanted.split(" | ")
    good = (option is None and "None" in kinds) or any(
        isinstance(option, _KINDS[kind]) and (kind == "bool") == isinstance(option, bool) and not _odd(option)
        for kind in kinds
        if kind in _KINDS
    )
    if not good:
        raise ValueError(f"formats.make: {name} of {family} must be {' or '.join(kinds)}, got {option!r}")
