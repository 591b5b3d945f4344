"""Hugging Face directories (config.json, model.safetensors, tokenizer.json) of ALBERT and BERT, in and out.

What transformers cannot express stands beside them in siliconbert.safetensors, see models.beside.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from siliconbert.models.atomic import placed
from siliconbert.models.beside import (
    FILE,
    Beside,
    check_values,
    is_own,
    ramps_in,
    read_beside,
    unknown_to_transformers,
    write_beside,
)
from siliconbert.models.jsonfile import Config, read_json
from siliconbert.models.shape import MODEL_TYPES, Shape
from siliconbert.models.spans import Spans, read_spans
from siliconbert.models.tensorfile import TensorFile, open_tensors, write_tensors
from siliconbert.models.tensors import held
from siliconbert.text import is_file_name

if TYPE_CHECKING:
    from siliconbert.models.model import Model

# Ours <- theirs, after the model's prefix. Files converted from TensorFlow say gamma and beta for weight and
# bias.
_EMBEDDINGS = {
    "embeddings.word": "embeddings.word_embeddings.weight",
    "embeddings.position": "embeddings.position_embeddings.weight",
    "embeddings.type": "embeddings.token_type_embeddings.weight",
    "embeddings.norm": "embeddings.LayerNorm",
    "embeddings.projection": "encoder.embedding_hidden_mapping_in",
}
_BERT_LAYER = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm": "output.LayerNorm",
}
_ALBERT_LAYER = {
    "query": "attention.query",
    "key": "attention.key",
    "value": "attention.value",
    "output": "attention.dense",
    "attention_norm": "attention.LayerNorm",
    "up": "ffn",
    "down": "ffn_output",
    "norm": "full_layer_layer_norm",
}
_ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_new", "gelu_pytorch_tanh": "gelu_new", "relu": "relu"}
LANGUAGE_MODEL = "language_model"  # the key of config.json that language models have, with `causal` inside
# Ours <- theirs in config.json.
_SIZES = {
    "vocabulary": "vocab_size",
    "positions": "max_position_embeddings",
    "types": "type_vocab_size",
    "hidden": "hidden_size",
    "heads": "num_attention_heads",
    "ffn": "intermediate_size",
    "layers": "num_hidden_layers",
}


@dataclass(frozen=True)
class Directory:
    """What a Hugging Face directory holds; `tensors` by canonical name, float32."""

    shape: Shape
    tensors: Mapping[str, NDArray[np.float32]]
    spans: Spans | None
    tokenizer: bytes | None
    card: dict[str, Any]
    beside: Beside


def read_huggingface(folder: Path) -> Directory:
    """Reads the directory; nothing in it is trusted.

    errors: ValueError with one sentence that names the file and the key or tensor
    """
    config = read_json(folder / "config.json")
    stored = _Stored(folder)
    shape = _shape(config, stored)
    beside = read_beside(folder, shape)
    if beside.file is not None:
        stored.files |= {name: beside.file for name in beside.file.entries if is_own(name)}
    prefix = f"{shape.model_type}."
    prefixed = any(name.startswith(f"{prefix}embeddings.") for name in stored.files)
    names = Names(shape, prefix if prefixed else "")
    wanted = shape.tensors(*ramps_in(stored.files))
    readers = {name: partial(stored.read, names.theirs(name), size) for name, size in wanted.items()}
    tensors = held(readers, wanted)
    if beside.file is not None:
        check_values(beside, tensors)
    tokenizer = folder / _words(shape)
    card = folder / "card.json"
    return Directory(
        shape,
        tensors,
        read_spans(config, shape) or beside.spans,
        tokenizer.read_bytes() if tokenizer.is_file() else None,
        _class_names(config) | (read_json(card).values if card.is_file() else {}),
        beside,
    )


def write_huggingface(model: Model, folder: Path) -> None:
    """Writes the directory, which must be new or empty; it appears complete or not at all.

    A warning names what transformers cannot express, where there is such.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"Model.save_huggingface: folder must be new or empty, got {folder}")
    with placed(folder) as fresh:
        _fill(model, fresh)
    if lost := unknown_to_transformers(model):
        warnings.warn(
            f"transformers will not see {', '.join(lost)}: {FILE} holds them for siliconbert", stacklevel=3
        )


def _fill(model: Model, folder: Path) -> None:
    names = Names(model.shape, f"{model.shape.model_type}." if model.shape.classes else "")
    plain = {
        names.theirs(name): np.ascontiguousarray(values, np.float32)
        for name, values in model.tensors.items()
        if not is_own(name)
    }
    write_tensors(folder / "model.safetensors", plain, {"format": "pt"})
    _write_json(folder / "config.json", _config(model))
    _write_json(folder / "card.json", dict(model.card))
    if model.vocabulary is not None:
        (folder / _words(model.shape)).write_bytes(model.vocabulary)
    write_beside(model, folder)


def _config(model: Model) -> dict[str, Any]:
    """What transformers needs; outputs without a name are LABEL_0 and so on, as it would call them."""
    shape, kind = model.shape, model.shape.model_type.capitalize()
    names = model.classes or [f"LABEL_{i}" for i in range(shape.classes)]
    config: dict[str, Any] = {
        "architectures": [f"{kind}ForSequenceClassification" if shape.classes else f"{kind}Model"],
        "model_type": shape.model_type,
        **{theirs: getattr(shape, ours) for ours, theirs in _SIZES.items()},
        "hidden_act": shape.activation,
        "layer_norm_eps": shape.epsilon,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "pad_token_id": 0,
    }
    if shape.classes:
        config["id2label"] = {str(i): name for i, name in enumerate(names)}
        config["label2id"] = {name: i for i, name in enumerate(names)}
    if shape.model_type == "albert":
        config |= {"embedding_size": shape.embedding, "num_hidden_groups": shape.groups, "inner_group_num": 1}
        config["classifier_dropout_prob"] = 0.0
    if shape.decoder:
        config[LANGUAGE_MODEL] = {"causal": shape.decoder == "causal"}
    return config


def _words(shape: Shape) -> str:
    """The file of the tokenizer; a language model knows its words by their numbers, a line each."""
    return "vocab.txt" if shape.decoder else "tokenizer.json"


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _shape(config: Config, stored: _Stored) -> Shape:
    model_type = config.choice("model_type", MODEL_TYPES)
    sizes = {ours: config.integer(theirs) for ours, theirs in _SIZES.items()}
    albert = model_type == "albert"
    config.require(
        config.values.get("position_embedding_type", "absolute") == "absolute",
        "position_embedding_type",
        "'absolute'",
    )
    config.require(config.values.get("inner_group_num", 1) == 1, "inner_group_num", "1")
    try:
        return Shape(
            model_type,
            **sizes,
            embedding=config.integer("embedding_size") if albert else sizes["hidden"],
            groups=config.integer("num_hidden_groups") if albert else sizes["layers"],
            classes=_classes(config, stored),
            activation=_ACTIVATIONS[config.choice("hidden_act", tuple(_ACTIVATIONS))],
            epsilon=config.fraction("layer_norm_eps"),
            decoder=_decoder(config),
        )
    except ValueError as error:
        message = str(error)
        raise ValueError(message if config.place in message else f"{config.place}: {message}") from None


def _decoder(config: Config) -> str:
    if LANGUAGE_MODEL not in config.values:
        return ""
    settings = config.part(LANGUAGE_MODEL)
    settings.require(isinstance(settings.values.get("causal"), bool), "causal", "true or false")
    return "causal" if settings.values["causal"] else "unmasked"


def _classes(config: Config, stored: _Stored) -> int:
    """Outputs of the classifier in the file, 0 where there is none."""
    if "classifier.weight" not in stored.files:
        return 0
    size = stored.shape("classifier.weight")
    if len(size) != 2:
        raise ValueError(f"{stored.folder}: classifier.weight must have 2 dimensions, got shape {size}")
    classes = size[0]
    labels = config.values.get("id2label", {})
    config.require(isinstance(labels, dict), "id2label", "an object")
    agrees = not labels or len(labels) == classes
    config.require(agrees, "id2label", f"as long as classifier.weight has rows ({classes})")
    return classes


def _class_names(config: Config) -> dict[str, Any]:
    """The card's entry `classes` from id2label; nothing where transformers made the names up (LABEL_0)."""
    labels = config.values.get("id2label")
    names = [labels.get(str(i)) for i in range(len(labels))] if isinstance(labels, dict) else []
    given = all(isinstance(name, str) and not name.startswith("LABEL_") for name in names)
    return {"classes": names} if names and given else {}


class Names:
    """The tensor names that transformers gives a network of this shape, ramps by our own."""

    def __init__(self, shape: Shape, prefix: str):
        """`prefix` is "albert." or "bert." in a model with a classifier, "" in a bare one."""
        self.albert = shape.model_type == "albert"
        self.prefix = prefix

    def theirs(self, ours: str) -> str:
        """Their name of the canonical name `ours`."""
        if ours in _EMBEDDINGS:
            return self.prefix + _EMBEDDINGS[ours]
        place, part = ours.rsplit(".", 1)
        if place in _EMBEDDINGS:
            return f"{self.prefix}{_EMBEDDINGS[place]}.{part}"
        if place.startswith("layers."):
            return f"{self.prefix}encoder.{self._layer(place)}.{part}"
        if place == "main.pooler":
            return f"{self.prefix}pooler.{part}" if self.albert else f"{self.prefix}pooler.dense.{part}"
        return f"{place.removeprefix('main.')}.{part}"

    def _layer(self, place: str) -> str:
        _, group, matrix = place.split(".")
        if self.albert:
            return f"albert_layer_groups.{group}.albert_layers.0.{_ALBERT_LAYER[matrix]}"
        return f"layer.{group}.{_BERT_LAYER[matrix]}"


class _Stored:
    """The tensors of model.safetensors, or of the shards that model.safetensors.index.json names."""

    def __init__(self, folder: Path):
        self.folder = folder
        index = folder / "model.safetensors.index.json"
        whole = folder / "model.safetensors"
        if index.is_file() and not whole.is_file():
            self.files = self._shards(index)
        else:
            found = open_tensors(whole)
            self.files = dict.fromkeys(found.entries, found)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.files[name].entries[name].shape

    def read(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        for known in _spellings(name):
            if known in self.files:
                return self.files[known].read_float(known, shape)
        raise ValueError(f"{self.folder}: tensor {name} is missing")

    def _shards(self, index: Path) -> dict[str, TensorFile]:
        where = read_json(index).values.get("weight_map")
        if not isinstance(where, dict) or not all(isinstance(file, str) for file in where.values()):
            raise ValueError(f"{index}: weight_map must map tensor names to file names")
        opened: dict[str, TensorFile] = {}
        for file in sorted(set(where.values())):
            if not is_file_name(file):
                raise ValueError(f"{index}: weight_map must name files in the same folder, got {file!r}")
            opened[file] = open_tensors(self.folder / file)
        for name, file in where.items():
            if name not in opened[file].entries:
                raise ValueError(f"{index}: {file} has no tensor {name}")
        return {name: opened[file] for name, file in where.items()}


def _spellings(name: str) -> Iterator[str]:
    yield name
    if "LayerNorm." in name:
        yield name.replace(".weight", ".gamma").replace(".bias", ".beta")
