"""What one layer is asked to do: spans and densities in the core's words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from siliconbert._core import hardware as _core
from siliconbert.hardware.shapes import Shape

PARTS = ("qkv", "output", "ffn_up", "ffn_down")
RULES = ("paper", "window")
# Further than any two tokens of a sentence are apart.
_EVERYWHERE = 1 << 20


@dataclass(frozen=True)
class Density:
    """Kept shares of a pruned weight matrix.

    elements : of its elements, 0..1
    vectors  : of its vectors of n elements along the inputs, those with at least one kept element, 0..1

    >>> Density.random(0.5, 4).vectors
    0.9375
    """

    elements: float
    vectors: float

    @classmethod
    def random(cls, elements: float, n: int) -> Density:
        """As expected where every element is kept on its own; unstructured pruning is close to it."""
        inside = 0.0 <= elements <= 1.0
        return cls(elements, 1.0 - (1.0 - elements) ** n if inside else elements)

    @classmethod
    def of(cls, masks: ArrayLike, n: int) -> Density:
        """Of a real mask, or of several of one shape: bool or weights, (..., outputs, inputs).

        >>> Density.of([[1, 0, 0, 0], [0, 0, 0, 0]], 2)
        Density(elements=0.125, vectors=0.25)
        """
        kept = np.asarray(masks) != 0
        inputs = kept.shape[-1]
        filled = np.pad(kept, [(0, 0)] * (kept.ndim - 1) + [(0, -inputs % n)])
        vectors = filled.reshape(*filled.shape[:-1], -1, n).any(axis=-1)
        return cls(float(kept.mean()), float(vectors.mean()))


DensityLike = float | Density | Mapping[str, float | Density]


_MATRICES = {
    "qkv": ("query", "key", "value"),
    "output": ("output",),
    "ffn_up": ("up",),
    "ffn_down": ("down",),
}


def densities(model: Any, n: int, weight_set: int = 0) -> dict[str, Density]:
    """What is kept of a model's encoder matrices, from its masks, for an array of n lanes.

    model      : with the masks of pruned matrices by name, a models.Model
    weight_set : of the layer; models whose layers share their weights have one

    >>> from siliconbert import models
    >>> kept = densities(models.load("edgebert-mini/sst2"), n=16)["qkv"]
    >>> 0 < kept.elements <= kept.vectors <= 1
    True
    """
    found = {}
    for part, names in _MATRICES.items():
        masks = [model.mask(f"layers.{weight_set}.{name}.weight") for name in names]
        found[part] = Density.of(np.concatenate(masks), n)
    return found


def layer_work(
    sizes: Shape,
    n: int,
    sequence: int = 128,
    heads_off: int = 0,
    spans: Any = None,
    density: DensityLike = 1.0,
    rule: str = "paper",
    width: int = 8,
    ramp: bool = False,
) -> Any:
    """The core's LayerWork; see Accelerator.layer for the arguments."""
    if sequence < 0 or heads_off < 0:
        raise ValueError(
            f"hardware: sequence and heads_off must be at least 0, got {sequence} and {heads_off}"
        )
    if rule not in RULES:
        raise ValueError(f"hardware: rule must be one of {', '.join(RULES)}; got {rule!r}")
    return _core.LayerWork(
        tokens_attention=sequence,
        tokens_ffn=sequence,
        hidden=sizes.hidden,
        heads=sizes.heads,
        ffn=sizes.ffn,
        classes=sizes.classes if ramp else 0,
        reach=_reach(sizes, heads_off, spans),
        window=rule == "window",
        weights={part: (kept.elements, kept.vectors) for part, kept in _densities(density, n).items()},
        lanes=n,
        width=width,
    )


def _reach(sizes: Shape, heads_off: int, spans: Any) -> list[int]:
    """The largest distance that each head attends to, of the heads that are on."""
    if spans is None:
        if heads_off > sizes.heads:
            raise ValueError(f"hardware: heads_off must be in 0..{sizes.heads}, got {heads_off}")
        return [_EVERYWHERE] * (sizes.heads - heads_off)
    values = np.asarray(getattr(spans, "values", spans), np.float64)
    if heads_off or values.size != sizes.heads or not np.all(values >= 0):
        raise ValueError(
            f"hardware: spans must be one set of {sizes.heads} values of at least 0, without heads_off, "
            f"got shape {values.shape}"
        )
    ramp = float(getattr(spans, "ramp", 32.0))
    if getattr(spans, "variant", "window") != "window":
        # The mask of EdgeBERT's public code keeps a share of every key (its ramp is 256 of 128 positions).
        return [_EVERYWHERE] * int((values > 0).sum())
    return [math.ceil(z + ramp) - 1 for z in values.ravel() if z > 0]


def _densities(density: DensityLike, n: int) -> dict[str, Density]:
    if not isinstance(density, Mapping):
        return dict.fromkeys(PARTS, _kept(density, n))
    if set(density) != set(PARTS):
        raise ValueError(f"hardware: density must be given for {', '.join(PARTS)}; got {sorted(density)}")
    return {part: _kept(kept, n) for part, kept in density.items()}


def _kept(density: float | Density, n: int) -> Density:
    return density if isinstance(density, Density) else Density.random(float(density), n)
