"""The sizes of a network that its cost depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from siliconbert import catalog


@dataclass(frozen=True)
class Shape:
    """The sizes of an encoder that its cost depends on; classes of its exit classifiers.

    >>> from siliconbert.hardware import shape
    >>> shape("albert-base").layers, shape("albert-base").hidden
    (12, 768)
    """

    hidden: int
    ffn: int
    heads: int
    layers: int
    classes: int = 2


def shape(model: Any) -> Shape:
    """The shape of a model: a catalogue name, a mapping, or an object with hidden, ffn, heads and layers.

    An object may carry them in its attribute `shape`. `classes` is 2 where it is not given.
    errors: ValueError listing the known names, or naming the size that lacks

    >>> shape("albert-base").ffn
    3072
    """
    if isinstance(model, Shape):
        return model
    if isinstance(model, str):
        model = catalog.record("models", model, "hardware.shape")
    elif not isinstance(model, Mapping) and hasattr(model, "shape"):
        model = model.shape
    sizes = {key: _size(model, key) for key in ("hidden", "ffn", "heads", "layers", "classes")}
    if missing := [key for key, size in sizes.items() if size is None]:
        raise ValueError(
            f"hardware.shape: model must have hidden, ffn, heads and layers, got no {missing[0]}"
        )
    return Shape(**{key: int(size) for key, size in sizes.items() if size is not None})


def _size(model: Any, key: str) -> int | None:
    default = 2 if key == "classes" else None
    size = model.get(key, default) if isinstance(model, Mapping) else getattr(model, key, default)
    return size.value if isinstance(size, catalog.Quantity) else size


def layers_run(sizes: Shape, exit_layer: int | None, caller: str) -> tuple[int, int]:
    """How many layers with an exit classifier, and how many without, a sentence runs.

    exit_layer : 1..L, a classifier after every layer; None: all layers and the main classifier
    """
    if exit_layer is None:
        return 1, sizes.layers - 1
    if not 1 <= exit_layer <= sizes.layers:
        raise ValueError(f"{caller}: exit_layer must be in 1..{sizes.layers}, got {exit_layer}")
    return exit_layer, 0
