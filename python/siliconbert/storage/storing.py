"""From weights and a mask to an image in memory cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from siliconbert import _core, catalog, formats
from siliconbert.arrays import as_array
from siliconbert.storage.ecc import ecc_codes
from siliconbert.storage.image import Image
from siliconbert.storage.layout import LayoutLike, as_layout

__all__ = ["EDGEBERT_CELLS", "regions", "store"]

# EdgeBERT keeps values in two-bit and all else in one-bit cells (MICRO 2021, section on eNVM).
EDGEBERT_CELLS: Mapping[str, str] = MappingProxyType({"values": "rram-mlc2", "*": "rram-slc"})

_FIELDS = ("sign", "exponent", "mantissa")
_PLANES = tuple(f"values.{field}" for field in _FIELDS)


def regions() -> list[str]:
    """Names that `cells`, `gray` and `ecc` of `store` may use.

    >>> regions()[:3]
    ['*', 'count', 'index']
    """
    structure = {region for kind in _core.storage.layout_kinds() for region in kind.regions}
    return sorted({"*", "values", *_PLANES, "index", *structure, "parameters"})


def store(
    w: npt.ArrayLike,
    mask: npt.ArrayLike,
    fmt: formats.Format,
    layout: LayoutLike = "bitmask",
    cells: Mapping[str, str] = EDGEBERT_CELLS,
    ecc: str | Mapping[str, str | None] | None = None,
    name: str = "w",
    *,
    gray: bool | Mapping[str, bool] = False,
    order: str | Sequence[int] | None = None,
    seed: int = 0,
) -> Image:
    """Lays the kept weights out in memory cells.

    w      : (rows, columns), taken as float32
    mask   : bool of the same shape
    fmt    : fitted here, on the kept weights, if it is not
    layout : name, storage.layout(name, ...) or a mapping {"name": ..., option: ...}; see storage.layout.
             Region "values" holds the codes; "mask", "index" (of coo "index.row" and "index.column"),
             "pointer" and "count" say where they belong, as the layout needs; "parameters" holds the format's
             (none for formats without)
    cells  : region -> name in the cell catalogue. A region that is not named takes what is named for the part
             of its name before the last dot, then "*". Where a plane is named, "values.sign",
             "values.exponent" or "values.mantissa", the bits of each code lie in up to three regions
    ecc    : code that protects every region, or region -> code or None, found as cells are; see ecc_codes.
             The check bits of region R are region "R.check", in R's kind of cell unless cells names it
    name   : keys the faults of this tensor
    gray   : whether a cell's bits are its level's Gray number instead of its binary one, or region -> whether
    order  : how a value's bits fill its cells: "sign-mantissa-exponent" (None; nvmFI's order),
             "sign-exponent-mantissa", each from its highest bit, or all bits of a code (0 = lowest) in order.
             Planes, indices, pointers and check bits go from the highest bit down
    seed   : of stochastic rounding
    errors : ValueError, also where a mask does not fit the layout, with the row or column that does not

    The last cell of a code takes what is left (8 bits in three-bit cells: 3 + 3 + 2). The mask's bits (and
    parity bits) that follow one another share a cell.

    >>> image = store([[1.0, 0.0], [0.5, 0.0]], [[True, False], [True, False]], formats.get("adaptivfloat8"))
    >>> image.bits
    {'values': 16, 'mask': 4, 'parameters': 8}
    >>> planes = {"values.sign": "rram-slc", "values": "rram-mlc3", "*": "rram-slc"}
    >>> store([[1.0, 0.5]], [[True, True]], formats.get("adaptivfloat8"), "dense", planes).cells
    {'values.sign': 2, 'values.exponent': 4, 'values.mantissa': 2, 'parameters': 8}
    """
    weights, kept = _weights_and_mask(w, mask)
    weights = np.where(kept, weights, np.float32(0))
    fitted = fmt if fmt.fitted else formats.fit(weights, fmt, kept)
    codes = formats.encode(weights, fitted, seed=seed, name=name)
    grays = {"*": gray} if isinstance(gray, bool) else gray
    eccs = {} if ecc is None else {"*": ecc} if isinstance(ecc, str) else ecc
    _check_names(cells, "cells", check_bits=True)
    _check_names(grays, "gray", check_bits=True)
    _check_names(eccs, "ecc", check_bits=False)
    planes = bool({*cells, *grays, *eccs} & set(_PLANES))
    core = _core.storage.store(
        name,
        _core.base.Mask(kept),
        _core.base.Codes(codes.ravel(), fitted.width),
        _core.formats.parameters(fitted._core_shape()),
        as_layout(layout)._core_layout(),
        {region: _cell(cell) for region, cell in cells.items()},
        {region: bool(on) for region, on in grays.items()},
        {region: _code(code) for region, code in eccs.items()},
        _bit_order(fitted, order, planes),
        fitted.fields(),
        planes,
    )
    image = Image(core, fitted, int(kept.sum()))
    _check_zeros(image, kept)
    return image


def _weights_and_mask(
    w: npt.ArrayLike, mask: npt.ArrayLike
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    weights = as_array(w, np.float32)
    kept = as_array(mask)
    if weights.ndim != 2:
        raise ValueError(f"storage.store: w must have 2 dimensions, got {weights.ndim}")
    if kept.dtype != np.bool_ or kept.shape != weights.shape:
        raise ValueError(
            f"storage.store: mask must be bool of shape {weights.shape}, "
            f"got {kept.dtype} of shape {kept.shape}"
        )
    return weights, kept


def _check_names(by_region: Mapping[str, Any], argument: str, check_bits: bool) -> None:
    if not isinstance(by_region, Mapping):
        raise ValueError(f"storage.store: {argument} must map regions, got {by_region!r}")
    known = regions()
    all_known = {*known, *(f"{region}.check" for region in known if check_bits and region != "*")}
    if unknown := set(map(str, by_region)) - all_known:
        raise ValueError(
            f"storage.store: {argument} must name regions among {', '.join(known)}"
            f"{' (or their check bits, values.check say)' if check_bits else ''}; got {min(unknown)!r}"
        )


def _cell(name: str) -> tuple[str, int]:
    return name, catalog.record("cells", str(name), "storage.store")["bits"]


def _code(name: str | None) -> str:
    if name is not None and (not isinstance(name, str) or name not in ecc_codes()):
        raise ValueError(f"storage.store: ecc must be one of {', '.join(ecc_codes())}; got {name!r}")
    return name or ""


def _bit_order(fmt: formats.Format, order: str | Sequence[int] | None, planes: bool) -> list[int]:
    if order is None:
        return fmt.bit_order()
    if planes:
        raise ValueError(
            f"storage.store: order must be None where planes have cells of their own, got {order!r}"
        )
    if not isinstance(order, str):
        return list(order)
    fields = fmt.fields()
    orders = {
        "-".join(names): [bit for field in names for bit in fields.get(field, [])]
        for names in (("sign", "mantissa", "exponent"), _FIELDS)
    }
    if order not in orders:
        raise ValueError(
            f"storage.store: order must be one of {', '.join(orders)} or the bits of a code, got {order!r}"
        )
    return orders[order]


def _check_zeros(image: Image, kept: npt.NDArray[np.bool_]) -> None:
    """Pruned elements that the layout stores must read as zero."""
    if image.padding and image.load()[~kept].any():
        raise ValueError(
            f"storage.store: layout {image.layout.name} stores zeros for pruned weights, which format "
            f"{image.format} does not have"
        )
