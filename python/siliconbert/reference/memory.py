"""Transfers of on-chip arrays and DRAM by definition: the twin of the core's memory."""

from __future__ import annotations

import math
from collections.abc import Mapping


def array_accesses(width: float, records: int, bits: float) -> int:
    """Accesses one by one: each record takes new ones until its bits are moved."""
    count = 0
    for _ in range(records):
        left = bits
        while left > 0:
            left -= width
            count += 1
    return count


def dram_read(dram: Mapping[str, float], records: int, byte_count: float) -> dict[str, float]:
    """Bursts, seconds and joules of reading records from rows of their own."""
    burst_bytes = dram["burst"] * dram["device_width"] * dram["devices"] / 8
    bursts = sum(math.ceil(byte_count / burst_bytes) for _ in range(records))
    rows = sum(math.ceil(byte_count / dram["row"]) for _ in range(records))
    cycles = dram["row_to_column"] + dram["column"] + bursts * dram["burst"] / 2
    watts = dram["voltage"] * dram["devices"]  # of an ampere
    tick = dram["energy_clock"]
    active, precharge = dram["row_active"] * tick, dram["precharge"] * tick
    cycle_of_row = dram["activate_current"] * (active + precharge)
    standing = dram["active_current"] * active + dram["precharged_current"] * precharge
    above = dram["read_current"] - dram["active_current"]
    return {
        "accesses": bursts,
        "seconds": cycles * dram["clock"],
        "bursts": watts * above * bursts * dram["burst"] / 2 * tick,
        "rows": watts * (cycle_of_row - standing) * rows,
        "open": watts * dram["active_current"] * cycles * tick,
    }
