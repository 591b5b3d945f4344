"""What a store was made by: settings, code, numeric path; and how another campaign differs from that."""

from __future__ import annotations

import hashlib
import itertools
import json
import platform
import socket
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import siliconbert
from siliconbert.campaign.config import Trials
from siliconbert.campaign.grid import Point, digest
from siliconbert.models.atomic import create_atomically

VERSION = 1
# The parts of the package that decide what a row holds; the others may change under a store.
_CODE = ("_core", "_onednn", "data", "exits", "faults", "formats", "models", "sparsity", "storage")
_CODE_IN_CAMPAIGN = ("area", "exits", "grid", "records", "rules", "trial", "work")
# What a manifest holds.
_KINDS: dict[str, Any] = {
    **dict.fromkeys(("created", "settings", "content", "code", "points"), dict),
    **dict.fromkeys(("siliconbert", "config"), str),
    "layout": int,
    "path": (str, type(None)),
}
# Entries that must be the same for rows to share a store.
_COMPARED = ("layout", "settings", "content", "code")


@lru_cache
def code() -> dict[str, str]:
    """File of the package -> hash, for every file that decides what a row holds."""
    root = Path(siliconbert.__file__).parent
    starts = (
        *_CODE,
        *(f"campaign/{name}." for name in _CODE_IN_CAMPAIGN),
        "catalog/__init__.",
        "catalog/formats.",
    )
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.suffix in (".py", ".so", ".toml") and name.startswith(starts):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return found


def fingerprint() -> str:
    """The same for the same code only."""
    return digest(code())


def make(settings: dict[str, Any], points: list[Point]) -> dict[str, Any]:
    """The manifest of a campaign; the numeric path is filled in when the first rows tell it."""
    return {
        "layout": VERSION,
        "siliconbert": siliconbert.__version__,
        "config": digest(settings),
        "seed": settings["seed"],
        "path": None,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "pyarrow": pa.__version__},
        "created": {"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "host": socket.gethostname()},
        "code": code(),
        "settings": settings,
        "content": {point.hash: point.content for point in points},
        "points": {point.hash: point.labels() for point in points},
    }


def compare(place: Path, stored: dict[str, Any], ours: dict[str, Any]) -> None:
    """Refuses a store made by other code or settings; the sentence shows the first differences."""
    found = [line for key in _COMPARED for line in _differences(key, stored.get(key), ours[key])]
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise ValueError(
            f"campaign: store {place} was made by other code or settings: {'; '.join(found[:3])}{more} "
            "(give another folder, or what made this one)"
        )


def read(path: Path) -> dict[str, Any]:
    """The manifest in a file.

    errors: ValueError naming the file where it is not one
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if _is_manifest(found):
            return dict(found)
    except (ValueError, RecursionError):
        pass
    raise ValueError(f"campaign: {path}: not the manifest of a store")


def _is_manifest(found: Any) -> bool:
    """Whether everything is there that is asked of a store, each of its kind."""
    if not isinstance(found, dict) or not set(_KINDS) <= set(found):
        return False
    if not all(isinstance(found[key], kind) for key, kind in _KINDS.items()):
        return False
    settings = found["settings"]
    Trials.model_validate(settings.get("trials"))
    labelled = all(isinstance(labels, dict) for labels in found["points"].values())
    return labelled and isinstance(settings.get("accelerators"), list)


def create(path: Path, value: dict[str, Any]) -> bool:
    """Writes the manifest unless there is one; whether this call did it."""
    return create_atomically(path, [json.dumps(value, indent=1, ensure_ascii=False).encode()])


def _differences(place: str, stored: Any, ours: Any) -> Iterator[str]:
    if isinstance(stored, dict) and isinstance(ours, dict):
        for key in dict.fromkeys([*stored, *ours]):
            yield from _differences(f"{place}.{key}", stored.get(key), ours.get(key))
    elif isinstance(stored, list) and isinstance(ours, list):
        for i, (one, other) in enumerate(itertools.zip_longest(stored, ours)):
            yield from _differences(f"{place}.{i}", one, other)
    elif stored != ours:
        yield f"{place} was {_short(stored)}, here it is {_short(ours)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return "nothing" if value is None else text if len(text) <= 60 else text[:57] + "..."
