"""One bit a weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from siliconbert import _core
from siliconbert.formats.family import Floats, Format


@dataclass(frozen=True, repr=False)
class Binary(Format):
    """A sign times the mean magnitude (M. Rastegari et al., XNOR-Net, ECCV 2016, Section 3.1).

    Code 0 is +scale, for zero too; code 1 is -scale. The paper has a scale for each filter: per="row".

    >>> from siliconbert.formats import quantize
    >>> quantize([[1.0, -3.0], [0.5, 0.0]], Binary(per="row")).tolist()
    [[2.0, -2.0], [0.25, 0.25]]
    """

    family: ClassVar[str] = "binary"

    @property
    def width(self) -> int:
        """Bits of a code."""
        return 1

    @property
    def scales(self) -> Floats:
        """The scale of every parameter set: float32; empty until fitted."""
        return np.frombuffer(self.parameters or b"", "<f4")

    def _core_family(self) -> Any:
        return _core.formats.Binary()
