"""The integer model file: one .safetensors of integer codes and their scales.

Tensors that are not quantized are float32 under their own names. `NAME.codes` holds integers: a matrix row by
row, int8, or two codes a byte where they have at most 4 bits (uint8, the earlier in the lower half, each plus
8, a last half empty 0); a bias int32; a layer norm's parameter int8. `NAME.scale` is float32, one number or
one a row, of a matrix, of a layer norm's parameter, or of a place of activations. `tokenizer.json.zlib` is
that file, deflated. The metadata entry `siliconbert.integer` is a JSON object: version, shape, ramps,
linear_ramps, settings, card.
"""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from siliconbert.models.compressed import TOKENIZER, read_shape, stored_tokenizer
from siliconbert.models.integer.settings import MATRICES, NORMS, Integer, integer_places
from siliconbert.models.jsonfile import Config, parse_json
from siliconbert.models.shape import Shape
from siliconbert.models.tensorfile import INTEGER_KEY, TensorFile, open_tensors, write_tensors

if TYPE_CHECKING:
    from siliconbert.models.integer.model import IntegerModel

VERSION = 1


@dataclass(frozen=True, eq=False)
class Contents:
    """What a file holds; the fields are IntegerModel's."""

    shape: Shape
    settings: Integer
    tensors: dict[str, NDArray[np.float32]]
    codes: dict[str, NDArray[Any]]
    scales: dict[str, NDArray[np.float32]]
    vocabulary: bytes | None
    card: dict[str, Any]


def write_integer(model: IntegerModel, path: Path) -> None:
    """Writes the model; the file appears complete or not at all."""
    arrays: dict[str, NDArray[Any]] = dict(model.tensors)
    for name, codes in model.codes.items():
        arrays[f"{name}.codes"] = _packed(codes, model.settings) if codes.ndim == 2 else codes
    arrays |= {f"{name}.scale": scale for name, scale in model.scales.items()}
    if model.vocabulary is not None:
        arrays[TOKENIZER] = np.frombuffer(zlib.compress(model.vocabulary, 9), np.uint8)
    record = {
        "version": VERSION,
        "shape": asdict(model.shape),
        "ramps": "ramps.1.classifier.weight" in model.tensors,
        "linear_ramps": "ramps.1.classifier.weight" in model.tensors
        and "ramps.1.pooler.weight" not in model.tensors,
        "settings": asdict(model.settings),
        "card": dict(model.card),
    }
    write_tensors(path, arrays, {INTEGER_KEY: json.dumps(record, allow_nan=False)})


def read_integer(path: Path) -> Contents:
    """The model in the file; nothing in it is trusted.

    errors: ValueError with one sentence that names the file and the tensor or key
    """
    file = open_tensors(path)
    if INTEGER_KEY not in file.metadata:
        raise ValueError(
            f"{path}: not an integer model, its metadata has no entry {INTEGER_KEY} (a float model?)"
        )
    record = parse_json(f"{path}: metadata", file.metadata[INTEGER_KEY].encode())
    record.only("version", "shape", "ramps", "linear_ramps", "settings", "card")
    record.require(record.values.get("version") == VERSION, "version", f"{VERSION}")
    for key in ("ramps", "linear_ramps"):
        record.require(isinstance(record.values.get(key), bool), key, "true or false")
    shape, settings = read_shape(record.part("shape")), _settings(record.part("settings"))
    if shape.model_type != "bert" or shape.decoder:
        raise ValueError(f"{path}: its shape must be a bert classifier's, got {shape.model_type}")
    reader = _Reader(file, shape, settings)
    wanted = shape.tensors(record.values["ramps"], record.values["linear_ramps"])
    reader.read(wanted)
    if unknown := set(file.entries) - reader.known:
        raise ValueError(f"{path}: tensor {min(unknown)} does not belong to this model")
    return Contents(
        shape,
        settings,
        reader.tensors,
        reader.codes,
        reader.scales,
        stored_tokenizer(file),
        record.part("card").values,
    )


class _Reader:
    def __init__(self, file: TensorFile, shape: Shape, settings: Integer):
        self._file, self._shape, self._settings = file, shape, settings
        self.tensors: dict[str, NDArray[np.float32]] = {}
        self.codes: dict[str, NDArray[Any]] = {}
        self.scales: dict[str, NDArray[np.float32]] = {}
        self.known = {TOKENIZER}

    def read(self, wanted: dict[str, tuple[int, ...]]) -> None:
        layers = range(self._shape.layers)
        matrices = {f"layers.{layer}.{name}" for layer in layers for name in MATRICES}
        norms = {f"layers.{layer}.{name}" for layer in layers for name in NORMS}
        for place in integer_places(self._shape):
            self._scale(place, 1)
        for name, size in wanted.items():
            owner, _, part = name.rpartition(".")
            if owner in matrices and part == "weight":
                self.codes[name] = self._matrix(name, size)
                self._scale(name, size[0] if self._settings.per_channel else 1)
            elif owner in matrices:
                self.codes[name] = self._take(f"{name}.codes", "I32", size)
            elif owner in norms and self._settings.layer_norm:
                self.codes[name] = self._within(self._take(f"{name}.codes", "I8", size), 127, name)
                self._scale(name, 1)
            else:
                self.known.add(name)
                self.tensors[name] = self._file.read_float(name, size)

    def _take(self, name: str, dtype: str, size: tuple[int, ...]) -> NDArray[Any]:
        self.known.add(name)
        return self._file.read(name, (dtype,), size)

    def _scale(self, name: str, rows: int) -> None:
        self.known.add(f"{name}.scale")
        self.scales[name] = self._file.read_float(f"{name}.scale", (rows,))

    def _matrix(self, name: str, size: tuple[int, ...]) -> NDArray[np.int8]:
        if self._settings.weights > 4:
            codes = self._take(f"{name}.codes", "I8", size)
        else:
            packed = self._take(f"{name}.codes", "U8", (-(-math.prod(size) // 2),))
            codes = _unpacked(packed, size)
        return self._within(codes, self._settings.limits[0], name)

    def _within(self, codes: NDArray[np.int8], limit: int, name: str) -> NDArray[np.int8]:
        if codes.min() < -limit or codes.max() > limit:
            raise ValueError(f"{self._file.path}: {name}.codes must be in {-limit}..{limit}")
        return codes


def _packed(codes: NDArray[np.int8], settings: Integer) -> NDArray[Any]:
    if settings.weights > 4:
        return codes
    halves = np.zeros(-(-codes.size // 2) * 2, np.uint8)
    halves[: codes.size] = codes.ravel() + 8
    return halves[0::2] | halves[1::2] << 4


def _unpacked(packed: NDArray[np.uint8], size: tuple[int, ...]) -> NDArray[np.int8]:
    halves = np.stack([packed & 15, packed >> 4], axis=1).ravel()[: math.prod(size)]
    return (halves.astype(np.int8) - 8).astype(np.int8).reshape(size)


def _settings(record: Config) -> Integer:
    known = [entry.name for entry in fields(Integer)]
    record.only(*known)
    for name in known:
        record.require(name in record.values, name, "given")
    try:
        return Integer(**record.values)
    except ValueError as error:
        raise ValueError(f"{record.place}: {error}") from None
