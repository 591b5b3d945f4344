"""How surviving weights lie in memory: layouts, regions, cells, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from siliconbert import _core, catalog, formats

__all__ = ["EDGEBERT_CELLS", "Image", "layouts", "store"]

# EdgeBERT keeps values in two-bit and all else in one-bit cells (MICRO 2021, section on eNVM).
EDGEBERT_CELLS: Mapping[str, str] = MappingProxyType({"values": "rram-mlc2", "*": "rram-slc"})


@dataclass(frozen=True)
class Image:
    """A tensor as it lies in memory.

    image: the core's regions of codes, which fault models change. format: as it was stored; `load` goes by
    the parameters in the image, which faults may have changed too. layout: its name.
    """

    image: Any
    format: formats.Format
    layout: str

    @property
    def name(self) -> str:
        """The tensor's name, which keys its faults."""
        return str(self.image.tensor)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the tensor."""
        return self.image.rows, self.image.columns

    @property
    def bits(self) -> dict[str, int]:
        """Stored bits by region."""
        return {region.name: region.codes.bits for region in self.image.regions}

    @property
    def cells(self) -> dict[str, int]:
        """Memory cells by region."""
        return {region.name: region.cells for region in self.image.regions}

    @property
    def bytes(self) -> int:
        """All stored bits in bytes, rounded up once."""
        return -(-sum(self.bits.values()) // 8)

    def mask(self) -> npt.NDArray[np.bool_]:
        """Which elements the image keeps, as it now reads: bool (rows, columns)."""
        kept: npt.NDArray[np.bool_] = _core.storage.read_mask(self.image).values()
        return kept

    def stored_format(self) -> formats.Format:
        """The format by the stored parameters; a bias out of range reads as the nearest in it."""
        stored = _core.storage.region_codes(self.image, "parameters")
        return self.format._with_core(_core.formats.with_parameters(self.format._core_shape(), stored))

    def load(self) -> npt.NDArray[np.float32]:
        """The tensor as it now reads: float32 (rows, columns), zeros where pruned.

        Every image has a reading: kept values beyond the ones of a faulty mask are dropped, missing ones are
        zero.
        """
        return np.asarray(_core.storage.load(self.image, self.stored_format()._core_shape()))


def layouts() -> list[str]:
    """Names of the layouts.

    >>> layouts()
    ['bitmask', 'block_bitmap', 'bsr', 'coo', 'csb', 'cscb', 'csr', 'dense', 'nm', 'rle']
    """
    return sorted(kind.name for kind in _core.storage.layout_kinds())


def store(
    w: npt.ArrayLike,
    mask: npt.ArrayLike,
    fmt: formats.Format,
    layout: str = "bitmask",
    cells: Mapping[str, str] = EDGEBERT_CELLS,
    ecc: str | None = None,
    name: str = "w",
) -> Image:
    """Lays the kept weights out in memory cells.

    w: (rows, columns), taken as float32. mask: bool of the same shape. fmt: fitted here, on the kept weights,
    if it is not. layout: "bitmask" (regions values, mask, parameters; one mask bit an element, row-major,
    kept codes in that order) or "dense" (values, parameters; pruned elements are stored as zero). Parameters
    are the bias, 8 bits in two's complement. cells: region -> name in the cell catalogue, "*" for all others.
    A code fills cells from its first stored bit (sign, mantissa, exponent, each from its highest bit; nvmFI's
    order), levels are plain binary, and the last cell of a code takes what is left (8 bits in three-bit
    cells: 3 + 3 + 2). Mask bits that follow one another share a cell. ecc: None; there are no
    error-correcting codes yet. name: keys the faults of this tensor. errors: ValueError.

    >>> image = store([[1.0, 0.0], [0.5, 0.0]], [[True, False], [True, False]], formats.get("adaptivfloat8"))
    >>> image.bits
    {'values': 16, 'mask': 4, 'parameters': 8}
    """
    if ecc is not None:
        raise ValueError(
            f"storage.store: ecc must be None (no error-correcting code is built in), got {ecc!r}"
        )
    weights, kept = _weights_and_mask(w, mask)
    weights = np.where(kept, weights, np.float32(0))
    fitted = fmt if fmt.fitted else formats.fit(weights, fmt, kept)
    codes = formats.encode(weights, fitted, name=name)
    image = _core.storage.store(
        name,
        _core.base.Mask(kept),
        _core.base.Codes(codes.ravel(), fitted.width),
        _core.formats.parameters(fitted._core_shape()),
        _core.base.Layout(layout, {}),
        _cell_types(cells),
        {},
        {},
        fitted.bit_order(),
        fitted.fields(),
        False,
    )
    return Image(image, fitted, layout)


def _weights_and_mask(
    w: npt.ArrayLike, mask: npt.ArrayLike
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    weights = np.asarray(w, dtype=np.float32)
    kept = np.asarray(mask)
    if weights.ndim != 2:
        raise ValueError(f"storage.store: w must have 2 dimensions, got {weights.ndim}")
    if kept.dtype != np.bool_ or kept.shape != weights.shape:
        raise ValueError(
            f"storage.store: mask must be bool of shape {weights.shape}, "
            f"got {kept.dtype} of shape {kept.shape}"
        )
    return weights, kept


def _cell_types(cells: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    kinds = _core.storage.layout_kinds()
    known = {region for kind in kinds for region in kind.regions} | {"values", "parameters", "*"}
    if unknown := set(cells) - known:
        raise ValueError(
            f"storage.store: cells must name regions among {', '.join(sorted(known))}; got {min(unknown)!r}"
        )
    return {
        region: (cell, catalog.record("cells", cell, "storage.store")["bits"])
        for region, cell in cells.items()
    }
