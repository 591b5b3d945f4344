"""FPGAs and what they offer: the catalogue's and a user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siliconbert import catalog
from siliconbert.catalog import own

RESOURCES = ("dsp", "ff", "lut", "bram18", "uram")
_REGION = "slr_"


@dataclass(frozen=True)
class Device:
    """An FPGA.

    level     : "die" (all of the chip), "platform" (beside a shell), "planner" (what another tool plans with)
    resources : DSP slices, registers, look-up tables, memory blocks of 18 Kb, UltraRAM blocks
    regions   : the same for each of the chip's dies; empty where they are not known

    >>> from siliconbert.hardware import device
    >>> device("u200").resources["dsp"]
    6840
    """

    name: str
    title: str
    part: str
    level: str
    resources: Mapping[str, int]
    regions: tuple[Mapping[str, int], ...] = ()


def devices() -> list[str]:
    """Names of all FPGAs that are known.

    >>> devices()[0]
    'u200'
    """
    return sorted(catalog.records("devices"))


def device(name: str) -> Device:
    """An FPGA by name; ValueError listing the known ones. Source: devices.toml.

    >>> device("zcu102").resources["dsp"], len(device("u200-finn").regions)
    (2520, 3)
    """
    record = catalog.record("devices", name, "hardware.device")
    resources = {r: record[r].value for r in RESOURCES}
    lists = {r: record[_REGION + r].value for r in RESOURCES if _REGION + r in record}
    regions = tuple({r: lists[r][i] for r in RESOURCES} for i in range(len(next(iter(lists.values()), []))))
    return Device(name, record["title"], record["part"], record["level"], resources, regions)


def shell(name: str) -> dict[str, int]:
    """What an interface on the chip takes, by resource; ValueError listing the known ones.

    >>> shell("ddr")["bram18"]
    199
    """
    record = catalog.record("shells", name, "hardware.shell")
    return {r: record[r].value for r in RESOURCES if r in record}


def load_devices(path: str | Path) -> list[str]:
    """Adds the FPGAs of a TOML file to those that device() knows; returns their names.

    path   : one table an FPGA with the keys of the catalogue's devices.toml: title, part, level, dsp, ff,
             lut, bram18, uram, and perhaps all of slr_dsp ... slr_uram; `source` says where the numbers come
             from, like = "u200" names an FPGA for what is not given
    errors : ValueError, one sentence with file, FPGA and key; then nothing is added

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "mine.toml"
    >>> _ = file.write_text('[half-u200]\\nlike = "u200"\\nsource = "our floor plan"\\ndsp = 3420\\n')
    >>> load_devices(file), device("half-u200").resources["dsp"]
    (['half-u200'], 3420)
    """
    file, known = Path(path), catalog.records("devices")
    form = own.schema(known["u200-finn"], frozenset(_REGION + r for r in RESOURCES), frozenset())
    made: dict[str, dict[str, Any]] = {}
    for name, raw in own.read("hardware.load_devices", file).items():
        place = f"{file.name}: {name}"
        rest = {key: value for key, value in raw.items() if key != "like"}
        made[name] = {"title": name, "part": "", "level": "die"} | own.record(
            place, rest, form, _like(place, raw, known)
        )
        _check_regions(place, made[name])
        own.check_new(place, "devices", name, made[name])
    catalog.add("devices", made)
    return list(made)


def _like(place: str, raw: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What is not given: those of another FPGA, but its regions only where its totals are kept."""
    if "like" not in raw:
        return {}
    if raw["like"] not in known:
        raise ValueError(f"{place}.like: must be one of {', '.join(sorted(known))}; got {raw['like']!r}")
    found = dict(known[raw["like"]])
    if set(raw) & set(RESOURCES):
        found = {key: value for key, value in found.items() if not key.startswith(_REGION)}
    return found


def _check_regions(place: str, record: Mapping[str, Any]) -> None:
    lengths = {r: len(record[_REGION + r].value) for r in RESOURCES if _REGION + r in record}
    if lengths and (len(lengths) < len(RESOURCES) or len(set(lengths.values())) > 1):
        raise ValueError(
            f"{place}: slr_ lists must be given for all of {', '.join(RESOURCES)}, each as long; "
            f"got {lengths}"
        )
