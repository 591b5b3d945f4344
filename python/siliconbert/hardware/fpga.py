"""Operators of a Transformer on an FPGA: latency and resources by parallelism.

A calibrated reading of CBBP's Table I (catalogue: fpga.toml, where each constant says what it was fitted to).
Not in this model: memory for activations and block indices, transfers from DDR memory, embeddings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from siliconbert import catalog
from siliconbert._core import hardware as _core

CALIBRATION = "cbbp"
ARITHMETIC = ("fixed16", "fp32")
REGISTERS = ("table", "library")
MEMORIES = ("bram18", "uram")
# Numbers of the calibration that are not the core's constants.
_BESIDE = ("clock", "library_ff", "library_ff_base", "row_registers_width")


@dataclass(frozen=True)
class FpgaOperator:
    """What one operator has to do.

    kind   : "product", "feed_forward", "attention" or "add_norm"
    core   : the core's record of it
    words  : stored weights, those that fill up blocks included
    sizes  : what its lanes must divide, or be a multiple of
    """

    kind: str
    core: Any
    words: float
    sizes: tuple[int, ...]

    def allows(self, lanes: int) -> bool:
        """Whether so many lanes share the work evenly.

        >>> add_norm(800).allows(32), add_norm(800).allows(64)
        (True, False)
        """
        product = self.kind in ("product", "feed_forward")
        return all(size % lanes == 0 or (product and lanes % size == 0) for size in self.sizes)

    def check(self, name: str, lanes: int) -> None:
        """ValueError naming the operator where its lanes do not divide the work."""
        if lanes < 1 or not self.allows(lanes):
            sizes = " and ".join(map(str, self.sizes))
            many = " or be a multiple of it" if self.kind in ("product", "feed_forward") else ""
            raise ValueError(f"schedule: {name}: parallelism must divide {sizes}{many}, got {lanes}")


def product(
    inputs: int,
    outputs: int,
    density: float = 1.0,
    block: tuple[int, int] = (16, 16),
    copies: int = 1,
    row_registers: bool = False,
) -> FpgaOperator:
    """x W for a weight matrix of inputs x outputs, or `copies` of it one after the other.

    density       : kept fraction, 0..1; 1: dense. Of R block rows floor(density * R), at least one, is kept
                    in every block column
    block         : rows (along the inputs) and columns (along the outputs) of a block
    row_registers : with the calibration's extra registers, which the product of Q, K and V has
    errors        : ValueError for a block larger than the matrix, a density that is not in 0..1 or is 0

    >>> product(800, 800, 0.1, copies=3).words
    192000.0
    """
    part = _part("fpga.product", inputs, outputs, density, block)
    share = inputs / _number("row_registers_width") if row_registers else 0.0
    core = _core.fpga_product([(copies * part[0], *part[1:])], 0.0, share)
    return FpgaOperator("product", core, core.words, (block[0] * block[1],))


def feed_forward(
    width: int, neurons: int, density: float = 1.0, block: tuple[int, int] = (16, 16)
) -> FpgaOperator:
    """Two products with ReLU between them on the same multiplier units; arguments as product().

    >>> feed_forward(800, 200, 0.1).words
    29440.0
    """
    parts = [
        _part("fpga.feed_forward", width, neurons, density, block),
        _part("fpga.feed_forward", neurons, width, density, block),
    ]
    core = _core.fpga_product(parts, float(math.ceil(neurons / block[1]) * block[1]), 0.0)
    return FpgaOperator("feed_forward", core, core.words, (block[0] * block[1],))


def attention(heads: int, head_width: int, window: int) -> FpgaOperator:
    """Dot product attention of a row over `window` keys, all heads side by side.

    >>> attention(4, 200, 32).allows(8)
    True
    """
    _positive("fpga.attention", heads=heads, head_width=head_width, window=window)
    return FpgaOperator(
        "attention", _core.fpga_attention(heads, head_width, window), 0.0, (head_width * window,)
    )


def add_norm(width: int) -> FpgaOperator:
    """Residual addition and layer normalisation of a row.

    >>> add_norm(800).kind
    'add_norm'
    """
    _positive("fpga.add_norm", width=width)
    return FpgaOperator("add_norm", _core.fpga_add_norm(width), 0.0, (width,))


def _part(
    caller: str, inputs: int, outputs: int, density: float, block: tuple[int, int]
) -> tuple[float, float, float]:
    """Block columns, kept blocks in each, values of a block."""
    rows, columns = block
    _positive(caller, inputs=inputs, outputs=outputs, block=min(rows, columns))
    if rows > inputs or columns > outputs:
        raise ValueError(
            f"{caller}: block must not be larger than the matrix, got {rows} x {columns} for "
            f"{inputs} x {outputs}"
        )
    if not 0 < density <= 1:
        raise ValueError(f"{caller}: density must be above 0 and at most 1 to keep a block, got {density:g}")
    block_rows = math.ceil(inputs / rows)
    # 0.1 * 50 may be a little below 5.
    keep = max(1, math.floor(density * block_rows + 1e-9))
    return math.ceil(outputs / columns), keep, rows * columns


def _positive(caller: str, **sizes: int) -> None:
    for key, size in sizes.items():
        if size < 1:
            raise ValueError(f"{caller}: {key} must be at least 1, got {size}")


@dataclass(frozen=True)
class FpgaModel:
    """What turns operators into time and resources.

    clock_mhz : None: the calibration's 100
    interval  : cycles from one step of the innermost pipeline to the next
    arithmetic: "fp32", or "fixed16" (assumed: one DSP a multiply-accumulate, half the registers and tables)
    registers : how a product's registers are counted: "table" (a line through the paper's) or "library"
                (from an operator library's)
    source    : fpga.toml

    >>> FpgaModel().latency_ms(product(800, 800, 0.1), rows=32, lanes=32)
    0.704
    """

    clock_mhz: float | None = None
    interval: float = 1.0
    arithmetic: str = "fp32"
    registers: str = "table"

    def __post_init__(self) -> None:
        """Refuses what is not known."""
        for key, known in (("arithmetic", ARITHMETIC), ("registers", REGISTERS)):
            if (given := getattr(self, key)) not in known:
                raise ValueError(f"FpgaModel: {key} must be one of {', '.join(known)}; got {given!r}")
        for key in ("clock_mhz", "interval"):
            if (given := getattr(self, key)) is not None and not 0 < given < math.inf:
                raise ValueError(f"FpgaModel: {key} must be positive, got {given}")

    @property
    def mhz(self) -> float:
        """The clock."""
        return _number("clock") if self.clock_mhz is None else self.clock_mhz

    def numbers(self) -> dict[str, float]:
        """The calibration's constants by name, as in fpga.toml.

        >>> FpgaModel().numbers()["product_ff"]
        337
        """
        return _numbers(CALIBRATION)

    @property
    def width(self) -> float:
        """Bits of a stored weight."""
        return float(self._arithmetic.width)

    def cycles(self, operator: FpgaOperator, rows: int, lanes: int) -> float:
        """Clock cycles of one invocation."""
        slots = _core.fpga_slots(operator.core, self._constants, self._arithmetic, rows, lanes)
        return float(slots * self.interval)

    def latency_ms(self, operator: FpgaOperator, rows: int, lanes: int) -> float:
        """Milliseconds of one invocation."""
        return self.cycles(operator, rows, lanes) / (self.mhz * 1e3)

    def amounts(self, operator: FpgaOperator, lanes: int) -> dict[str, float]:
        """DSP, FF and LUT of one unit.

        >>> FpgaModel().amounts(product(800, 28785, 0.1), 256)["dsp"]
        1318.0
        """
        found = _core.fpga_amounts(operator.core, self._constants, self._arithmetic, lanes)
        return {key: found[key] for key in ("dsp", "ff", "lut")}

    def memory(self, operator: FpgaOperator, lanes: int, kind: str) -> float:
        """Blocks of "bram18" or "uram" for the weights: one bank a lane; two or four share an UltraRAM line.

        >>> FpgaModel().memory(product(800, 28785, 0.1), 256, "bram18")
        4608.0
        """
        record = catalog.record("fpga", kind, "FpgaModel.memory")
        shapes = list(zip(record["widths"].value, record["depths"].value, strict=True))
        width = self.width
        if kind == "uram":
            return float(_core.shared_blocks(shapes[0], operator.words, width, lanes))
        return float(_core.separate_blocks(shapes, operator.words, width, lanes))

    @cached_property
    def _constants(self) -> Any:
        numbers = _numbers(CALIBRATION)
        if self.registers == "library":
            numbers |= {"product_ff": numbers["library_ff"], "product_ff_base": numbers["library_ff_base"]}
        return _core.FpgaConstants({key: n for key, n in numbers.items() if key not in _BESIDE})

    @cached_property
    def _arithmetic(self) -> Any:
        return _core.Arithmetic(_numbers(self.arithmetic))


def _numbers(name: str) -> dict[str, float]:
    record = catalog.records("fpga")[name]
    return {key: entry.value for key, entry in record.items() if isinstance(entry, catalog.Quantity)}


def _number(key: str) -> float:
    return float(catalog.records("fpga")[CALIBRATION][key].value)
