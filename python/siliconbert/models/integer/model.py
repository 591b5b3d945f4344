"""An integer model: codes, scales, and what the engine computes with."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import _core, exits, html
from siliconbert.data import Tokenizer
from siliconbert.models.engine import integer_products
from siliconbert.models.integer import scales as rules
from siliconbert.models.integer.file import write_integer
from siliconbert.models.integer.settings import MATRICES, READS, WRITES, Integer, layer_output
from siliconbert.models.sentences import Sentences, Tokens, gather, read_tokenizer
from siliconbert.models.shape import Shape
from siliconbert.models.trace import Trace


@dataclass(frozen=True, eq=False, repr=False)
class IntegerModel:
    """A BERT whose layers run on integers; embeddings and classifiers are float32.

    settings   : what is quantized
    tensors    : canonical name -> float32 of everything that is not
    codes      : "layers.0.query.weight" -> int8, "layers.0.query.bias" -> int32, and with `layer_norm` the
                 int8 codes of the norms' gains (".weight") and shifts (".bias")
    scales     : place, matrix or layer norm's parameter -> float32: one, or one a row of the matrix. A value
                 is code / scale; a layer norm's scales are powers of two
    vocabulary : the text of tokenizer.json; None where the model takes token ids only

    >>> from siliconbert.models import Model, integer_places
    >>> shape = Shape("bert", 20, 8, 1, 8, 8, 2, 16, 1, 1, 2)
    >>> sizes, draws = shape.tensors(ramps=False), np.random.default_rng(0)
    >>> weights = {name: draws.normal(size=size).astype(np.float32) for name, size in sizes.items()}
    >>> made = Model("tiny", shape, weights).integer(dict.fromkeys(integer_places(shape), 8.0))
    >>> codes = made.codes["layers.0.up.weight"]
    >>> codes.shape, codes.dtype, int(abs(codes).max())  # four bits: -7 .. 7
    ((16, 8), dtype('int8'), 7)
    """

    name: str
    shape: Shape
    settings: Integer
    tensors: Mapping[str, NDArray[np.float32]]
    codes: Mapping[str, NDArray[Any]]
    scales: Mapping[str, NDArray[np.float32]]
    vocabulary: bytes | None = None
    card: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        """One line: name, sizes, widths; the codes would fill pages."""
        settings, shape = self.settings, self.shape
        return (
            f"{type(self).__name__}({self.name!r}: {shape.layers} layers of width {shape.hidden}, "
            f"w{settings.weights}/a{settings.activations})"
        )

    def _repr_html_(self) -> str:
        settings, shape = self.settings, self.shape
        return html.record(
            f"{self.name} in integers",
            {
                "layers, width": [shape.layers, shape.hidden],
                "bits of weights, activations": [settings.weights, settings.activations],
                "scales": "8 bits" if settings.scales else "float32",
                "softmax": "a table of 256 entries" if settings.softmax else "float32",
                "layer norm": "integers" if settings.layer_norm else "float32",
                "integers": sum(codes.size for codes in self.codes.values()),
                "float32 values": sum(values.size for values in self.tensors.values()),
            },
        )

    @cached_property
    def encoder(self) -> Any:
        """The network in the core, made when first needed."""
        parts = self.parts()
        shape = self.shape.engine()
        return _core.transformer.IntegerEncoder(
            integer_products(), shape, parts["limit"], parts["largest"], parts["arrays"]
        )

    @cached_property
    def tokenizer(self) -> Tokenizer | None:
        """Text to token ids; errors: ValueError where the model's tokenizer.json cannot be read."""
        return read_tokenizer(self.vocabulary, self.name)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the outputs, as the card has them; none where it has not."""
        return self.shape.class_names(self.card)

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same integers, scales, float parts, sizes and settings only."""
        digest = hashlib.sha256(repr((self.shape, self.settings)).encode())
        for arrays in (self.tensors, self.codes, self.scales):
            for name in sorted(arrays):
                digest.update(name.encode())
                digest.update(np.ascontiguousarray(arrays[name]).tobytes())
        return digest.hexdigest()[:16]

    def tokens(self, data: Sentences, caller: str = "IntegerModel.tokens") -> Tokens:
        """The data as the engine takes it."""
        return gather(data, self.tokenizer, self.shape.positions, caller)

    def trace(
        self,
        data: Sentences,
        threads: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Trace:
        """Logits and entropy after every layer in one pass; the same bits on any processor.

        data     : labelled data, or a list of sentences, of (first, second) pairs, or of token-id lists
        threads  : None for all processors
        progress : called with the number of finished sentences now and then
        errors   : ValueError for no or empty sentences, ids outside the vocabulary, no classifier
        """
        tokens = self.tokens(data, "IntegerModel.trace")
        where = (tokens.ids, tokens.types, tokens.offsets)
        logits = self.encoder.trace(*where, threads or 0, progress)
        return Trace(
            logits,
            np.asarray(exits.entropy(logits), np.float32),
            tuple(self.encoder.exits),
            "integer",
            f"{self.name} {self.fingerprint}",
            tokens.fingerprint(),
            tokens.truncated,
        )

    def hidden(self, data: Sentences, threads: int | None = None) -> list[NDArray[np.int8]]:
        """Codes after the last layer, (tokens, hidden) for each sentence; values are code / scale."""
        tokens = self.tokens(data, "IntegerModel.hidden")
        codes = self.encoder.hidden(tokens.ids, tokens.types, tokens.offsets, threads or 0)
        return np.split(codes, tokens.offsets[1:-1])

    def save(self, path: str | Path) -> None:
        """Writes the integer model file, see models.load_integer; it appears complete or not at all."""
        write_integer(self, Path(path))

    def parts(self) -> dict[str, Any]:
        """Sizes, and every array that the arithmetic reads: codes, multipliers, tables.

        errors: ValueError naming the layer where a sum could pass 32 bits, a multiplier is out of range, or a
                scale is no scale
        """
        for name, scale in self.scales.items():
            rules.check_scale(name, scale, self.settings.scales)
        settings, shape = self.settings, self.shape
        arrays: dict[str, NDArray[Any]] = {**self.tensors, "embeddings.scale": self.scales["layer.1.input"]}
        for layer in range(shape.layers):
            arrays |= self._layer(layer)
        return {
            "layers": shape.layers,
            "heads": shape.heads,
            "epsilon": shape.epsilon,
            "limit": settings.limits[1],
            "largest": settings.most_probable,
            "arrays": arrays,
        }

    def _scale(self, name: str) -> float:
        return float(self.scales[name][0])

    def _layer(self, layer: int) -> dict[str, NDArray[Any]]:
        name, place = f"layers.{layer}", f"layer.{layer + 1}"
        limit = self.settings.limits[1]
        arrays: dict[str, NDArray[Any]] = {}
        for part in MATRICES:
            arrays |= self._matrix(f"{name}.{part}", f"{place}.{READS[part]}", f"{place}.{WRITES[part]}")
        arrays |= self._attention(name, place)
        expanded, activated = self._scale(f"{place}.expanded"), self._scale(f"{place}.activated")
        table = rules.activation_table(self.shape.activation, expanded, activated, limit)
        out = layer_output(self.shape, layer + 1)
        arrays |= {f"{name}.activation": table, f"{name}.step": 1 / self.scales[out]}
        first = (f"{place}.input", f"{place}.projected", f"{place}.attended")
        second = (f"{place}.attended", f"{place}.reduced", out)
        return arrays | self._norm(f"{name}.attention_norm", *first) | self._norm(f"{name}.norm", *second)

    def _matrix(self, name: str, reads: str, writes: str) -> dict[str, NDArray[Any]]:
        codes, bias = self.codes[f"{name}.weight"], self.codes[f"{name}.bias"]
        largest = rules.check_sums(codes, bias, self.settings.limits[1], name)
        rows = np.broadcast_to(self.scales[f"{name}.weight"].astype(np.float64), bias.shape)
        factors = self._scale(writes) / (self._scale(reads) * rows)
        return {
            f"{name}.weight": codes,
            f"{name}.bias": bias,
            f"{name}.multiplier": rules.multiplier(factors, largest, name),
        }

    def _attention(self, name: str, place: str) -> dict[str, NDArray[Any]]:
        settings, width = self.settings, self.shape.hidden // self.shape.heads
        limit, most = settings.limits[1], settings.most_probable
        largest = rules.check_sum(width * limit**2, f"{name} (scores)")
        weighted = rules.check_sum(self.shape.positions * limit * most, f"{name} (context)")
        product = self._scale(f"{place}.query") * self._scale(f"{place}.key") * math.sqrt(width)
        factor = self._scale(f"{place}.context") / (most * self._scale(f"{place}.value"))
        arrays: dict[str, NDArray[Any]] = {
            f"{name}.context.multiplier": rules.multiplier(factor, weighted, f"{name} (context)")
        }
        if not settings.softmax:
            return arrays | {f"{name}.scores.step": np.array([1 / product], np.float32)}
        scores = self._scale(f"{place}.scores")
        return arrays | {
            f"{name}.scores.multiplier": rules.multiplier(scores / product, largest, f"{name} (scores)"),
            f"{name}.exponentials": rules.exponentials(scores, most),
        }

    def _norm(self, name: str, x: str, y: str, out: str) -> dict[str, NDArray[Any]]:
        if not self.settings.layer_norm:
            return {
                f"{name}.gain": self.tensors[f"{name}.weight"],
                f"{name}.shift": self.tensors[f"{name}.bias"],
                f"{name}.steps": 1 / np.concatenate([self.scales[x], self.scales[y]]),
                f"{name}.scale": self.scales[out],
            }
        gain = self._scale(f"{name}.weight")
        shift = np.rint(
            self.codes[f"{name}.bias"] * (2.0**rules.NORM_BITS * gain / self._scale(f"{name}.bias"))
        )
        # |z| of the definition is below 2^11 sqrt(columns).
        largest = rules.check_sum(
            float(np.abs(shift).max()) + 127 * 2.0**11 * math.sqrt(self.shape.hidden), name
        )
        return {
            f"{name}.gain": self.codes[f"{name}.weight"],
            f"{name}.shift": shift.astype(np.int32),
            f"{name}.factors": rules.norm_factors(self._scale(x), self._scale(y)),
            f"{name}.multiplier": rules.multiplier(
                self._scale(out) / (gain * 2.0**rules.NORM_BITS), largest, name
            ),
        }
