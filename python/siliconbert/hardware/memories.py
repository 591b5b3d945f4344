"""Memories: what reading and writing bytes costs in an on-chip array and in DRAM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from siliconbert import catalog
from siliconbert._core import hardware as _core

READINGS = {"array": ("typical", "low", "high"), "dram": ("corrected", "as-printed")}
_MEBIBYTE = 2**20  # what memory compilers mean by MB


@dataclass(frozen=True)
class Transfer:
    """Moving bytes: accesses (bursts of a DRAM), seconds, and dynamic energy by part, J.

    >>> moved = Transfer(accesses=2, seconds=1e-8, by_part={"read": 3e-12, "rows": 1e-12})
    >>> moved.joules
    4e-12
    """

    accesses: float
    seconds: float
    by_part: dict[str, float]

    @property
    def joules(self) -> float:
        """Energy of the whole transfer, J."""
        return sum(self.by_part.values())


@dataclass(frozen=True)
class Array:
    """A memory on the chip; one access follows the other.

    access_bits                      : bits of an access
    read_ns, write_ns                : nanoseconds of an access
    read_pj, write_pj                : picojoules of an access
    leakage_mw                       : mW of the catalogue's array of 2 MB
    area_mm2_per_mb                  : mm^2 per MB of 2^20 bytes
    """

    name: str
    access_bits: float
    read_ns: float
    write_ns: float
    read_pj: float
    write_pj: float
    leakage_mw: float
    area_mm2_per_mb: float

    def read(self, byte_count: float, records: float = 1) -> Transfer:
        """Reading `records` of `byte_count` bytes each; a record starts with a new access.

        >>> memory("sram").read(64).accesses
        8.0
        """
        return self._move("read", self.read_ns, self.read_pj, byte_count, records)

    def write(self, byte_count: float, records: float = 1) -> Transfer:
        """Writing, as read()."""
        return self._move("write", self.write_ns, self.write_pj, byte_count, records)

    def area_mm2(self, byte_count: float) -> float:
        """mm^2 of so many bytes at the catalogue's density."""
        return byte_count / _MEBIBYTE * self.area_mm2_per_mb

    def _move(self, part: str, ns: float, pj: float, byte_count: float, records: float) -> Transfer:
        accesses, seconds, joules = _core.array_transfer(
            self.access_bits, ns * 1e-9, pj * 1e-12, records, 8 * byte_count
        )
        return Transfer(accesses, seconds, {part: joules})


@dataclass(frozen=True)
class Dram:
    """A DRAM behind its bus; energies from the currents of its data sheet, without refresh."""

    name: str
    core: Any

    def read(self, byte_count: float, records: float = 1) -> Transfer:
        """Reading `records` of `byte_count` consecutive bytes, each from rows of its own, at the full rate.

        by_part: bursts (above an open row), rows (opening and closing), open (the open row's current)

        >>> round(memory("lpddr4").read(128).by_part["bursts"] * 1e12 / 1024, 2)  # pJ a bit
        6.1
        """
        found = _core.dram_read(self.core, records, byte_count)
        parts = {part: found[part] for part in ("bursts", "rows", "open")}
        return Transfer(found["accesses"], found["seconds"], parts)

    @property
    def bytes_per_second(self) -> float:
        """The full rate of the bus."""
        return float(_core.bytes_per_second(self.core))


def memories() -> list[str]:
    """Names of all memories: the catalogue's, and those that load_memories has added.

    >>> memories()
    ['lpddr4', 'rram-mlc2', 'rram-mlc3', 'rram-slc', 'sram']
    """
    return sorted(catalog.records("memories"))


def memory(name: str, reading: str | None = None) -> Array | Dram:
    """A memory of the catalogue.

    reading : of an array "typical" (default), "low" or "high": which of the public read energies; of a DRAM
              "corrected" (default): currents times volts times seconds; "as-printed": as DRAMsim3 prints it,
              which takes a clock cycle for a nanosecond
    errors  : ValueError listing the known names or readings
    source  : memories.toml, cells.toml

    >>> memory("rram-mlc2").read_ns
    1.54
    """
    record = catalog.record("memories", name, "hardware.memory")
    known = READINGS[record["family"]]
    if (reading := reading or known[0]) not in known:
        raise ValueError(f"hardware.memory: reading must be one of {', '.join(known)}; got {reading!r}")
    values = catalog.numbers(record)
    return (
        _dram(name, values, reading) if record["family"] == "dram" else _array(name, record, values, reading)
    )


def _array(name: str, record: Mapping[str, Any], values: Mapping[str, float], reading: str) -> Array:
    if "cell" in record:
        cell = catalog.record("cells", record["cell"], "hardware.memory")
        values = {key: cell[key].value for key in ("area_density", "read_latency")} | dict(values)
    key = "read_energy" if reading == "typical" else f"read_energy_{reading}"
    return Array(
        name=name,
        access_bits=values["access_width"],
        read_ns=values["read_latency"],
        write_ns=values["write_latency"],
        read_pj=values.get(key, values["read_energy"]),
        write_pj=values["write_energy"],
        leakage_mw=values["leakage_power"],
        area_mm2_per_mb=values["area_density"],
    )


def _dram(name: str, values: Mapping[str, float], reading: str) -> Dram:
    clock = values["clock_period"] * 1e-9
    currents = ("activate_current", "precharged_current", "active_current", "read_current")
    counts = (
        "row_active", "precharge", "row_to_column", "column", "burst", "devices", "device_width", "row"
    )  # fmt: skip
    core = _core.Dram(
        voltage=values["supply_voltage"],
        clock=clock,
        energy_clock=clock if reading == "corrected" else 1e-9,
        **{key: values[key] * 1e-3 for key in currents},
        **{key: values[key] for key in counts},
    )
    return Dram(name, core)
