"""Operators on an FPGA, from the definitions: slots counted loop by loop, resources term by term.

Constants are a mapping by the names of the catalogue's fpga.toml; `arithmetic` likewise.
"""

import math


def block_slots(block, units):
    """Slots of one block: its values shared out among the units, several blocks at once if need be."""
    return math.ceil(block / units) if units <= block else block / units


def product_slots(columns, keep, block, units, add_cycles):
    """One row: every block column adds up its kept blocks and waits for the last sum."""
    slots = 0
    for _ in range(int(columns)):
        for _ in range(int(keep)):
            slots += block_slots(block, units)
        slots += min(block_slots(block, units), add_cycles)
    return slots


def feed_forward_slots(parts, relu, units, add_cycles, c):
    """One row: two products, and ReLU between them."""
    slots = sum(product_slots(n, keep, block, units, add_cycles) for n, keep, block in parts)
    return slots + relu / c["relu_lanes"] + c["relu_flush"]


def attention_slots(head_width, window, lanes, c):
    """One row, one head: scores, weighted values, and passes over the keys for softmax."""
    scores = values = math.ceil(window * head_width / lanes)
    return scores + values + c["attention_passes"] * window + c["attention_flush"]


def add_norm_slots(width, lanes, c):
    """One row: so many loops over it."""
    return c["add_norm_loops"] * math.ceil(width / lanes) + c["add_norm_flush"]


def dsp(multiplies, adds, exps, arithmetic):
    """Slices of so many operations."""
    a = arithmetic
    return multiplies * a["multiply_dsp"] + adds * a["add_dsp"] + exps * a["exp_dsp"]


def product_dsp(units, c, arithmetic):
    """Multiply-accumulate units, and what addresses take."""
    return units * dsp(1, 1, 0, arithmetic) + round(units / c["product_group"]) + c["product_base"]


def attention_dsp(heads, lanes, c, arithmetic):
    """Lanes and softmax of every head."""
    lane = dsp(c["attention_multiplies"], c["attention_adds"], 0, arithmetic)
    softmax = dsp(c["softmax_multiplies"], c["softmax_adds"], c["softmax_exps"], arithmetic)
    return heads * (lane * lanes + softmax)


def add_norm_dsp(lanes, c, arithmetic):
    """Lanes, and the scalar multiplications."""
    lane = dsp(c["add_norm_multiplies"], c["add_norm_adds"], 0, arithmetic)
    return lane * lanes + dsp(c["add_norm_scalar_multiplies"], 0, 0, arithmetic)


def memory_blocks(shapes, words, width, banks):
    """Block memories of a bank each: the best way to use one, as deep and as wide as it takes."""
    bank = math.ceil(words / banks)
    return banks * min(math.ceil(width / w) * math.ceil(bank / d) for w, d in shapes)


def uram_blocks(wide, deep, words, width, banks):
    """UltraRAM: as many banks as fit lie side by side in a line."""
    beside = wide // width
    return math.ceil(banks / beside) * math.ceil(math.ceil(words / banks) / deep)
