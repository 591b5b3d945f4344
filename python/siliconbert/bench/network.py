"""An ALBERT-base with ramps and random weights, in a Hugging Face directory that ours and the peer read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from siliconbert.models import Shape

# Sizes of albert-base-v2: its config.json, without dropout.
CONFIG = {
    "model_type": "albert",
    "architectures": ["AlbertForSequenceClassification"],
    "vocab_size": 30000,
    "embedding_size": 128,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_hidden_groups": 1,
    "inner_group_num": 1,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "hidden_act": "gelu_new",
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "num_labels": 2,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "classifier_dropout_prob": 0.0,
}
LAYERS = 12
# The same sizes, for networks that need no file.
SHAPE = Shape("albert", 30000, 512, 2, 128, 768, 12, 3072, LAYERS, 1, 2, "gelu_new")
_LAYER = "albert.encoder.albert_layer_groups.0.albert_layers.0"


def shapes() -> dict[str, tuple[int, ...]]:
    """Tensor names of the Hugging Face file -> shapes; layer norms are named by their folder alone."""
    v, e, h, f = 30000, 128, 768, 3072
    matrices = {
        "albert.encoder.embedding_hidden_mapping_in": (h, e),
        **{f"{_LAYER}.attention.{name}": (h, h) for name in ("query", "key", "value", "dense")},
        f"{_LAYER}.ffn": (f, h),
        f"{_LAYER}.ffn_output": (h, f),
        "albert.pooler": (h, h),
        "classifier": (2, h),
        **{f"ramps.{layer}.pooler": (h, h) for layer in range(1, LAYERS)},
        **{f"ramps.{layer}.classifier": (2, h) for layer in range(1, LAYERS)},
    }
    tables = {"word": (v, e), "position": (512, e), "token_type": (2, e)}
    return {
        **{f"albert.embeddings.{name}_embeddings.weight": shape for name, shape in tables.items()},
        **{f"{name}.weight": shape for name, shape in matrices.items()},
        **{f"{name}.bias": shape[:1] for name, shape in matrices.items()},
    }


def write(folder: Path, seed: int = 0) -> None:
    """Writes config.json and model.safetensors; normal weights of width 0.02.

    0.02 is the initializer_range of albert-base-v2. Wider ones (0.05) saturate attention: twelve such layers
    amplify the rounding of either side tenfold, and the check would compare chaos.
    """
    rng = np.random.default_rng(seed)
    tensors: dict[str, NDArray[np.float32]] = {
        name: 0.02 * rng.standard_normal(shape, np.float32) for name, shape in shapes().items()
    }
    for name, size in (
        ("albert.embeddings.LayerNorm", 128),
        (f"{_LAYER}.attention.LayerNorm", 768),
        (f"{_LAYER}.full_layer_layer_norm", 768),
    ):
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = (
            np.ones(size, np.float32),
            np.zeros(size, np.float32),
        )
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")


def tensors(shape: Shape, ramps: bool, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Random weights of any shape: matrices normal of width 0.02, norms of gain 1, no biases."""
    rng = np.random.default_rng(seed)
    return {
        name: 0.02 * rng.standard_normal(size, np.float32)
        if len(size) == 2
        else np.full(size, name.endswith("norm.weight"), np.float32)
        for name, size in shape.tensors(ramps=ramps).items()
    }
