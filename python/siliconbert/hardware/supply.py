"""Voltage and frequency: the regulator's levels, what frequency a voltage allows, what time costs there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from siliconbert._core import hardware as _core

CURVES = ("alpha-power", "linear", "proportional", "successor")
LEAKAGE_LAWS = ("barrier-lowering", "constant-current")
REGULATORS = ("ideal", "linear")


def curve(values: Mapping[str, Any]) -> Any:
    """The core's voltage-frequency curve that a record names; all go through its nominal point.

    alpha-power  : (V - Vt)^alpha / V through the low end of the successor's pairs as shares of their high end
    linear       : a straight line through the same two points
    proportional : frequency ~ voltage, as if nothing had a threshold
    successor    : a straight line, the successor's at the same volts, its frequencies scaled to the nominal
    """
    nominal = (values["voltage_levels"][-1], values["nominal_frequency"] * 1e9)
    volts, hertz = values["successor_voltages"], values["successor_frequencies"]
    if not all(len(pair) == 2 and 0 < pair[0] < pair[1] for pair in (volts, hertz)):
        raise ValueError(
            "hardware.accelerator: successor_voltages and successor_frequencies must each be two ascending "
            f"numbers, got {volts} and {hertz}"
        )
    (low_v, high_v), (low_f, high_f) = volts, hertz
    scaled = (nominal[0] * low_v / high_v, nominal[1] * low_f / high_f)
    kind = _choice("frequency_curve", values, CURVES)
    if kind == "alpha-power":
        return _core.curve(nominal, scaled, values["alpha"], 1.0)
    if kind == "linear":
        return _core.curve(nominal, scaled, 1.0, 0.0)
    if kind == "proportional":
        return _core.curve(nominal, (0.0, 0.0), 1.0, 0.0)
    at_nominal = low_f + (high_f - low_f) * (nominal[0] - low_v) / (high_v - low_v)
    if at_nominal <= 0:
        raise ValueError(f"hardware.accelerator: the successor's line must be above 0 Hz at {nominal[0]:g} V")
    return _core.curve(nominal, (low_v, nominal[1] * low_f / at_nominal), 1.0, 0.0)


def supply(values: Mapping[str, Any]) -> Any:
    """The core's supply from a record's numbers in its units.

    leakage_law : "barrier-lowering": leakage current falls by exp(leakage_rise V); "constant-current"
    regulator   : "ideal": energy is counted at the logic, as the paper's V^2 does; "linear": at the input of
                  the linear regulator, which passes on its current
    """
    fastest = curve(values)
    falls = _choice("leakage_law", values, LEAKAGE_LAWS) == "barrier-lowering"
    lossy = _choice("regulator", values, REGULATORS) == "linear"
    return _core.Supply(
        levels=values["voltage_levels"],
        frequencies=[fastest.frequency(voltage) for voltage in values["voltage_levels"]],
        settle_time=values["settle_time"] * 1e-9,
        leakage_power=values["leakage_power"] * 1e-3,
        leakage_rise=values["leakage_rise"] if falls else 0.0,
        clock_power=values["clock_power"] * 1e-3,
        rail_capacitance=values["rail_capacitance"] * 1e-9,
        regulator_input=values["regulator_input"] if lossy else 0.0,
        regulator_efficiency=values["regulator_efficiency"],
    )


def slew_ns(values: Mapping[str, Any], volts: float) -> float:
    """Nanoseconds in which the regulator moves by so many volts, at the record's response time."""
    steps = math.fabs(volts) * 1e3 / values["response_step"]
    return float(steps * values["response_time"])


def _choice(key: str, values: Mapping[str, Any], known: tuple[str, ...]) -> str:
    if values[key] not in known:
        raise ValueError(
            f"hardware.accelerator: {key} must be one of {', '.join(known)}; got {values[key]!r}"
        )
    return str(values[key])
