"""What a pruned matrix takes in every layout: each with the pattern it is made for, from real encodings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siliconbert import formats, sparsity, storage
from siliconbert.campaign.outcome import Curves, Measurement, Outcome, Quantity
from siliconbert.campaign.setup import Call

INDEX = Quantity("index_bits", "bits that say where values stand", "bit", 0)
PER_VALUE = Quantity("index_bits_per_value", "the same for each kept value", "bit", 3)
INDICES = Quantity("indices_per_value", "row or column numbers for each kept value", "", 4)
TOTAL = Quantity("of_dense", "all bits, of the dense matrix's", "%", 2)
PADDING = Quantity("padding", "values stored that are not kept", "", 0)
BREAKEVEN = Quantity("breakeven_ratio", "prune ratio above which it is smaller than dense", "", 3)
BITMAP_WINS = Quantity(
    "bitmap_wins_below", "prune ratio below which a block bitmap is smaller than CSCB", "", 3
)
BANK = 16


@dataclass(frozen=True)
class Plan:
    """The comparison; `ratio`, `block` and `width` are those of the table.

    shapes : name -> (inputs, outputs); small: those of --quick
    swept  : (inputs, outputs) whose bits the figures draw, over `ratios`, `widths` and `blocks`
    widths : bits of a value -> name of a format of so many
    """

    shapes: Mapping[str, tuple[int, int]]
    small: Sequence[str]
    swept: tuple[int, int]
    ratio: float
    block: tuple[int, int]
    width: int
    ratios: Sequence[float]
    blocks: Sequence[int]
    widths: Mapping[int, str]


@dataclass(frozen=True)
class Stored:
    """One encoding: bits by region, row or column numbers, and how many values it holds that are not kept."""

    bits: Mapping[str, int]
    indices: int
    kept: int
    padding: int

    @property
    def index(self) -> int:
        """All bits but the values'."""
        return sum(self.bits.values()) - self.bits["values"]

    @property
    def total(self) -> int:
        """All bits."""
        return sum(self.bits.values())


# Each layout with the pattern that the field stores in it.
_PATTERNS: dict[str, Callable[[tuple[int, int]], sparsity.Pattern]] = {
    "coo": lambda block: sparsity.Unstructured(),
    "csr": lambda block: sparsity.Unstructured(),
    "rle": lambda block: sparsity.Unstructured(),
    "bitmask": lambda block: sparsity.Unstructured(),
    "csb": lambda block: sparsity.Block((1, 1), "bank", BANK),
    "bsr": lambda block: sparsity.Block(block),
    "block_bitmap": lambda block: sparsity.Block(block),
    "cscb": lambda block: sparsity.Block(block, "column"),
}
_BLOCKED = ("bsr", "block_bitmap", "cscb")
# Figures have a colour for seven; coo is above csr everywhere.
_DRAWN = tuple(name for name in _PATTERNS if name != "coo")


def encoded(weight: NDArray[np.float32], name: str, ratio: float, block: tuple[int, int], fmt: str) -> Stored:
    """A weight (inputs, outputs), pruned by its layout's pattern and stored.

    errors: RuntimeError where the encoding has another size than the formulas say
    """
    mask = sparsity.prune(weight, _PATTERNS[name](block), 1 - ratio)
    layout, kind = _layout(name, block), formats.get(fmt)
    image = storage.store(weight, mask, kind, layout, {"*": "rram-slc"})
    found = {region: bits for region, bits in image.bits.items() if region != "parameters"}
    wanted = storage.bits(layout, mask.shape[0], mask.shape[1], kind.width, mask=mask)
    if found != wanted:
        raise RuntimeError(f"block_storage: bits of {name} must be {wanted}, the encoding has {found}")
    numbers = [region.codes.count for region in image.image.regions if region.name == "index"]
    return Stored(found, sum(numbers), image.kept, image.padding)


def _layout(name: str, block: tuple[int, int]) -> storage.Layout:
    if name == "csb":
        return storage.layout(name, bank=BANK)
    return storage.layout(name, block=block) if name in _BLOCKED else storage.layout(name)


def _weight(shape: tuple[int, int]) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def bitmap_wins_below(shape: tuple[int, int], block: tuple[int, int], fmt: str) -> float:
    """The largest prune ratio at which a column balanced matrix takes fewer bits with a block bitmap."""
    weight, down = _weight(shape), -(-shape[0] // block[0])
    for kept in range(1, down + 1):
        bitmap, cscb = (
            _same_mask(weight, name, kept / down, block, fmt) for name in ("block_bitmap", "cscb")
        )
        if bitmap < cscb:
            return 1 - kept / down
    return 0.0


def _same_mask(
    weight: NDArray[np.float32], name: str, density: float, block: tuple[int, int], fmt: str
) -> int:
    mask = sparsity.prune(weight, sparsity.Block(block, "column"), density)
    width = formats.get(fmt).width
    return sum(storage.bits(_layout(name, block), mask.shape[0], mask.shape[1], width, mask=mask).values())


def run(table: str, call: Call, plan: Plan) -> Outcome:
    """The table at one ratio, and figures over the ratio, the width and the size of a block.

    errors: RuntimeError where an encoding has another size than the formulas say
    """
    fmt = plan.widths[plan.width]
    measurements: list[Measurement] = []
    fewest: dict[str, str] = {}
    for shape in plan.small if call.quick else plan.shapes:
        size = plan.shapes[shape]
        stored = {name: encoded(_weight(size), name, plan.ratio, plan.block, fmt) for name in _PATTERNS}
        for name, each in stored.items():
            measurements += _rows(f"{shape} {name}", each, size, plan, name)
            if name == "block_bitmap":
                below = bitmap_wins_below(size, plan.block, fmt)
                measurements.append(Measurement(f"{shape} {name}", BITMAP_WINS, below))
        fewest[shape] = min(stored, key=lambda name: stored[name].index)
    header = (*_header(plan), f"fewest bits that say where values stand: {_joined(fewest)}")
    return Outcome(table, "*", "model", header, tuple(measurements), _figures(plan))


def _joined(fewest: Mapping[str, str]) -> str:
    return ", ".join(f"{name} at {shape}" for shape, name in fewest.items())


def _rows(row: str, each: Stored, size: tuple[int, int], plan: Plan, name: str) -> Iterator[Measurement]:
    dense = size[0] * size[1] * plan.width
    yield Measurement(row, INDEX, each.index)
    yield Measurement(row, PER_VALUE, each.index / each.kept)
    if each.indices:
        yield Measurement(row, INDICES, each.indices / each.kept)
    yield Measurement(row, PADDING, each.padding)
    yield Measurement(row, TOTAL, 100 * each.total / dense)
    density = storage.breakeven(_layout(name, plan.block), *size, plan.width)
    yield Measurement(row, BREAKEVEN, 1 - density)


def _header(plan: Plan) -> tuple[str, ...]:
    high, wide = plan.block
    return (
        f"random weights, pruned at {plan.ratio:g}, blocks of {high} x {wide}, {plan.width} bits a value",
        "patterns: any values for coo, csr, rle and bitmask; banks of "
        f"{BANK} for csb; any blocks for bsr and block_bitmap; the same number in each block column for cscb",
        "every region of every encoding, those of the figures too, has as many bits as its formula says",
        "a block bitmap is compared with CSCB at every number of kept blocks of a column, for the same mask",
    )


def _figures(plan: Plan) -> tuple[Curves, ...]:
    fmt = plan.widths[plan.width]
    size = f"{plan.swept[0]} x {plan.swept[1]}"
    high, wide = plan.block
    return (
        _curves(
            plan,
            "ratio",
            f"{size}, blocks {high} x {wide}, {plan.width} bits",
            {ratio: (ratio, plan.block, fmt) for ratio in plan.ratios},
        ),
        _curves(
            plan,
            "width",
            f"{size}, {plan.ratio:g} pruned, blocks {high} x {wide}",
            {float(width): (plan.ratio, plan.block, name) for width, name in plan.widths.items()},
        ),
        _curves(
            plan,
            "block",
            f"{size}, {plan.ratio:g} pruned, {plan.width} bits",
            {float(side): (plan.ratio, (side, side), fmt) for side in plan.blocks},
        ),
    )


_AXES = {"ratio": "prune ratio", "width": "bits a value", "block": "side of a block"}


def _curves(
    plan: Plan, axis: str, title: str, points: Mapping[float, tuple[float, tuple[int, int], str]]
) -> Curves:
    """Bits in percent of the dense matrix's."""
    weight = _weight(plan.swept)
    series = {}
    for name in _DRAWN:
        shares = [
            100 * encoded(weight, name, *point).total / (weight.size * formats.get(point[2]).width)
            for point in points.values()
        ]
        series[name] = (np.array(list(points)), np.array(shares))
    return Curves(axis, title, _AXES[axis], "bits, % of dense", series)
