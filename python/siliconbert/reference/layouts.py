"""The layouts value by value, in Python integers and lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Encoded(NamedTuple):
    """What a layout stores: the element of each value (None beyond the matrix), and its other regions."""

    elements: list[int | None]
    parts: dict[str, tuple[int, list[int]]]  # region -> bits of a number, numbers


Numbers = Mapping[str, Sequence[int]]  # region -> its numbers as they now read
Reading = dict[int, int]  # element -> the value that it is read from
Mask = npt.NDArray[np.bool_]


def encode(layout: str, mask: Mask, **options: Any) -> Encoded:
    """The stored values' elements and the other regions; regions of no bits are left out."""
    elements, parts = _ENCODE[layout](mask, options)
    return Encoded(elements, {name: part for name, part in parts.items() if part[0] * len(part[1]) > 0})


def read(layout: str, shape: tuple[int, int], values: int, parts: Numbers, **options: Any) -> Reading:
    """Where each element is read from, whatever the regions hold; the last value for an element counts."""
    return {
        element: value
        for value, element in _READ[layout](shape, values, parts, options)
        if element is not None and value < values
    }


def _lg(count: int, options: Mapping[str, Any] | None = None) -> int:
    asked = (options or {}).get("index_bits")
    return asked if asked else len(bin(count - 1)) - 2 if count > 1 else 0


def _kept(mask: Mask) -> list[int]:
    return [i for i, kept in enumerate(mask.ravel()) if kept]


def _at(parts: Numbers, name: str, i: int) -> int:
    return parts[name][i] if name in parts else 0


# dense, bitmask


def _encode_dense(mask: Mask, options: Mapping[str, Any]) -> Any:
    return list(range(mask.size)), {}


def _read_dense(shape: tuple[int, int], values: int, parts: Numbers, options: Mapping[str, Any]) -> Any:
    return [(i, i) for i in range(shape[0] * shape[1])]


def _encode_bitmask(mask: Mask, options: Mapping[str, Any]) -> Any:
    parts = {"mask": (1, [int(kept) for kept in mask.ravel()])}
    if options["restart"] == "row":
        starts = [int(mask[:row].sum()) for row in range(len(mask))]
        parts["pointer"] = (_lg(int(mask.sum()) + 1, options), starts)
    return _kept(mask), parts


def _read_bitmask(shape: tuple[int, int], values: int, parts: Numbers, options: Mapping[str, Any]) -> Any:
    value = 0
    for element in range(shape[0] * shape[1]):
        if element % shape[1] == 0 and options["restart"] == "row":
            value = _at(parts, "pointer", element // shape[1])
        if parts["mask"][element]:
            yield value, element
            value += 1


# coo, csr, rle


def _encode_coo(mask: Mask, options: Mapping[str, Any]) -> Any:
    rows, columns = np.nonzero(mask)
    m, n = (_lg(count, options) for count in mask.shape)
    return _kept(mask), {"index.row": (m, rows.tolist()), "index.column": (n, columns.tolist())}


def _read_coo(shape: tuple[int, int], values: int, parts: Numbers, options: Mapping[str, Any]) -> Any:
    for i in range(values):
        row, column = _at(parts, "index.row", i), _at(parts, "index.column", i)
        yield i, row * shape[1] + column if row < shape[0] and column < shape[1] else None


def _encode_csr(mask: Mask, options: Mapping[str, Any]) -> Any:
    columns = np.nonzero(mask)[1].tolist()
    pointers = [int(mask[:row].sum()) for row in range(len(mask) + 1)]
    return _kept(mask), {
        "index": (_lg(mask.shape[1], options), columns),
        "pointer": (_lg(len(columns) + 1, options), pointers),
    }


def _rows(count: int, longest: int, items: int, parts: Numbers) -> Iterator[tuple[int, int]]:
    """(row, item) as the pointers say."""
    for row in range(count):
        first, last = _at(parts, "pointer", row), min(_at(parts, "pointer", row + 1), items)
        for item in list(range(first, last))[:longest]:
            yield row, item


def _read_csr(shape: tuple[int, int], values: int, parts: Numbers, options: Mapping[str, Any]) -> Any:
    for row, value in _rows(shape[0], shape[1], values, parts):
        column = _at(parts, "index", value)
        yield value, row * shape[1] + column if column < shape[1] else None


def _encode_rle(mask: Mask, options: Mapping[str, Any]) -> Any:
    elements, runs, run = [], [], 0
    for element in range(max(_kept(mask), default=-1) + 1):
        if mask.ravel()[element] or run == 2 ** options["run_bits"] - 1:
            elements.append(element)
            runs.append(run)
            run = 0
        else:
            run += 1
    return elements, {"count": (options["run_bits"], runs)}


def _read_rle(shape: tuple[int, int], values: int, parts: Numbers, options: Mapping[str, Any]) -> Any:
    element = -1
    for i in range(values):
        element += 1 + _at(parts, "count", i)
        yield i, element if element < shape[0] * shape[1] else None


# csb, nm


def _banked(options: Mapping[str, Any], mask: Mask | None = None) -> tuple[int, int]:
    """Columns of a bank and the values that it stores."""
    if "m" in options:
        return options["m"], options["n"]
    bank = options["bank"]
    if options["kept"] is None and mask is not None:
        return bank, max(int(row[i : i + bank].sum()) for row in mask for i in range(0, len(row), bank))
    return bank, options["kept"] or 0


def _encode_banks(mask: Mask, options: Mapping[str, Any]) -> Any:
    bank, wanted = _banked(options, mask)
    elements: list[int | None] = []
    indices = []
    for row, kept in enumerate(mask):
        for first in range(0, len(kept), bank):
            inside = kept[first : first + bank]
            order = sorted(range(bank), key=lambda i: not (i < len(inside) and inside[i]))  # kept ones first
            for i in sorted(order[:wanted]):
                indices.append(i)
                elements.append(row * len(kept) + first + i if first + i < len(kept) else None)
    return elements, {"index": (_lg(bank, options), indices)}


def _read_banks(shape: tuple[int, int], values: int, parts: Numbers, options: Mapping[str, Any]) -> Any:
    bank, wanted = _banked(options)
    value = 0
    for row in range(shape[0]):
        for first in range(0, shape[1], bank):
            for _ in range(wanted):
                i = _at(parts, "index", value)
                yield value, row * shape[1] + first + i if i < bank and first + i < shape[1] else None
                value += 1


# bsr, cscb, block_bitmap


def _grid(shape: tuple[int, int], block: tuple[int, int]) -> tuple[int, int]:
    return -(-shape[0] // block[0]), -(-shape[1] // block[1])


def _has_block(mask: Mask, block: tuple[int, int], R: int, C: int) -> bool:
    (r, c) = block
    return bool(mask[R * r : (R + 1) * r, C * c : (C + 1) * c].any())


def _elements(shape: tuple[int, int], block: tuple[int, int], R: int, C: int) -> list[int | None]:
    (r, c) = block
    places = [(R * r + i, C * c + j) for i in range(r) for j in range(c)]
    return [i * shape[1] + j if i < shape[0] and j < shape[1] else None for i, j in places]


def _read_block(shape: tuple[int, int], block: tuple[int, int], number: int, R: int, C: int) -> Any:
    first = number * block[0] * block[1]
    return [(first + i, element) for i, element in enumerate(_elements(shape, block, R, C))]


def _encode_bsr(mask: Mask, options: Mapping[str, Any]) -> Any:
    block = options["block"]
    rows, columns = _grid(mask.shape, block)
    kept = [(R, C) for R in range(rows) for C in range(columns) if _has_block(mask, block, R, C)]
    pointers = [sum(row > R for R, _ in kept) for row in range(rows + 1)]
    return [e for R, C in kept for e in _elements(mask.shape, block, R, C)], {
        "index": (_lg(columns, options), [C for _, C in kept]),
        "pointer": (_lg(len(kept) + 1, options), pointers),
    }


def _read_bsr(shape: tuple[int, int], values: int, parts: Numbers, options: Mapping[str, Any]) -> Any:
    block = options["block"]
    rows, columns = _grid(shape, block)
    for R, number in _rows(rows, columns, values // (block[0] * block[1]), parts):
        if _at(parts, "index", number) < columns:
            yield from _read_block(shape, block, number, R, _at(parts, "index", number))


def _encode_cscb(mask: Mask, options: Mapping[str, Any]) -> Any:
    block = options["block"]
    rows, columns = _grid(mask.shape, block)
    kept = [(R, C) for C in range(columns) for R in range(rows) if _has_block(mask, block, R, C)]
    return [e for R, C in kept for e in _elements(mask.shape, block, R, C)], {
        "index": (_lg(rows, options), [R for R, _ in kept])
    }


def _read_cscb(shape: tuple[int, int], values: int, parts: Numbers, options: Mapping[str, Any]) -> Any:
    block = options["block"]
    rows, columns = _grid(shape, block)
    blocks = values // (block[0] * block[1])
    for number in range(blocks):
        R = _at(parts, "index", number)
        if rows > R:
            yield from _read_block(shape, block, number, R, number // (blocks // columns))


def _encode_block_bitmap(mask: Mask, options: Mapping[str, Any]) -> Any:
    block = options["block"]
    rows, columns = _grid(mask.shape, block)
    blocks = [(R, C) for R in range(rows) for C in range(columns)]
    kept = [(R, C) for R, C in blocks if _has_block(mask, block, R, C)]
    bits = [int(each in kept) for each in blocks]
    return [e for R, C in kept for e in _elements(mask.shape, block, R, C)], {"mask": (1, bits)}


def _read_block_bitmap(
    shape: tuple[int, int], values: int, parts: Numbers, options: Mapping[str, Any]
) -> Any:
    rows, columns = _grid(shape, options["block"])
    number = 0
    for i in range(rows * columns):
        if parts["mask"][i]:
            yield from _read_block(shape, options["block"], number, i // columns, i % columns)
            number += 1


_ENCODE: dict[str, Any] = {
    "bitmask": _encode_bitmask,
    "block_bitmap": _encode_block_bitmap,
    "bsr": _encode_bsr,
    "coo": _encode_coo,
    "csb": _encode_banks,
    "cscb": _encode_cscb,
    "csr": _encode_csr,
    "dense": _encode_dense,
    "nm": _encode_banks,
    "rle": _encode_rle,
}
_READ: dict[str, Any] = {
    "bitmask": _read_bitmask,
    "block_bitmap": _read_block_bitmap,
    "bsr": _read_bsr,
    "coo": _read_coo,
    "csb": _read_banks,
    "cscb": _read_cscb,
    "csr": _read_csr,
    "dense": _read_dense,
    "nm": _read_banks,
    "rle": _read_rle,
}
