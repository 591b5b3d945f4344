"""What a folder of results holds: index.json, an entry a table: the command that made it, its minutes.

An entry of a table that was not run yet has the reason under `open`, one whose rows are of an older state
says so under `stale`; the next run takes its place.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from siliconbert.models.atomic import write_atomically
from siliconbert.report import experiments

NAME = "index.json"


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """The entries by table; ValueError naming the file where it is not such an index."""
    path = folder / NAME
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: must be JSON ({error})") from None
    if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
        raise ValueError(f"{path}: must hold an entry a table")
    return found


def note(folder: Path, table: str, entry: dict[str, Any]) -> None:
    """Puts the entry of a table in the place of the one that was there."""
    entries = dict(sorted({**read(folder), table: entry}.items()))
    write_atomically(folder / NAME, [json.dumps(entries, indent=1, ensure_ascii=False).encode() + b"\n"])


def committed() -> dict[str, dict[str, Any]]:
    """The entries of all papers."""
    folders = [experiments.results(paper) for paper in experiments.papers()]
    return {table: entry for folder in folders for table, entry in read(folder).items()}
