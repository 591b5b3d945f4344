"""Small networks with random weights, shared by the tests of the models and of the engine."""

import json
from dataclasses import replace

import numpy as np
from safetensors.numpy import save_file

from siliconbert.models import Model, Shape, integer_places
from siliconbert.reference.largest import largest_activations

ALBERT = Shape("albert", 90, 40, 2, 16, 48, 4, 80, 4, 2, 3, "gelu_new", 1e-12)
SHAPES = {
    "albert, two groups": ALBERT,
    "albert, one group": replace(ALBERT, groups=1, activation="gelu"),
    "albert, a group a layer": replace(ALBERT, groups=4, heads=1),
    "albert, embedding as wide": replace(ALBERT, embedding=48),
    "bert": Shape("bert", 90, 40, 2, 48, 48, 6, 80, 3, 3, 2, "gelu", 1e-12),
    "bert, relu, odd sizes": Shape("bert", 77, 33, 1, 35, 35, 5, 51, 2, 2, 2, "relu", 1e-5),
}
# Hugging Face names of an ALBERT, written out by hand: canonical start -> theirs.
ALBERT_NAMES = {
    "embeddings.word": "albert.embeddings.word_embeddings.weight",
    "embeddings.position": "albert.embeddings.position_embeddings.weight",
    "embeddings.type": "albert.embeddings.token_type_embeddings.weight",
    "embeddings.norm": "albert.embeddings.LayerNorm",
    "embeddings.projection": "albert.encoder.embedding_hidden_mapping_in",
    "query": "albert.encoder.albert_layer_groups.{}.albert_layers.0.attention.query",
    "key": "albert.encoder.albert_layer_groups.{}.albert_layers.0.attention.key",
    "value": "albert.encoder.albert_layer_groups.{}.albert_layers.0.attention.value",
    "output": "albert.encoder.albert_layer_groups.{}.albert_layers.0.attention.dense",
    "attention_norm": "albert.encoder.albert_layer_groups.{}.albert_layers.0.attention.LayerNorm",
    "up": "albert.encoder.albert_layer_groups.{}.albert_layers.0.ffn",
    "down": "albert.encoder.albert_layer_groups.{}.albert_layers.0.ffn_output",
    "norm": "albert.encoder.albert_layer_groups.{}.albert_layers.0.full_layer_layer_norm",
    "main.pooler": "albert.pooler",
    "main.classifier": "classifier",
}
CONFIG = {
    "model_type": "albert",
    "vocab_size": 90,
    "max_position_embeddings": 40,
    "type_vocab_size": 2,
    "embedding_size": 16,
    "hidden_size": 48,
    "num_attention_heads": 4,
    "intermediate_size": 80,
    "num_hidden_layers": 4,
    "num_hidden_groups": 2,
    "inner_group_num": 1,
    "hidden_act": "gelu_new",
    "layer_norm_eps": 1e-12,
}


def random_tensors(shape, ramps=True, seed=0):
    """Weights of about the spread of trained ones, so that no layer saturates."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, size in shape.tensors(ramps).items():
        values = rng.normal(0, 1, size)
        if len(size) == 2:
            values *= 1.0 if name.startswith("embeddings.") and ".projection" not in name else size[1] ** -0.5
        else:
            values = values * 0.1 + ("norm.weight" in name)
        found[name] = values.astype(np.float32)
    return found


def small_model(shape=ALBERT, ramps=True, seed=0, name="small"):
    return Model(name, shape, random_tensors(shape, ramps, seed))


def sentences(shape, lengths, seed=1):
    """Token-id lists of these lengths."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, shape.vocabulary, length).tolist() for length in lengths]


def some_ids(shape=SHAPES["bert"], count=12, seed=1):
    """Token-id lists of any lengths."""
    return sentences(shape, np.random.default_rng(seed).integers(1, shape.positions, count), seed)


def largest_of(model, batch):
    """The largest activations of some sentences, for an integer model's scales."""
    found = dict.fromkeys(integer_places(model.shape), 0.0)
    for ids in batch:
        for place, value in largest_activations(model.shape.engine(), model.tensors, ids).items():
            found[place] = max(found[place], value)
    return found


def small_integer_model(settings, shape=SHAPES["bert"], ramps=True):
    model = small_model(shape, ramps)
    return model.integer(largest_of(model, some_ids(shape)), settings)


def theirs(name):
    """The Hugging Face name of one of an ALBERT's tensors."""
    if name in ALBERT_NAMES:
        return ALBERT_NAMES[name]
    place, part = name.rsplit(".", 1)
    if place.startswith("layers."):
        _, group, matrix = place.split(".")
        return f"{ALBERT_NAMES[matrix].format(group)}.{part}"
    return f"{ALBERT_NAMES.get(place, place)}.{part}"


def write_albert(folder, tensors, config=CONFIG, prefix=True):
    """A Hugging Face directory, written by the safetensors library."""
    folder.mkdir(parents=True, exist_ok=True)
    renamed = {theirs(name): values for name, values in tensors.items()}
    if not prefix:
        renamed = {name.removeprefix("albert."): values for name, values in renamed.items()}
    save_file(renamed, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    return folder
