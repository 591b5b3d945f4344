"""The two constants that are set so that the two published totals are met, and what they leave to explain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from siliconbert._core import hardware as _core
from siliconbert.hardware.actions import action_energies
from siliconbert.hardware.area import cell_areas, reram_area
from siliconbert.hardware.shapes import shape
from siliconbert.hardware.work import layer_work

TRAFFIC = ("resident", "weights", "tiles")
OVERLAPS = {"none": (0.0, 0.0), "transfers": (0.0, 1.0), "all": (1.0, 1.0)}


@dataclass(frozen=True)
class Calibration:
    """Two constants met two points: no freedom is left, and neither point tests the model.

    table_mw  : power of the counted actions alone, with leakage and ADPLL: the mean over a dense layer of
                ALBERT base, 128 tokens, at the record's size, nominal voltage and frequency
    power_mw  : the published average power, which the model meets
    cycle_pj  : the first constant: energy a cycle of what the table leaves out (clock, control, wires)
    actions   : takes its place where the table alone, with a user's leakage, exceeds the published power: a
                factor below 1 on all its energies; else 1
    cells_mm2 : area of the published cells and of the ReRAM alone
    area_mm2  : the published area, which the model meets
    layout    : the second constant: how the cells' area grows (placement, wires, control, periphery)

    >>> from siliconbert.hardware import accelerator
    >>> accelerator("edgebert-12nm").calibration.cycle_pj > 0
    True
    """

    table_mw: float
    power_mw: float
    cycle_pj: float
    actions: float
    cells_mm2: float
    area_mm2: float
    layout: float
    constants: int = 2
    points: int = 2


def calibrate(values: Mapping[str, Any]) -> Calibration:
    """The constants for a record's numbers; ValueError where leakage and ADPLL exceed the published power."""
    n = values["calibrated_size"]
    cost = _core.layer_cost(units(values, n), layer_work(shape("albert-base"), n))
    table_pj = sum(_core.dynamic_energy(core_energies(values), cost).values()) * 1e12
    table = table_pj / sum(cost.time.values()) * values["nominal_frequency"]
    other = values["leakage_power"] + values["clock_power"]
    dynamic = values["average_power"] - other
    if dynamic < 0:
        raise ValueError(
            "hardware: leakage must leave a dynamic power of at least 0 of the average power, "
            f"got {values['leakage_power']:g} of {values['average_power']:g} mW"
        )
    cells, reram = sum(cell_areas(values, n).values()), reram_area(values)
    return Calibration(
        table_mw=table + other,
        power_mw=values["average_power"],
        cycle_pj=max(0.0, dynamic - table) / values["nominal_frequency"],
        actions=min(1.0, dynamic / table),
        cells_mm2=cells + reram,
        area_mm2=values["area"],
        layout=(values["area"] - reram) / cells,
    )


def units(values: Mapping[str, Any], n: int) -> Any:
    """The core's EdgebertUnits from a record's numbers.

    traffic : what crosses the bus in a layer: "resident", nothing, all lies on the chip; "weights", the kept
              ones and their masks, once; "tiles", operands and results of every tile, as in the public driver
    """
    if values["traffic"] not in TRAFFIC:
        known = ", ".join(TRAFFIC)
        raise ValueError(f"hardware.accelerator: traffic must be one of {known}; got {values['traffic']!r}")
    keys = (
        "softmax_interval",
        "layer_norm_interval",
        "add_interval",
        "entropy_interval",
        "voltage_interval",
        "sfu_overlap",
        "transfer_overlap",
        "buffer_entries",
        "deepest",
        "largest",
        "bus_bytes",
        "accumulator_bits",
    )
    traffic = getattr(_core.Traffic, values["traffic"])
    return _core.EdgebertUnits(n=n, traffic=traffic, **{key: values[key] for key in keys})


def core_energies(
    values: Mapping[str, Any], width: int = 8, cycle_pj: float = 0.0, factor: float = 1.0
) -> Any:
    """The core's ActionEnergies, J; factor: on all but the cycle's."""
    each = {key: factor * pj * 1e-12 for key, pj in action_energies(values, width).items()}
    byte = each.pop("sram_byte")
    return _core.ActionEnergies(**each, read_byte=byte, write_byte=byte, cycle=cycle_pj * 1e-12)
