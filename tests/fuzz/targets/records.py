"""Formats, faults and cells: as records, as bytes of parameters and codes, as users' files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tests.fuzz import mutate
from tests.fuzz.target import Target

from siliconbert import catalog, faults, formats, hardware, storage

_W = np.random.default_rng(7).normal(size=(5, 40)).astype(np.float32)
_FORMATS = [
    {"family": "adaptivfloat", "width": 8, "exponent_bits": 4, "per": "row"},
    {"family": "minifloat", "exponent_bits": 4, "mantissa_bits": 3},
    {"family": "integer", "width": 4, "per": "group", "group": 16},
    {"family": "codebook", "width": 3},
    *({"family": formats.get(name).family, **formats.get(name).record()} for name in formats.names()),
]
_FAULTS = [
    {"kind": "cell_misread", "adjacent_only": True, "hours": 10.0},
    {"kind": "bit_flip", "rate": 1e-3, "fields": ["sign"]},
    {"kind": "bit_flip", "count": 5, "bits": [0, 7]},
    {"kind": "stuck_at", "rate": 0.5, "value": 1, "regions": ["values"]},
    {"kind": "mixed", "parts": ["cell_misread", {"kind": "bit_flip", "rate": 0.1}]},
]
_TOML = b"""[mine-1]
title = "a cell of mine"
source = "measured"
level_means = [1.0, 2.0]
level_sigmas = { value = [0.1, 0.2], unit = "1" }
area_density = 0.5
[mine-2]
source = "measured"
level_means = [1, 2, 3, 4]
level_sigmas = [0.1, 0.1, 0.1, 0.1]
fewer_bits = "mine-1"
"""
_MEMORIES = b"""[fast]
like = "sram"
source = "a compiler"
read_latency = 0.8
read_energy = { value = 3.5, unit = "pJ", node = "7 nm" }
[mine]
family = "array"
cell = "rram-slc"
source = "a paper"
access_width = 128
read_energy = 9
write_energy = 50
write_latency = 12
leakage_power = 0
"""
_ACCELERATORS = b"""[mine]
like = "edgebert-12nm"
source = "me"
sizes = [8, 16]
alpha = 1.5
voltage_levels = [0.5, 0.65, 0.8]
successor_voltages = [0.62, 1.0]
frequency_curve = "successor"
leakage_power = 8
clock_exponent = 1.5
process_node = 16
"""
_CSV = b"name,level,mean,sigma,source\nmine,0,1.0,0.1,here\nmine,1,2.0,0.1,here\n"


def _record(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None


def _format_record(data: bytes, scratch: Path) -> object:
    fmt = formats.fit(_W, formats.from_record(_record(data)))
    return formats.decode(formats.encode(_W, fmt), fmt)


def _decode(data: bytes, scratch: Path) -> object:
    """The first byte names the format; parameters and codes are cut from the rest."""
    names = formats.names()
    fmt = formats.fit(_W, formats.get(names[data[0] % len(names)] if data else names[0]))
    count = len(fmt.parameters or b"")
    fmt = replace(fmt, parameters=data[1 : 1 + count].ljust(count, b"\0") or None)
    rest = data[1 + count :][: 2 * _W.size]
    codes = np.frombuffer(rest.ljust(2 * _W.size, b"\0"), np.uint16).reshape(_W.shape)
    values = formats.decode(codes & np.uint16(2**fmt.width - 1), fmt)
    if values.shape != _W.shape:
        raise AssertionError("the values have another shape")
    return formats.decode(codes, fmt)


def _decode_seeds() -> list[bytes]:
    found = []
    for i, name in enumerate(formats.names()):
        fmt = formats.fit(_W, formats.get(name))
        codes = formats.encode(_W, fmt).astype("<u2").tobytes()
        found.append(bytes([i]) + (fmt.parameters or b"") + codes)
    return found


def _fault_record(data: bytes, scratch: Path) -> object:
    fault = faults.from_record(_record(data))
    image = storage.store(_W, np.abs(_W) > 0.5, formats.get("adaptivfloat8"))
    return faults.to_record(fault), faults.inject(image, fault, seed=1, trial=0)


def _cells(suffix: str) -> Callable[[bytes, Path], object]:
    def run(data: bytes, scratch: Path) -> object:
        path = scratch / f"cells{suffix}"
        path.write_bytes(data)
        catalog._ADDED.clear()  # each input starts from the package's own cells
        return [faults.cell(name).transitions() for name in faults.load_cells(path)]

    return run


def _memories(data: bytes, scratch: Path) -> object:
    (scratch / "memories.toml").write_bytes(data)
    catalog._ADDED.clear()
    return [
        hardware.memory(name).read(100).joules for name in hardware.load_memories(scratch / "memories.toml")
    ]


def _accelerators(data: bytes, scratch: Path) -> object:
    (scratch / "accelerators.toml").write_bytes(data)
    catalog._ADDED.clear()
    return hardware.load_accelerators(scratch / "accelerators.toml")


def _json(records: list[dict[str, object]]) -> Callable[[], list[bytes]]:
    return lambda: [json.dumps(record).encode() for record in records]


TARGETS = [
    Target("format-record", _json(_FORMATS), _format_record, mutate.json_text),
    Target("format-decode", _decode_seeds, _decode, mutate.binary),
    Target("fault-record", _json(_FAULTS), _fault_record, mutate.json_text),
    Target("cells-toml", lambda: [_TOML], _cells(".toml"), mutate.text),
    Target("cells-csv", lambda: [_CSV], _cells(".csv"), mutate.text),
    Target("memories-toml", lambda: [_MEMORIES], _memories, mutate.text),
    Target("accelerators-toml", lambda: [_ACCELERATORS], _accelerators, mutate.text),
]
