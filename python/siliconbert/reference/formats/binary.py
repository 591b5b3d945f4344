"""One bit a weight (M. Rastegari et al., XNOR-Net, ECCV 2016, Section 3.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Binary:
    """As siliconbert.formats.Binary."""

    scale: float = 1.0
    width: int = 1


def fit(x: npt.NDArray[np.float64], fmt: Binary) -> Binary:
    """The mean magnitude; 0 for no values."""
    mean = math.fsum(np.abs(x).ravel()) / x.size if x.size else 0.0
    return replace(fmt, scale=float(np.float32(mean)))


def encode(
    x: npt.NDArray[np.float64], fmt: Binary, draws: npt.NDArray[np.float64] | None = None
) -> npt.NDArray[np.int64]:
    """1 below zero."""
    return np.asarray(x < 0, np.int64)


def decode(codes: npt.NDArray[np.int64], fmt: Binary) -> npt.NDArray[np.float32]:
    """Plus or minus the scale."""
    return np.where(codes == 0, np.float32(fmt.scale), -np.float32(fmt.scale))
