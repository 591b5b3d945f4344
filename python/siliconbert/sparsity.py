"""Which weights survive: patterns, masks and densities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from siliconbert import _core

__all__ = ["Pattern", "Unstructured", "density", "prune"]


@dataclass(frozen=True)
class Unstructured:
    """Any weight may survive."""

    def _core_pattern(self) -> Any:
        return _core.sparsity.Unstructured()


Pattern = Unstructured  # a union once there are more patterns


def prune(scores: npt.ArrayLike, pattern: Pattern, density: float) -> npt.NDArray[np.bool_]:
    """Mask of the weights to keep: round(density * n) of them (a half goes up), at least one.

    scores: (rows, columns), taken as float32; the largest magnitudes survive, of equal ones the lower
    row-major index. density: kept fraction, 0 < density <= 1. Returns bool of the same shape. errors:
    ValueError.

    >>> prune([[3.0, -1.0], [0.5, -2.0]], Unstructured(), density=0.5).tolist()
    [[True, False], [False, True]]
    """
    values = np.asarray(scores, dtype=np.float32)
    if values.ndim != 2:
        raise ValueError(f"prune: scores must have 2 dimensions, got {values.ndim}")
    mask: npt.NDArray[np.bool_] = _core.sparsity.prune(values, pattern._core_pattern(), density).values()
    return mask


def density(mask: npt.ArrayLike) -> float:
    """Kept fraction of a mask, 0..1.

    >>> density([[True, False], [False, False]])
    0.25
    """
    return float(np.mean(np.asarray(mask, dtype=bool)))
