"""Energy of single actions: published values of other nodes brought to the accelerator's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from siliconbert import catalog

SCALINGS = ("interpolated", "stillmaker-baas")


def action_energies(values: Mapping[str, Any], width: int = 8) -> dict[str, float]:
    """Picojoules an action at the accelerator's node and nominal voltage, before calibration.

    mac           : a product of two values of `width` bits and a sum of 32 bits, in a float-integer unit; a
                    multiplier's energy is taken to grow with the square of its width
    register_bit  : one bit written
    sram_byte     : read from or written to a bank of a buffer
    decode        : one value put in its place: an 8-bit position counted, `width` register bits
    sfu_operation : a product of 16 bits (four times that of 8), a sum of 32 bits, 16 register bits

    >>> {k: round(v, 4) for k, v in action_energies(_RECORD).items() if k in ("mac", "sram_byte")}
    {'mac': 0.1237, 'sram_byte': 1.019}
    """
    primitive = primitive_energies(values)
    multiply, add, bit = (primitive[key] for key in ("int8_multiply", "int32_add", "register_bit"))
    factor = _number("float-datapath", "energy_factor")
    return {
        "mac": factor * (multiply * (width / 8) ** 2 + add),
        "register_bit": bit,
        "sram_byte": primitive["sram_word"] / 8,
        "decode": primitive["int8_add"] + width * bit,
        "sfu_operation": 4 * multiply + add + 16 * bit,
    }


def primitive_energies(values: Mapping[str, Any]) -> dict[str, float]:
    """Picojoules of the catalogue's primitives at the accelerator's node.

    interpolated    : along the power law of the node through the published values at 45 nm and 7 nm; the
                      register's, published at 40 nm only, along the 32-bit adder's
    stillmaker-baas : the values at 45 nm (40 nm) times the ratio of their energy factors
    """
    scaling = values["node_scaling"]
    if scaling not in SCALINGS:
        known = ", ".join(SCALINGS)
        raise ValueError(f"hardware.accelerator: node_scaling must be one of {known}; got {scaling!r}")
    node = values["process_node"]
    keys = ("int8_add", "int32_add", "int8_multiply", "sram_word")
    if scaling == "interpolated":
        found = {key: _between(key, node) for key in keys}
        bit = _number("cells-40nm", "register_bit") * _between("int32_add", node) / _between("int32_add", 40)
        return found | {"register_bit": bit}
    volts = _number("arithmetic-45nm", "supply_voltage")
    here = _energy_factor(node, values["voltage_levels"][-1])
    found = {key: _number("arithmetic-45nm", key) * here / _energy_factor(45, volts) for key in keys}
    return found | {"register_bit": _number("cells-40nm", "register_bit") * here / _energy_factor(40, volts)}


def _between(key: str, node: float) -> float:
    """Straight in the logarithms of node and energy."""
    high, low = _number("arithmetic-45nm", key), _number("arithmetic-7nm", key)
    share = math.log(node / 7) / math.log(45 / 7)
    return float(low * (high / low) ** share)


def _energy_factor(node: float, volts: float) -> float:
    """a2 V^2 + a1 V + a0, straight between the table's nodes."""
    scaling = catalog.records("actions")["cmos-scaling"]
    nodes = scaling["nodes"].value[::-1]
    square, linear, constant = (
        np.interp(node, nodes, scaling[f"energy_{term}"].value[::-1])
        for term in ("square", "linear", "constant")
    )
    return float(square * volts**2 + linear * volts + constant)


def area_factor(node: float) -> float:
    """Area of logic at a node over that at 40 nm, straight between the table's nodes."""
    scaling = catalog.records("actions")["cmos-scaling"]
    nodes, area = scaling["area_nodes"].value[::-1], scaling["area"].value[::-1]
    return float(np.interp(node, nodes, area) / np.interp(40, nodes, area))


def _number(record: str, key: str) -> float:
    return float(catalog.records("actions")[record][key].value)


_RECORD = {"process_node": 12.0, "node_scaling": "interpolated"}
