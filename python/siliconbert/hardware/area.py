"""Area of an accelerator's parts, from published cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siliconbert import catalog
from siliconbert.hardware.actions import area_factor


def cell_areas(values: Mapping[str, Any], n: int) -> dict[str, float]:
    """Square millimetres of each part's cells alone, with n x n multipliers.

    mac      : n^2 multipliers of 8 bits (a sixteenth of one of 32 bits) and adders of 32 bits
    register : n^2 accumulators of 32 bits and operands of 8 bits
    sram     : two data buffers with their masks, and the auxiliary buffer
    sfu      : n lanes of a multiplier of 16 bits, an adder of 32 and three registers of 16
    decode   : two decoders of n lanes, each an adder of 8 bits and a register of 8
    """
    cell = catalog.numbers(catalog.records("actions")["cells-40nm"])
    memory = catalog.records("actions")["memory-16nm"]
    factor = catalog.records("actions")["float-datapath"]["area_factor"].value
    multiply, add, bit = cell["int32_multiply_area"], cell["int32_add_area"], cell["register_area"]
    logic = {
        "mac": n * n * factor * (multiply / 16 + add),
        "register": n * n * (values["accumulator_bits"] + 8) * bit,
        "sfu": n * (multiply / 4 + add + 48 * bit),
        "decode": 2 * n * (add / 4 + 8 * bit),
    }
    bits = 2 * values["buffer_entries"] * n * (8 + 1) + values["auxiliary_buffer"] * 8 * 1024
    sram = bits * memory["cell_area"].value / memory["array_efficiency"].value
    scale = area_factor(values["process_node"])
    return {part: area * scale * 1e-6 for part, area in logic.items()} | {"sram": sram * 1e-6}


def reram_area(values: Mapping[str, Any]) -> float:
    """Square millimetres of the embeddings' ReRAM, by the paper's own density of its cell."""
    cell = catalog.records("cells")[values["reram_cell"]]
    return float(values["reram_size"] * cell["area_density"].value)
