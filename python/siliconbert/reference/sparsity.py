"""Pruning as it is defined."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def prune(scores: npt.ArrayLike, density: float) -> npt.NDArray[np.bool_]:
    """Unstructured: the largest magnitudes survive, of equal ones the lower index."""
    values = np.asarray(scores, np.float32)
    kept = max(1, int(np.floor(density * values.size + 0.5)))
    order = np.argsort(-np.abs(values.ravel()), kind="stable")
    mask = np.zeros(values.size, bool)
    mask[order[:kept]] = True
    return mask.reshape(values.shape)
