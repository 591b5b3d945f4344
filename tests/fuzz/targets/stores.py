"""Campaign files, and what lies in a campaign's store."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.fuzz import mutate
from tests.fuzz.target import Target

from siliconbert.campaign import config, manifest, parts, progress
from siliconbert.campaign.store import Store

_ROOT = Path(__file__).parents[3]
_SMALL = (
    b"models: [edgebert-mini/sst2]\ntasks: [sst2]\ncells: [rram-slc, {values: rram-mlc3, '*': rram-slc}]\n"
)
_SETTINGS = {
    "seed": 1,
    "tensor": "w",
    "trials": {"most": 4, "width": None, "confidence": 0.95, "step": 20},
    "accelerators": [None],
    "quick": False,
}


def _settings(data: bytes, scratch: Path) -> object:
    (scratch / "campaign.yaml").write_bytes(data)
    return config.read(scratch / "campaign.yaml")


def _settings_seeds() -> list[bytes]:
    files = sorted((_ROOT / "experiments").glob("*/campaigns/*.yaml"))
    return [_SMALL, *(path.read_bytes() for path in files)]


def _expected() -> dict[str, object]:
    return {**manifest.make(_SETTINGS, []), "points": {f"c{i}": {"model": "m"} for i in range(2)}}


def _row(trial: int) -> dict[str, object]:
    return {"config": "c0", "trial": trial, "sentences": 8, "correct": 5, "bits": b"\x1f", "path": "x fp32",
            "events": 3, "events_by_region": {"a": 2}, "seconds": 0.1, "host": "h",
            "notes": '{"expected_events": null}' if trial == parts.CLEAN else None}  # fmt: skip


def _filled(folder: Path) -> Store:
    store = Store(folder)
    store.open(_expected())
    store.begin(_expected(), "x fp32")
    return store


def _part(data: bytes, scratch: Path) -> object:
    if not (scratch / "store").exists():
        _filled(scratch / "store").write(parts.rows([_row(parts.CLEAN), _row(0)]))
    (scratch / "store" / "parts" / "c0.1-2.2.other-1.parquet").write_bytes(data)
    return progress.read(scratch / "store"), Store(scratch / "store").table()


def _part_seed() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        parts.write(Path(folder) / "part", parts.rows([_row(1), _row(2)]))
        return (Path(folder) / "part").read_bytes()


def _manifest(data: bytes, scratch: Path) -> object:
    if not (scratch / "store").exists():
        _filled(scratch / "store").write(parts.rows([_row(parts.CLEAN), _row(0)]))
    (scratch / "store" / "manifest.json").write_bytes(data)
    found = progress.read(scratch / "store")
    Store(scratch / "store").open(_expected())
    return found


TARGETS = [
    Target("campaign-yaml", _settings_seeds, _settings, mutate.text),
    Target("store-part", lambda: [_part_seed()], _part, mutate.parquet),
    Target("store-manifest", lambda: [json.dumps(_expected()).encode()], _manifest, mutate.json_text),
]
