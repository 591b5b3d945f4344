"""An ALBERT-base with ramps and random weights, in a Hugging Face directory that ours and the peer read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from siliconbert.models import Model, Shape
from siliconbert.models.huggingface import Names

LAYERS = 12
# Sizes of albert-base-v2: its config.json.
SHAPE = Shape("albert", 30000, 512, 2, 128, 768, 12, 3072, LAYERS, 1, 2, "gelu_new")
CONFIG = {
    "model_type": SHAPE.model_type,
    "architectures": ["AlbertForSequenceClassification"],
    "vocab_size": SHAPE.vocabulary,
    "embedding_size": SHAPE.embedding,
    "hidden_size": SHAPE.hidden,
    "num_hidden_layers": SHAPE.layers,
    "num_hidden_groups": SHAPE.groups,
    "inner_group_num": 1,
    "num_attention_heads": SHAPE.heads,
    "intermediate_size": SHAPE.ffn,
    "hidden_act": SHAPE.activation,
    "max_position_embeddings": SHAPE.positions,
    "type_vocab_size": SHAPE.types,
    "layer_norm_eps": SHAPE.epsilon,
    "num_labels": SHAPE.classes,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "classifier_dropout_prob": 0.0,
}
# Sentences whose activations set the AdaptivFloat biases.
CALIBRATION = 64


def tensors(shape: Shape, ramps: bool, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Random weights of any shape: normal of width 0.02, layer norms that change nothing.

    0.02 is the initializer_range of albert-base-v2. Wider ones (0.05) saturate attention: twelve such layers
    amplify the rounding of either side tenfold, and the check would compare chaos.
    """
    rng = np.random.default_rng(seed)
    return {
        name: np.full(size, name.endswith("weight"), np.float32)
        if "norm." in name
        else 0.02 * rng.standard_normal(size, np.float32)
        for name, size in shape.tensors(ramps=ramps).items()
    }


def albert(shape: Shape = SHAPE, ramps: bool = True) -> Model:
    """An ALBERT with random weights."""
    return Model("albert-base", shape, tensors(shape, ramps))


def quantized(model: Model, ids: Sequence[Sequence[int]], threads: int | None = None) -> Model:
    """The model in AdaptivFloat8, its activations' biases from the first sentences."""
    return model.quantized("adaptivfloat8", ids[:CALIBRATION], threads)


def in_formats(ids: Sequence[Sequence[int]], threads: int | None = None) -> dict[str, Model]:
    """ALBERT-base's shape with an exit after every layer, in both formats that are timed."""
    plain = albert()
    return {"fp32": plain, "adaptivfloat8": quantized(plain, ids, threads)}


def write(folder: Path) -> None:
    """Writes config.json and model.safetensors of `albert`, its ramps in the same file."""
    names = Names(SHAPE, "albert.")
    given = {names.theirs(name): values for name, values in tensors(SHAPE, ramps=True).items()}
    save_file(given, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
