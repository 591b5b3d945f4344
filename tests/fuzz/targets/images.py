"""Stored images: any content of the cells has a reading, and layouts come as records."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tests.fuzz import mutate
from tests.fuzz.target import Target

from siliconbert import _core, formats, storage

_PLANES = {"values.sign": "rram-slc", "values": "rram-mlc3", "*": "rram-mlc2"}
_RECORDS = [
    *({"name": name} for name in storage.layouts() if name not in ("bsr", "cscb", "block_bitmap")),
    {"name": "bitmask", "restart": "row"},
    *({"name": name, "block": [2, 3]} for name in ("bsr", "cscb", "block_bitmap")),
]


def _store(record: Any, ecc: str | None = "secded-39-32") -> storage.Image:
    w = np.random.default_rng(1).normal(size=(11, 13)).astype(np.float32)
    mask = np.zeros(w.shape, bool)
    mask[:2] = mask[6] = True
    if isinstance(record, dict) and record.get("name") == "nm":
        mask[:, 2::4] = mask[:, 3::4] = False
    return storage.store(w, mask, formats.get("adaptivfloat8"), record, _PLANES, ecc)


def _contents(image: storage.Image) -> bytes:
    return b"".join(region.codes.values().astype("<u4").tobytes() for region in image.image.regions)


def _read(record: dict[str, object]) -> Callable[[bytes, Path], object]:
    """Reads the image with the numbers of all regions as given, zeros where they end."""
    clean = _store(record)

    def run(content: bytes, scratch: Path) -> object:
        numbers = np.frombuffer(content[: len(content) // 4 * 4], "<u4")
        regions = []
        for region in clean.image.regions:
            own, numbers = numbers[: region.codes.count], numbers[region.codes.count :]
            codes = np.zeros(region.codes.count, np.uint32)
            codes[: len(own)] = own & np.uint32(2**region.codes.width - 1)
            packed = _core.base.Codes(codes, region.codes.width)
            regions.append(_core.base.Region(region.name, packed, region.map, region.plane, region.ecc))
        image = _core.base.CodeImage("w", *clean.shape, regions, clean.image.layout)
        read = storage.Image(image, clean.format, clean.kept)
        if read.load().shape != clean.shape or read.mask().shape != clean.shape:
            raise AssertionError("the reading has another shape")
        return read.repairs, read.ecc

    return run


def _named(record: dict[str, object]) -> str:
    return "image-" + "-".join(str(value) for value in record.values() if isinstance(value, str))


def _read_record(content: bytes, scratch: Path) -> object:
    try:
        record = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    return _store(record, None).load()


TARGETS = [
    *(Target(_named(r), lambda r=r: [_contents(_store(r))], _read(r), mutate.binary) for r in _RECORDS),
    Target(
        "layout-record",
        lambda: [json.dumps(record).encode() for record in _RECORDS],
        _read_record,
        mutate.json_text,
    ),
]
