"""How far a store is, from a few columns of its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from siliconbert.campaign import standing
from siliconbert.campaign.config import Trials
from siliconbert.campaign.store import Store

_SHOWN = ("siliconbert", "config", "path", "created", "settings", "points")


def read(folder: str | Path) -> dict[str, Any]:
    """Counts and times of the campaign and of each configuration, as plain values.

    trials, wanted : done, and wanted as far as is known (a stopping rule may end earlier)
    seconds        : of computing so far; left: of computing that the trials still wanted should take
    damaged        : parts that cannot be read; the next run sets them aside and does their trials again
    errors         : ValueError where the folder is not a store
    """
    store = Store(folder, mix_paths=True)
    manifest = store.read_manifest()
    table = store.table(standing.COLUMNS)
    trials = Trials.model_validate(manifest["settings"]["trials"])
    configurations = [
        _configuration(rows, trials) | {"config": config, **manifest["points"][config]}
        for config, rows in standing.by_config(table, manifest["points"])
    ]
    done = sum(entry["trials"] + entry["failed"] for entry in configurations)
    wanted = sum(entry["wanted"] for entry in configurations)
    seconds = float(pc.sum(table["seconds"]).as_py() or 0.0)
    return {
        "store": str(folder),
        "manifest": {key: manifest[key] for key in _SHOWN},
        "trials": done,
        "wanted": wanted,
        "seconds": seconds,
        "left": seconds / done * (wanted - done) if done else None,
        "parts": len(store.names()),
        "damaged": store.damaged,
        "configurations": configurations,
    }


def _configuration(rows: pa.Table, trials: Trials) -> dict[str, Any]:
    at = standing.standing(rows, trials)
    done = at.trials + at.failed
    return {
        "state": at.state,
        "reason": at.reason,
        "trials": at.trials,
        "failed": at.failed,
        "wanted": max(done, trials.most) if at.state in ("waiting", "running") else done,
        "accuracy": float(at.accuracy.mean()) if at.trials else None,
    }
