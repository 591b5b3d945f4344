"""Between a Network and a Hugging Face style directory: config, safetensors, tokenizer and model card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from siliconbert import models
from siliconbert.models.atomic import placed
from siliconbert.models.integer.trained import KEY as INTEGER
from siliconbert.models.integer.trained import read_recorded
from siliconbert.models.jsonfile import Config, read_json
from siliconbert.models.spans import KEY as SPANS
from siliconbert.train import shards
from siliconbert.train.integer import Integers
from siliconbert.train.network import EPS, Network, Shape
from siliconbert.train.spans import Spans

UNNAMED = "LABEL_"  # how transformers starts the name of an output that has none
ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_new", "gelu_pytorch_tanh": "gelu_new", "relu": "relu"}
BERT = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "output": "attention.output.dense",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm1": "attention.output.LayerNorm",
    "norm2": "output.LayerNorm",
}
ALBERT = {
    "query": "attention.query",
    "key": "attention.key",
    "value": "attention.value",
    "output": "attention.dense",
    "up": "ffn",
    "down": "ffn_output",
    "norm1": "attention.LayerNorm",
    "norm2": "full_layer_layer_norm",
}
EMBEDDINGS = {
    "word": "word_embeddings.weight",
    "position": "position_embeddings.weight",
    "types": "token_type_embeddings.weight",
    "norm.weight": "LayerNorm.weight",
    "norm.bias": "LayerNorm.bias",
}


def names(shape: Shape, ramps: str = "deebert") -> dict[str, str]:
    """Our parameter name -> the transformers tensor name (ours are `ramps.<l>...`, l from 1)."""
    albert = shape.model_type == "albert"
    out = {ours: f"{shape.model_type}.embeddings.{theirs}" for ours, theirs in EMBEDDINGS.items()}
    pooler = "albert.pooler" if albert else "bert.pooler.dense"
    for part in ("weight", "bias"):
        if albert:
            out[f"mapping.{part}"] = f"albert.encoder.embedding_hidden_mapping_in.{part}"
        for i in range(1 if albert else shape.layers):
            folder = (
                "albert.encoder.albert_layer_groups.0.albert_layers.0"
                if albert
                else f"bert.encoder.layer.{i}"
            )
            for ours, theirs in (ALBERT if albert else BERT).items():
                out[f"layers.{i}.{ours}.{part}"] = f"{folder}.{theirs}.{part}"
        last = shape.layers - 1
        out[f"heads.{last}.pooler.{part}"] = f"{pooler}.{part}"
        out[f"heads.{last}.classifier.{part}"] = f"classifier.{part}"
        for i in range(last):
            for piece in ("classifier",) if ramps == "linear" else ("pooler", "classifier"):
                out[f"heads.{i}.{piece}.{part}"] = f"ramps.{i + 1}.{piece}.{part}"
    return out


def config(network: Network) -> dict[str, Any]:
    """config.json with the usual keys; outputs without a name are LABEL_0 and so on."""
    shape = network.shape
    outputs = network.classes or [f"{UNNAMED}{i}" for i in range(shape.labels)]
    out: dict[str, Any] = {
        "model_type": shape.model_type,
        "architectures": [
            "AlbertForSequenceClassification"
            if shape.model_type == "albert"
            else "BertForSequenceClassification"
        ],
        "hidden_size": shape.width,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.ffn,
        "hidden_act": shape.activation,
        "layer_norm_eps": EPS,
        "vocab_size": shape.vocab,
        "max_position_embeddings": shape.positions,
        "type_vocab_size": 2,
        "num_labels": shape.labels,
        "id2label": {str(i): name for i, name in enumerate(outputs)},
        "label2id": {name: i for i, name in enumerate(outputs)},
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "initializer_range": 0.02,
        "pad_token_id": 0,
    }
    if network.spans is not None:
        out[SPANS] = network.spans.record().plain()
    if network.integers is not None:
        out[INTEGER] = network.integers.record()
    if shape.model_type == "albert":
        out |= {
            "embedding_size": shape.embedding,
            "num_hidden_groups": 1,
            "inner_group_num": 1,
            "classifier_dropout_prob": 0.0,
        }
    return out


def shape_of(config: Config) -> Shape:
    """The sizes in a config.json."""
    c = config.values
    eps = c.get("layer_norm_eps")
    config.require(eps == EPS, "layer_norm_eps", f"{EPS:g}")
    activation = config.choice("hidden_act", tuple(ACTIVATIONS))
    return Shape(
        c["model_type"],
        c["num_hidden_layers"],
        c["hidden_size"],
        c["num_attention_heads"],
        c["intermediate_size"],
        c.get("embedding_size", c["hidden_size"]),
        c["vocab_size"],
        c["max_position_embeddings"],
        c.get("num_labels", len(c.get("id2label", {})) or 2),
        ACTIVATIONS[activation],
    )


def classes_of(config: Config) -> tuple[str, ...]:
    """The names of the outputs in a config.json; none where they are LABEL_0 and so on."""
    names = config.values.get("id2label", {})
    found = tuple(names[str(i)] for i in range(len(names)))
    return () if any(name.startswith(UNNAMED) for name in found) else found


def load(folder: Path) -> Network:
    """The network in a Hugging Face style directory; heads that the file lacks keep their fresh values."""
    found_config = read_json(folder / "config.json")
    shape = shape_of(found_config)
    network = Network(shape)
    network.classes = classes_of(found_config)
    tensors = shards.read(folder)
    linear = "ramps.1.classifier.weight" in tensors and "ramps.1.pooler.weight" not in tensors
    network.begin_ramps("linear" if linear else "deebert")
    prefix = f"{shape.model_type}."
    found = {}
    for ours, theirs in names(shape, network.ramps).items():
        for name in (theirs, theirs.removeprefix(prefix)):
            if name in tensors:
                found[ours] = tensors[name]
    missing = [n for n in network.state_dict() if n not in found and not n.startswith("heads.")]
    if missing:
        raise ValueError(f"train: {folder.name} lacks the tensors of {', '.join(missing[:3])}")
    network.load_state_dict(found, strict=False)
    if found_config.values.get(INTEGER) is not None:
        network.integers = Integers.restored(*read_recorded(found_config), network)
    if (spans := found_config.values.get(SPANS)) is not None:
        record = models.Spans.from_plain(spans)
        if record.values.shape != (len(network.layers), shape.heads):
            raise ValueError(f"train: {folder.name}: {SPANS} do not fit the network's heads")
        network.spans = Spans(record)
    return network


def save(network: Network, folder: Path, card: dict[str, Any], tokenizer: Path) -> None:
    """Writes the directory beside `folder` and moves it into place in one step."""
    with placed(folder) as fresh:
        state = network.state_dict()
        tensors = {theirs: state[ours] for ours, theirs in names(network.shape, network.ramps).items()}
        write(fresh, tensors, config(network), card)
        shutil.copyfile(tokenizer, fresh / "tokenizer.json")


def write(folder: Path, tensors: dict[str, Tensor], config: dict[str, Any], card: dict[str, Any]) -> None:
    """model.safetensors, config.json and card.json in an existing folder."""
    plain = {name: tensor.detach().float().cpu().contiguous() for name, tensor in tensors.items()}
    save_file(plain, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # safetensors makes files that only their owner may read
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n")
