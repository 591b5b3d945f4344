"""A tiny random ALBERT with a tokenizer, and SST-2 files of made-up sentences, on disk."""

import json

import numpy as np
import tokenizers
from safetensors.numpy import save_file

WORDS = ("good", "bad", "film", "very", "plot", "dull", "fun", "slow")
LAYERS, HIDDEN, EMBEDDING, FFN = 4, 24, 16, 32


def albert_tensors(rng):
    layer = "albert.encoder.albert_layer_groups.0.albert_layers.0"
    linear = {
        "albert.encoder.embedding_hidden_mapping_in": (HIDDEN, EMBEDDING),
        **{f"{layer}.attention.{name}": (HIDDEN, HIDDEN) for name in ("query", "key", "value", "dense")},
        f"{layer}.ffn": (FFN, HIDDEN),
        f"{layer}.ffn_output": (HIDDEN, FFN),
        "albert.pooler": (HIDDEN, HIDDEN),
        "classifier": (2, HIDDEN),
        **{f"ramps.{i}.pooler": (HIDDEN, HIDDEN) for i in range(1, LAYERS)},
        **{f"ramps.{i}.classifier": (2, HIDDEN) for i in range(1, LAYERS)},
    }
    norms = {
        "albert.embeddings.LayerNorm": EMBEDDING,
        f"{layer}.attention.LayerNorm": HIDDEN,
        f"{layer}.full_layer_layer_norm": HIDDEN,
    }
    tables = {"word": len(WORDS) + 3, "position": 32, "token_type": 2}
    found = {
        f"albert.embeddings.{n}_embeddings.weight": rng.normal(0, 1, (r, EMBEDDING))
        for n, r in tables.items()
    }
    for name, shape in linear.items():
        found |= {f"{name}.weight": rng.normal(0, 0.3, shape), f"{name}.bias": np.zeros(shape[0])}
    for name, size in norms.items():
        found |= {f"{name}.weight": np.ones(size), f"{name}.bias": np.zeros(size)}
    return {name: values.astype(np.float32) for name, values in found.items()}


def config():
    return {
        "model_type": "albert",
        "vocab_size": len(WORDS) + 3,
        "embedding_size": EMBEDDING,
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_hidden_groups": 1,
        "inner_group_num": 1,
        "num_attention_heads": 4,
        "intermediate_size": FFN,
        "hidden_act": "gelu",
        "max_position_embeddings": 32,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "num_labels": 2,
    }


def tokenizer():
    ids = {word: i for i, word in enumerate(("[UNK]", "[CLS]", "[SEP]", *WORDS))}
    found = tokenizers.Tokenizer(tokenizers.models.WordLevel(ids, unk_token="[UNK]"))
    found.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    found.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return found.to_str()


def write_split(path, rng, count):
    lines = [f"{' '.join(rng.choice(WORDS, rng.integers(2, 9)))}\t{rng.integers(2)}" for _ in range(count)]
    path.write_text("\n".join(["sentence\tlabel", *lines, ""]), encoding="utf-8")


def write_tiny(folder):
    """Writes the model to `model` and the sentences to `glue` in the folder, which is returned."""
    rng = np.random.default_rng(3)
    (folder / "model").mkdir(parents=True)
    save_file(albert_tensors(rng), folder / "model" / "model.safetensors")
    (folder / "model" / "config.json").write_text(json.dumps(config()))
    (folder / "model" / "tokenizer.json").write_text(tokenizer())
    (folder / "glue" / "SST-2").mkdir(parents=True)
    write_split(folder / "glue" / "SST-2" / "train.tsv", rng, 300)
    write_split(folder / "glue" / "SST-2" / "dev.tsv", rng, 60)
    return folder
