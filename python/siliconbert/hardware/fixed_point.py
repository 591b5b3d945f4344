"""The special function unit's arithmetic of 16 bits, on rows of float32: what it makes of them.

Values are Q6.10 (10 fraction bits, -32 to just below 32), saturated; 2^x, log2 and 1/sqrt are straight lines
between 4, 8 and 12 points. models.Model.with_sfu runs a whole model so.
source: edgebert_code, Spec.h, SMax.h, LayerNorm.h, Enpy.h; the lines' ends are ours, on the functions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert import _core

__all__ = ["entropy", "layer_norm", "softmax", "window"]

Floats = NDArray[np.float32]


def softmax(x: ArrayLike) -> Floats:
    """Softmax of every row, (rows, values) float32, without a division: e^(x - max - ln sum e^(x - max)).

    >>> softmax([[0.0, 0.0]]).tolist()
    [[0.5, 0.5]]
    """
    return np.asarray(_core.transformer.fixed_point.softmax(x))


def window(x: ArrayLike, weights: ArrayLike, renormalise: bool = False) -> Floats:
    """Probabilities times a span's weights of the same shape; EdgeBERT's unit does not renormalise.

    >>> window([[0.5, 0.5]], [[1.0, 0.0]]).tolist()
    [[0.5, 0.0]]
    """
    return np.asarray(_core.transformer.fixed_point.window(x, weights, renormalise))


def layer_norm(x: ArrayLike, gain: ArrayLike, shift: ArrayLike) -> Floats:
    """Layer norm of every row, variance as E[x^2] - E[x]^2 and no epsilon.

    x : (N, width), float32; gain, shift : (width,)

    >>> layer_norm([[1.0, -1.0]], [1, 1], [0, 0]).tolist()
    [[1.0, -1.0]]
    """
    return np.asarray(_core.transformer.fixed_point.layer_norm(x, gain, shift))


def entropy(logits: ArrayLike) -> Floats:
    """Entropy of every row of logits, natural logarithm.

    >>> entropy([[3.0, 3.0]]).tolist()
    [0.693359375]
    """
    return np.asarray(_core.transformer.fixed_point.entropy(logits))
