"""A tensor as it lies in memory, and what it reads as."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from siliconbert import _core, formats, html
from siliconbert.storage.layout import Layout, from_core

__all__ = ["Image", "repair_kinds"]


@dataclass(frozen=True)
class Image:
    """A tensor as it lies in memory.

    image: the core's regions of codes, which fault models change. format: as it was stored; `load` goes by
    the parameters in the image, which faults may have changed too. kept: weights that its mask kept.

    What is read, is read through the error-correcting codes: a word that its code can correct counts as
    corrected, one with a detected error that it cannot correct stays as it was read. Then every image has a
    reading, whatever faults left: `repairs` counts what had to be repaired.

    >>> import numpy as np
    >>> from siliconbert import formats, storage
    >>> w = np.ones((8, 8), np.float32)
    >>> image = storage.store(w, w > 0, formats.get("adaptivfloat8"), "bitmask", cells={"*": "rram-mlc2"})
    >>> image.bits, image.cells["values"], image.bytes
    ({'values': 512, 'mask': 64, 'parameters': 8}, 256, 73)
    >>> bool((image.load() == w).all())
    True
    """

    image: Any
    format: formats.Format
    kept: int

    @property
    def name(self) -> str:
        """The tensor's name, which keys its faults."""
        return str(self.image.tensor)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the tensor."""
        return self.image.rows, self.image.columns

    @property
    def layout(self) -> Layout:
        """The layout with all its options."""
        return from_core(self.image.layout)

    @property
    def bits(self) -> dict[str, int]:
        """Stored bits by region, those of check bits too. A region of no bits is left out."""
        return {region.name: region.codes.bits for region in self.image.regions}

    @property
    def cells(self) -> dict[str, int]:
        """Memory cells by region."""
        return {region.name: region.cells for region in self.image.regions}

    @property
    def bytes(self) -> int:
        """All stored bits in bytes, rounded up once."""
        return -(-sum(self.bits.values()) // 8)

    @property
    def padding(self) -> int:
        """Stored values beyond the kept ones: zeros that the layout needs."""
        return int(_core.storage.stored_values(self.image)) - self.kept

    @property
    def repairs(self) -> dict[str, int]:
        """What had to be repaired to read the image, kind -> count; see repair_kinds."""
        return dict(_core.storage.repairs(self._read()))

    @property
    def ecc(self) -> dict[str, dict[str, int]]:
        """Words of each protected region that its code corrected, and those where it only saw an error.

        Which corrections were wrong only the events can tell: after_ecc.
        """
        counts = _core.storage.corrected(self.image)[1]
        return {region: {k: words[k] for k in ("corrected", "detected")} for region, words in counts.items()}

    def corrected(self) -> Image:
        """The image as its error-correcting codes read it; itself where it has none."""
        return replace(self, image=self._read())

    def mask(self) -> npt.NDArray[np.bool_]:
        """Which elements have a stored value, as the image now reads: bool (rows, columns).

        Layouts that store zeros have values for pruned elements too.
        """
        held: npt.NDArray[np.bool_] = _core.storage.read_mask(self._read()).values()
        return held

    def stored_format(self) -> formats.Format:
        """The format by the stored parameters; a bias out of range reads as the nearest in it."""
        return self._format_in(self._read())

    def load(self) -> npt.NDArray[np.float32]:
        """The tensor as it now reads: float32 (rows, columns), zeros where no value is stored."""
        read = self._read()
        return np.asarray(_core.storage.load(read, self._format_in(read)._core_shape()))

    def _repr_html_(self) -> str:
        rows = [
            (region.name, region.codes.bits, region.cells, region.map.cell, region.ecc)
            for region in self.image.regions
        ]
        size = f"{self.shape[0]:,} x {self.shape[1]:,}, {self.kept:,} kept; {self.bytes:,} bytes"
        return html.table(
            f"{self.name} as {self.layout.name}",
            ("region", "bits", "cells", "kind of cell", "code"),
            rows,
            f"{size}; {self.format}",
        )

    def _read(self) -> Any:
        if not any(region.ecc for region in self.image.regions):
            return self.image
        return _core.storage.corrected(self.image)[0]

    def _format_in(self, image: Any) -> formats.Format:
        if "parameters" not in self.bits:
            return self.format
        stored = _core.storage.region_codes(image, "parameters")
        return self.format._with_core(_core.formats.with_parameters(self.format._core_shape(), stored))


def repair_kinds() -> dict[str, str]:
    """What the counts of Image.repairs mean.

    >>> repair_kinds()["index_outside"]
    'values or blocks whose index lies outside the matrix: dropped'
    """
    return dict(_core.storage.repair_kinds())
