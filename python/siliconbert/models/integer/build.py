"""From a float model and the largest activations to an integer model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from siliconbert.models.integer import scales as rules
from siliconbert.models.integer.model import IntegerModel
from siliconbert.models.integer.settings import MATRICES, NORMS, READS, Integer, integer_places
from siliconbert.models.shape import Shape

if TYPE_CHECKING:
    from siliconbert.models.model import Model


def build(
    model: Model, largest: Mapping[str, float], settings: Integer, clip: Mapping[str, float] | None
) -> IntegerModel:
    """See Model.integer."""
    _check_model(model)
    _check_largest(largest, model.shape)
    clip = dict(clip or {})
    matrices = [f"layers.{layer}.{name}" for layer in range(model.shape.layers) for name in MATRICES]
    if unknown := set(clip) - {f"{name}.weight" for name in matrices}:
        raise ValueError(f"Model.integer: clip must name matrices of layers, got {min(unknown)!r}")
    limit = settings.limits[1]
    scales = {
        place: rules.scale_of(largest[place], limit, settings.scales) for place in integer_places(model.shape)
    }
    codes: dict[str, NDArray[Any]] = {}
    for name in matrices:
        _matrix(model, name, settings, clip.get(f"{name}.weight"), codes, scales)
    norms = [f"layers.{layer}.{name}" for layer in range(model.shape.layers) for name in NORMS]
    for name in (f"{norm}.{part}" for norm in norms if settings.layer_norm for part in ("weight", "bias")):
        codes[name], bits = rules.fixed_point(model.tensors[name])
        scales[name] = np.array([2.0**bits], np.float32)
    kept = {name: values for name, values in model.tensors.items() if name not in codes}
    built = IntegerModel(
        model.name, model.shape, settings, kept, codes, scales, model.vocabulary, dict(model.card)
    )
    built.parts()
    return built


def _matrix(
    model: Model,
    name: str,
    settings: Integer,
    clip: float | None,
    codes: dict[str, NDArray[Any]],
    scales: dict[str, NDArray[np.float32]],
) -> None:
    weight = model.tensors[f"{name}.weight"]
    largest = np.abs(weight).max(axis=1) if settings.per_channel else np.abs(weight).max(keepdims=True)[0]
    if clip is not None:
        if not (math.isfinite(clip) and clip > 0):
            raise ValueError(f"Model.integer: clip of {name}.weight must be above 0, got {clip!r}")
        largest = np.minimum(largest, clip)
    scale = rules.scale_of(largest, settings.limits[0], settings.scales)
    codes[f"{name}.weight"] = rules.encode(weight, scale, settings.limits[0])
    scales[f"{name}.weight"] = scale
    layer, part = name.removeprefix("layers.").split(".")
    reads = scales[f"layer.{int(layer) + 1}.{READS[part]}"].astype(np.float64)
    bias = np.rint(model.tensors[f"{name}.bias"].astype(np.float64) * reads * scale.astype(np.float64))
    rules.check_sum(float(np.abs(bias).max()), name)
    codes[f"{name}.bias"] = bias.astype(np.int32)


def _check_model(model: Model) -> None:
    if model.shape.model_type != "bert":
        raise ValueError(f"Model.integer: the model must be a bert, got {model.shape.model_type}")
    if model.shape.decoder:
        raise ValueError("Model.integer: the model must be a classifier, got a language model")
    if model.spans is not None or model.sfu:
        raise ValueError("Model.integer: the model must have no attention spans and not the 16-bit unit")


def _check_largest(largest: Mapping[str, float], shape: Shape) -> None:
    places = integer_places(shape)
    if odd := set(largest) ^ set(places):
        raise ValueError(
            f"Model.integer: largest must name the places of this shape and no other, look at {min(odd)!r}"
        )
    for place in places:
        if not (math.isfinite(largest[place]) and largest[place] > 0):
            raise ValueError(
                f"Model.integer: largest of {place} must be finite and above 0, got {largest[place]!r} "
                "(calibrated on no sentences?)"
            )
