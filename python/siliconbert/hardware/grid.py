"""The designs of a grid, built: an accelerator once for all its work."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from siliconbert.hardware.accelerator import Accelerator, accelerator
from siliconbert.hardware.costs import Floats
from siliconbert.hardware.shapes import Shape

WORK = ("sequence", "heads_off", "spans", "density", "rule", "width")
Design = Mapping[str, Any]
# None: planned from the predicted layer; V at its highest frequency; (V, GHz).
Voltage = float | tuple[float, float] | None


def split(design: Design) -> tuple[dict[str, Any], dict[str, Any]]:
    """What accelerator() takes of a design, and what its methods take.

    >>> split({"n": 8, "density": 0.5})
    ({'n': 8}, {'density': 0.5})
    """
    work = {key: value for key, value in design.items() if key in WORK}
    return {key: value for key, value in design.items() if key not in WORK}, work


@dataclass(frozen=True)
class Built:
    """A design; points: V and Hz as the core takes them, and why the design cannot run there, or empty."""

    machine: Accelerator | None
    area: float
    points: Floats
    voltage_reasons: tuple[str, ...]
    core: Any = None
    reason: str = ""


def build(
    name: str, sizes: Shape, first: int, voltage: Sequence[Voltage], grid: Mapping[str, Sequence[Any]]
) -> list[Built]:
    """Every design, in the order of the product of the axes."""
    machines: dict[tuple[int, ...], Built] = {}
    built = []
    for at in itertools.product(*(range(len(values)) for values in grid.values())):
        changes, work = split({key: values[i] for (key, values), i in zip(grid.items(), at, strict=True)})
        place = tuple(i for key, i in zip(grid, at, strict=True) if key in changes)
        if place not in machines:
            machines[place] = _machine(name, changes, voltage)
        built.append(_with_work(machines[place], sizes, first, work))
    return built


def _machine(name: str, changes: dict[str, Any], voltage: Sequence[Voltage]) -> Built:
    try:
        machine = accelerator(name, **changes)
        found = [_point(machine, option) for option in voltage]
        return Built(
            machine,
            sum(machine.area().values()),
            np.array([point for point, _ in found]),
            tuple(reason for _, reason in found),
        )
    except ValueError as error:
        return _none(voltage, str(error))


def _none(voltage: Sequence[Any], reason: str) -> Built:
    nowhere = np.full((len(voltage), 2), np.nan)
    return Built(None, float("nan"), nowhere, ("",) * len(voltage), reason=reason)


def _with_work(built: Built, sizes: Shape, first: int, work: dict[str, Any]) -> Built:
    if built.machine is None:
        return built
    try:
        return replace(built, core=built.machine.core(sizes, 1.0, first, **work))
    except ValueError as error:
        return _none(built.voltage_reasons, str(error))


def _point(machine: Accelerator, option: Voltage) -> tuple[tuple[float, float], str]:
    nothing = (np.nan, np.nan)
    if option is None:
        return (0.0, 0.0), ""
    volts, gigahertz = pair(option)
    low, high = (machine.values["voltage_levels"][end] for end in (0, -1))
    if not low <= volts <= high:
        return nothing, f"the regulator gives {low:g} to {high:g} V, not {volts:g} V"
    highest = machine.fastest(volts)
    hertz = highest if gigahertz is None else gigahertz * 1e9
    if not 0 < hertz <= highest:
        return nothing, f"{volts:g} V allows up to {highest / 1e9:.4g} GHz, not {hertz / 1e9:.4g} GHz"
    return (volts, hertz), ""


def pair(option: float | tuple[float, float]) -> tuple[float, float | None]:
    """V, and GHz or None for the highest there."""
    return option if isinstance(option, tuple) else (option, None)
