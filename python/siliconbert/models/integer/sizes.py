"""What an integer model's numbers take in bits, part by part, and how much less that is than in float32."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import prod

from siliconbert.models.integer.settings import MATRICES, NORMS, Integer, integer_places
from siliconbert.models.shape import Shape

FLOAT_BITS = 32
BIAS_BITS = 32
PARAMETER_BITS = 8  # of a layer norm's gain or shift in integers
SCALE_BITS, EXPONENT_BITS = 8, 8  # a scale of 8 bits also needs its power of two
POINT_BITS = 8  # bits behind the point, one number a gain or shift
ENCODER = ("weights", "biases", "layer norms")


@dataclass(frozen=True)
class Part:
    """Numbers of one kind.

    values : how many a float model has; 0 where only the integer model has them
    bits   : all of them take in the integer model
    """

    values: int
    bits: int


def sizes(
    shape: Shape, settings: Integer | None = None, embedding_bits: int = FLOAT_BITS, ramps: bool = False
) -> dict[str, Part]:
    """Name -> part, of everything an integer model needs; None for w4/a8.

    weights, biases, layer norms : of the layers, what FQ-BERT's 7.94x counts
    scales      : of matrices or rows, activations and layer norms' parameters; multipliers and the tables of
                  exponentials and activations follow from them and are not counted
    embeddings  : word, position and type table and their layer norm, `embedding_bits` a number
    classifiers : pooler and classifier, with `ramps` those of every layer, in float32
    errors      : ValueError for a shape that is no bert

    >>> base = Shape("bert", 30522, 512, 2, 768, 768, 12, 3072, 12, 12, 2)
    >>> {name: part.values for name, part in sizes(base).items() if name in ENCODER}
    {'weights': 84934656, 'biases': 82944, 'layer norms': 36864}
    """
    if shape.model_type != "bert":
        raise ValueError(f"sizes: shape must be of a bert, got {shape.model_type}")
    settings = settings or Integer()
    counts = {name: prod(size) for name, size in shape.tensors(ramps).items()}
    layers = {name: count for name, count in counts.items() if name.startswith("layers.")}
    norms = _sum(layers, [f".{norm}.{part}" for norm in NORMS for part in ("weight", "bias")])
    biases = _sum(layers, [f".{name}.bias" for name in MATRICES])
    weights = sum(layers.values()) - norms - biases
    tables = sum(count for name, count in counts.items() if name.startswith("embeddings."))
    return {
        "weights": Part(weights, settings.weights * weights),
        "biases": Part(biases, BIAS_BITS * biases),
        "layer norms": Part(norms, (PARAMETER_BITS if settings.layer_norm else FLOAT_BITS) * norms),
        "scales": Part(0, _scale_bits(shape, settings, biases)),
        "embeddings": Part(tables, embedding_bits * tables),
        "classifiers": _floats(sum(counts.values()) - sum(layers.values()) - tables),
    }


def compression(parts: dict[str, Part], counted: Collection[str] = ENCODER) -> float:
    """How many times fewer bits the counted parts take than in float32.

    errors : ValueError listing the parts, for others
    """
    if odd := [name for name in counted if name not in parts]:
        raise ValueError(f"compression: counted must be among {', '.join(parts)}; got {odd[0]!r}")
    chosen = [parts[name] for name in counted]
    return FLOAT_BITS * sum(part.values for part in chosen) / sum(part.bits for part in chosen)


def _sum(counts: dict[str, int], ends: list[str]) -> int:
    return sum(count for name, count in counts.items() if name.endswith(tuple(ends)))


def _floats(count: int) -> Part:
    return Part(count, FLOAT_BITS * count)


def _scale_bits(shape: Shape, settings: Integer, rows: int) -> int:
    """A matrix has as many rows as biases."""
    matrices = rows if settings.per_channel else len(MATRICES) * shape.layers
    scales = matrices + len(integer_places(shape))
    points = 2 * len(NORMS) * shape.layers if settings.layer_norm else 0
    return (SCALE_BITS + EXPONENT_BITS if settings.scales else FLOAT_BITS) * scales + POINT_BITS * points
