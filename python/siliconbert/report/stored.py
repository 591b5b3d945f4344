"""What a report shows of a campaign's store: its manifest, its summary, and where sentences left."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from siliconbert.campaign import grid
from siliconbert.campaign.parts import bytes_of
from siliconbert.campaign.rows import Rows
from siliconbert.campaign.standing import by_config, good
from siliconbert.campaign.store import Store

# What reading something that no campaign wrote may raise.
_FOREIGN = (
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    ArithmeticError,
    pa.ArrowException,
)


@dataclass(frozen=True)
class Stored:
    """A store, read once.

    records : campaign.Rows.summary(), each with `number`, its place from 1
    leaving : configuration -> how many sentences left after each layer, over its trials, where there is an
              exit rule; index 0 is layer 1
    rows    : how many; seconds: of computing them; hosts: how many machines did; damaged: parts left out
    """

    folder: Path
    manifest: dict[str, Any]
    records: list[dict[str, Any]]
    leaving: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    rows: int = 0
    seconds: float = 0.0
    hosts: int = 0
    damaged: tuple[str, ...] = ()


def read(folder: str | Path) -> Stored:
    """Reads the store in a folder, whose rows may be of several numeric paths.

    errors: ValueError with one sentence where the folder is none, or holds what no campaign writes
    """
    store = Store(folder, mix_paths=True)
    try:
        manifest = store.read_manifest()
        rows = Rows(store.folder, manifest, mix_paths=True)
        _check(folder, manifest)
        table, records = rows.table(), rows.summary()
        if not records:
            raise ValueError(f"report: {folder} is a store without a configuration")
        return Stored(
            store.folder,
            manifest,
            [{"number": i, **record} for i, record in enumerate(records, 1)],
            _leaving(table, manifest),
            len(table),
            float(pc.sum(table["seconds"]).as_py() or 0.0),
            len(pc.unique(table["host"].drop_null())),
            tuple(store.damaged),
        )
    except _FOREIGN as error:
        raise ValueError(
            f"report: {folder} holds what no campaign writes ({type(error).__name__}: {str(error)[:80]})"
        ) from None


# Entry of a manifest that the page prints -> its kind; manifest.read has looked at the others.
_KINDS: dict[str, Any] = {"quick": bool, "seed": int, "tensor": str, "faults": list}


def _check(folder: str | Path, manifest: dict[str, Any]) -> None:
    """Refuses what the page could not print."""
    settings, versions = manifest["settings"], manifest.get("versions", {})
    wrong = [key for key, kind in _KINDS.items() if not isinstance(settings.get(key), kind)]
    texts = [*manifest["code"].values(), *(versions.values() if isinstance(versions, dict) else [None])]
    for labels in manifest["points"].values():
        texts += [*(labels.get(name) for name in grid.LABELS), *labels.values()]
    if wrong or not all(isinstance(text, str) for text in texts):
        what = f"no {wrong[0]} in its settings" if wrong else "a label, version or hash that is no text"
        raise ValueError(f"report: {Path(folder) / 'manifest.json'}: not the manifest of a store: {what}")


def _leaving(table: pa.Table, manifest: dict[str, Any]) -> dict[str, NDArray[np.int64]]:
    columns = table.select(["config", "trial", "reason", "layers"])
    found = {}
    for config, rows in by_config(columns, manifest["points"]):
        layers = good(rows)["layers"]
        if len(layers) > layers.null_count:
            counts = sum(np.bincount(bytes_of(chunk), minlength=256) for chunk in layers.chunks)
            found[config] = np.trim_zeros(np.asarray(counts)[1:], "b")
    return found
