"""Which parts of a network are integers, and the places whose activations have a scale."""

from __future__ import annotations

from dataclasses import dataclass

from siliconbert.models.shape import Shape

MATRICES = ("query", "key", "value", "output", "up", "down")
NORMS = ("attention_norm", "norm")
# The places of a layer that its matrices read and write.
READS = dict(zip(MATRICES, ("input", "input", "input", "context", "attended", "activated"), strict=True))
WRITES = dict(zip(MATRICES, ("query", "key", "value", "projected", "expanded", "reduced"), strict=True))
_PLACES = (
    "input",
    "query",
    "key",
    "value",
    "scores",
    "context",
    "projected",
    "attended",
    "expanded",
    "activated",
    "reduced",
)


@dataclass(frozen=True)
class Integer:
    """What is quantized, step after step as in FQ-BERT's Table II; what is not is float32.

    weights, activations : widths in bits, 2..8
    scales               : whether every scale has 8 bits (a mantissa and a power of two), else float32
    softmax              : whether the softmax runs on integers and a table of 256 entries
    layer_norm           : whether the layer norms run on integers with 8-bit parameters
    per_channel          : whether every row of a weight matrix has a scale of its own
    errors               : ValueError naming the field

    >>> Integer(weights=8, softmax=False).limits
    (127, 127)
    """

    weights: int = 4
    activations: int = 8
    scales: bool = True
    softmax: bool = True
    layer_norm: bool = True
    per_channel: bool = False

    def __post_init__(self) -> None:
        """Refuses other widths and flags that are neither true nor false."""
        for name in ("weights", "activations"):
            width = getattr(self, name)
            if type(width) is not int or not 2 <= width <= 8:
                raise ValueError(f"Integer: {name} must be an integer in 2..8, got {width!r}")
        for name in ("scales", "softmax", "layer_norm", "per_channel"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"Integer: {name} must be true or false, got {getattr(self, name)!r}")

    @property
    def limits(self) -> tuple[int, int]:
        """The largest codes of weights and of activations."""
        return 2 ** (self.weights - 1) - 1, 2 ** (self.activations - 1) - 1

    @property
    def most_probable(self) -> int:
        """The code of probability 1."""
        return int(2**self.activations - 1)


def integer_places(shape: Shape) -> list[str]:
    """Names of the places whose activations have a scale: "layer.1.scores" and so on, last "main.token".

    >>> integer_places(Shape("bert", 90, 40, 2, 16, 16, 4, 64, 1, 1, 2))[-2:]
    ['layer.1.reduced', 'main.token']
    """
    layers = range(1, shape.layers + 1)
    return [*(f"layer.{layer}.{place}" for layer in layers for place in _PLACES), "main.token"]


def layer_output(shape: Shape, layer: int) -> str:
    """The place of the output of a layer, 1-based; of the embeddings for layer 0."""
    return "main.token" if layer == shape.layers else f"layer.{layer + 1}.input"
