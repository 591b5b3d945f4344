"""Voltage and frequency: the regulator's levels, what frequency a voltage allows, what cycles cost there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siliconbert._core import hardware as _core


def supply(values: Mapping[str, Any], energy_per_cycle: float) -> Any:
    """The core's supply from a record's numbers in its units; energy_per_cycle: J at nominal voltage."""
    return _core.Supply(
        levels=values["voltage_levels"],
        nominal_frequency=values["nominal_frequency"] * 1e9,
        threshold_voltage=values["threshold_voltage"],
        settle_time=values["settle_time"] * 1e-9,
        energy_per_cycle=energy_per_cycle,
        leakage_power=values["leakage_power"] * 1e-3,
        clock_power=values["clock_power"] * 1e-3,
    )
