"""What other installed packages add, by entry points of the groups siliconbert.formats, .cells and so on.

A kind's entry points are read when it is first listed or looked up, and never again in this process. One that
cannot be read, or that takes a name which is taken, is left out with a warning that names its package.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from siliconbert.text import first_line

# Kind -> who reads a user's TOML file of it. They stand above the catalogue, so they are found by name.
_READERS = {
    "accelerators": "siliconbert.hardware:load_accelerators",
    "cells": "siliconbert.faults:load_cells",
    "devices": "siliconbert.hardware:load_devices",
    "formats": "siliconbert.formats:load_formats",
    "memories": "siliconbert.hardware:load_memories",
}
# Kinds whose entry points are objects; see faults.kinds, exits.rules, data.names.
_OBJECTS = ("data", "exits", "faults")
_ORIGINS: dict[tuple[str, str], str] = {}
_READ: set[str] = set()


def groups() -> list[str]:
    """The entry point groups that are read.

    >>> groups()[:3]
    ['siliconbert.accelerators', 'siliconbert.cells', 'siliconbert.data']
    """
    return [f"siliconbert.{kind}" for kind in sorted([*_READERS, *_OBJECTS])]


def origin(kind: str, name: str) -> str | None:
    """Package and version that a name comes from; None where it is not a plug-in's."""
    return _ORIGINS.get((kind, name))


def read_files(kind: str) -> None:
    """Adds to the catalogue what packages offer of a kind; an entry point is the path of a TOML file."""
    if kind not in _READERS or kind in _READ:
        return
    _READ.add(kind)
    if points := entry_points(group=f"siliconbert.{kind}"):
        module, function = _READERS[kind].split(":")
        read = getattr(import_module(module), function)
        for point in points:
            _take(kind, point, lambda found: read(_path(found)))


@lru_cache
def objects(kind: str, check: Callable[[Any], None], taken: tuple[str, ...]) -> dict[str, Any]:
    """Name -> object that packages offer of a kind.

    check : raises ValueError in one sentence for an object that is none of the kind
    taken : names that are built in
    """
    found: dict[str, Any] = {}

    def keep(name: str, offered: Any) -> list[str]:
        if name in taken or name in found:
            raise ValueError(f"name must not be one of {', '.join([*taken, *found])}; got {name!r}")
        check(offered)
        found[name] = offered
        return [name]

    for point in entry_points(group=f"siliconbert.{kind}"):
        _take(kind, point, lambda offered, point=point: keep(point.name, offered))  # type: ignore[misc]
    return found


def _take(kind: str, point: EntryPoint, keep: Callable[[Any], Iterable[str]]) -> None:
    package = f"{point.dist.name} {point.dist.version}" if point.dist else "a package without a name"
    try:
        for name in keep(point.load()):
            _ORIGINS[kind, name] = package
    except Exception as error:  # whatever a stranger's module does, the rest goes on
        reason = first_line(error) or type(error).__name__
        warnings.warn(
            f"plug-in {package}: {point.name} of siliconbert.{kind} is left out: {reason}", stacklevel=5
        )


def _path(found: Any) -> Path:
    if not isinstance(found, (str, Path)):
        raise ValueError(f"an entry point of this group must be the path of a TOML file, got {found!r:.80}")
    return Path(found)
