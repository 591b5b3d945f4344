"""The sizes of a network, and from them the name and shape of every tensor it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MODEL_TYPES = ("albert", "bert")
ACTIVATIONS = ("gelu", "gelu_new", "relu")
DECODERS = ("", "causal", "unmasked")
_SIZES = ("vocabulary", "positions", "types", "embedding", "hidden", "heads", "ffn", "layers", "groups")
# Far above any published model: a file that claims more is refused before anything is allocated.
_LARGEST_SIZE = 1 << 24
# Layers may share their weights, so no file's length bounds their number.
_MOST_LAYERS = 1 << 10


@dataclass(frozen=True)
class Shape:
    """Sizes of a BERT or ALBERT encoder.

    groups     : sets of layer weights; layer l (1-based) uses set (l - 1) * groups // layers
    classes    : outputs of the classifiers, 0 where there is none
    activation : "gelu" (by erf), "gelu_new" (by tanh) or "relu"
    epsilon    : of the layer norms
    decoder    : "" for none. A language model has one, onto the vocabulary, at every place: "causal" where a
                 place sees the words up to its own, "unmasked" where it sees them all
    errors     : ValueError naming the field

    >>> Shape("bert", 90, 40, 2, 16, 16, 4, 64, 1, 1, 2).tensors(ramps=False)["layers.0.up.weight"]
    (64, 16)
    """

    model_type: str
    vocabulary: int
    positions: int
    types: int
    embedding: int
    hidden: int
    heads: int
    ffn: int
    layers: int
    groups: int
    classes: int
    activation: str = "gelu"
    epsilon: float = 1e-12
    decoder: str = field(default="", repr=False)  # fingerprints of other models do not know it

    def __post_init__(self) -> None:
        """Refuses sizes that do not fit together."""
        self._check_choices()
        self._check_sizes()
        _require(self.hidden % self.heads == 0, "heads must divide hidden", f"{self.heads} and {self.hidden}")
        _require(
            self.layers % self.groups == 0, "groups must divide layers", f"{self.groups} and {self.layers}"
        )
        if self.model_type == "bert":
            _require(self.embedding == self.hidden, "embedding must equal hidden in a bert", self.embedding)
            _require(self.groups == self.layers, "groups must equal layers in a bert", self.groups)

    def _check_choices(self) -> None:
        _require(
            self.model_type in MODEL_TYPES,
            f"model_type must be one of {', '.join(MODEL_TYPES)}",
            self.model_type,
        )
        _require(
            self.activation in ACTIVATIONS,
            f"activation must be one of {', '.join(ACTIVATIONS)}",
            self.activation,
        )
        _require(
            self.decoder in DECODERS,
            f"decoder must be one of {', '.join(map(repr, DECODERS))}",
            self.decoder,
        )
        _require(not (self.decoder and self.classes), "a language model must have 0 classes", self.classes)
        small = isinstance(self.epsilon, float) and 0 < self.epsilon < 1
        _require(small, "epsilon must be a number above 0 and below 1", self.epsilon)

    def _check_sizes(self) -> None:
        for name, least in [*((name, 1) for name in _SIZES), ("classes", 0)]:
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            most = _MOST_LAYERS if name == "layers" else _LARGEST_SIZE
            _require(
                whole and least <= value <= most,
                f"{name} must be an integer in {least}..{most}",
                value,
            )

    def plain(self) -> dict[str, Any]:
        """The fields; a decoder only where there is one."""
        found = asdict(self)
        return found if self.decoder else {name: x for name, x in found.items() if name != "decoder"}

    def engine(self) -> dict[str, Any]:
        """What the core's Encoder takes as its shape."""
        sizes = asdict(self)
        del sizes["model_type"]
        return sizes | {"causal": sizes.pop("decoder") == "causal"}

    def tensors(self, ramps: bool, linear: bool = False) -> dict[str, tuple[int, ...]]:
        """Canonical name -> shape of every tensor; matrices are (outputs, inputs).

        ramps  : whether there is a classifier after every layer, not only after the last
        linear : whether those before the last are linear, without a pooler
        """
        wide = {"hidden": self.hidden, "ffn": self.ffn}
        found = dict(self._embeddings())
        for group in range(self.groups):
            for name, out, inside in _LAYER:
                found |= _linear(f"layers.{group}.{name}", wide[out], wide[inside])
            for name in ("attention_norm", "norm"):
                found |= _pair(f"layers.{group}.{name}", (self.hidden,), self.hidden)
        for place in self.classifiers(ramps):
            if place == "main" or not linear:
                found |= _linear(f"{place}.pooler", self.hidden, self.hidden)
            found |= _linear(f"{place}.classifier", self.classes, self.hidden)
        return found | (_linear("decoder", self.vocabulary, self.hidden) if self.decoder else {})

    def classifiers(self, ramps: bool) -> list[str]:
        """The classifiers' names, first layer first; the last is `main`."""
        if not self.classes:
            return []
        return [*(f"ramps.{layer}" for layer in range(1, self.layers if ramps else 1)), "main"]

    def class_names(self, card: Mapping[str, Any]) -> tuple[str, ...]:
        """The names of the outputs, as a model's card has them; none where it has not."""
        names = card.get("classes")
        if not isinstance(names, list) or len(names) != self.classes:
            return ()
        return tuple(map(str, names))

    def places(self) -> list[str]:
        """Names of the places where activations enter a product, whether or not there are ramps."""
        layers = range(1, self.layers + 1)
        inside = [f"layer.{layer}.{place}" for layer in layers for place in _PLACES]
        heads = [*(f"ramp.{layer}" for layer in range(1, self.layers)), "main"]
        return [
            "embeddings",
            *inside,
            *(f"{head}.{place}" for head in heads for place in ("token", "pooled")),
        ]

    def _embeddings(self) -> dict[str, tuple[int, ...]]:
        rows = {"word": self.vocabulary, "position": self.positions, "type": self.types}
        found: dict[str, tuple[int, ...]] = {
            f"embeddings.{name}": (count, self.embedding) for name, count in rows.items()
        }
        found |= _pair("embeddings.norm", (self.embedding,), self.embedding)
        if self.model_type == "albert":
            found |= _linear("embeddings.projection", self.hidden, self.embedding)
        return found


_LAYER = (
    ("query", "hidden", "hidden"),
    ("key", "hidden", "hidden"),
    ("value", "hidden", "hidden"),
    ("output", "hidden", "hidden"),
    ("up", "ffn", "hidden"),
    ("down", "hidden", "ffn"),
)

_PLACES = ("input", "query", "key", "value", "probabilities", "context", "attended", "activated")


def _linear(name: str, outputs: int, inputs: int) -> dict[str, tuple[int, ...]]:
    return _pair(name, (outputs, inputs), outputs)


def _pair(name: str, weight: tuple[int, ...], bias: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": weight, f"{name}.bias": (bias,)}


def _require(holds: bool, rule: str, got: object) -> None:
    if not holds:
        raise ValueError(
            f"Shape: {rule}, got {got if isinstance(got, str) and got.isprintable() else repr(got)}"
        )
