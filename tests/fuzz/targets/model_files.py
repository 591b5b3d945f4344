"""Models and traces: Hugging Face directories, compressed files, the zoo's index, Parquet."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.fuzz import mutate
from tests.fuzz.target import Target
from tests.fuzz.targets.small_files import TOKENIZER
from tests.python.small_models import (
    ALBERT,
    CONFIG,
    random_tensors,
    sentences,
    small_integer_model,
    small_model,
    write_albert,
)

from siliconbert import models
from siliconbert.models import Trace
from siliconbert.models.tensorfile import open_tensors

_IDS = [[1, 2, 3], [5, 4, 3, 2, 1]]


def _made(write: Callable[[Path], Path]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write(Path(folder)).read_bytes()


# Hugging Face directories


def _config(data: bytes, scratch: Path) -> object:
    if not (scratch / "model.safetensors").exists():
        write_albert(scratch, random_tensors(ALBERT))
    (scratch / "config.json").write_bytes(data)
    return models.load(scratch).trace(_IDS)


def _config_seeds() -> list[bytes]:
    spans = models.Spans(np.arange(8).reshape(2, 4))
    return [json.dumps(seed).encode() for seed in (CONFIG, {**CONFIG, "attention_spans": spans.plain()})]


def _weights(data: bytes, scratch: Path) -> object:
    (scratch / "config.json").write_text(json.dumps(CONFIG))
    (scratch / "model.safetensors").write_bytes(data)
    return models.load(scratch).trace(_IDS)


def _index(data: bytes, scratch: Path) -> object:
    if not (scratch / "part-1.safetensors").exists():
        write_albert(scratch, random_tensors(ALBERT))
        (scratch / "model.safetensors").rename(scratch / "part-1.safetensors")
    (scratch / "model.safetensors.index.json").write_bytes(data)
    return models.load(scratch)


def _weights_seed() -> bytes:
    return _made(lambda folder: write_albert(folder, random_tensors(ALBERT)) / "model.safetensors")


def _index_seed() -> bytes:
    def write(folder: Path) -> Path:
        write_albert(folder, random_tensors(ALBERT))
        names = open_tensors(folder / "model.safetensors").entries
        index = {"metadata": {"total_size": 1}, "weight_map": dict.fromkeys(names, "part-1.safetensors")}
        (folder / "index").write_text(json.dumps(index))
        return folder / "index"

    return _made(write)


# Compressed files


def _save(folder: Path, ramps: bool, quantized: bool) -> Path:
    model = small_model(ALBERT, ramps).pruned({"embeddings.word": 0.4, "layers.": 0.5})
    if quantized:
        model = model.quantized("adaptivfloat8", sentences(ALBERT, [9, 5]))
        model = model.with_spans(models.Spans(np.arange(8).reshape(2, 4)))
    model = models.Model(**{**vars(model), "vocabulary": json.dumps(TOKENIZER).encode()})
    model.save(folder / "model.safetensors")
    return folder / "model.safetensors"


def _compressed_seeds() -> list[bytes]:
    return [
        _made(lambda folder: _save(folder, True, True)),
        _made(lambda folder: _save(folder, False, False)),
    ]


def _compressed(data: bytes, scratch: Path) -> object:
    (scratch / "model.safetensors").write_bytes(data)
    model = models.load(scratch / "model.safetensors")
    _ = model.tokenizer
    return model.trace(_IDS) if model.shape.classes and model.shape.layers < 50 else None


# Integer models


def _integer_seeds() -> list[bytes]:
    def save(settings: models.Integer) -> Callable[[Path], Path]:
        def write(folder: Path) -> Path:
            small_integer_model(settings).save(folder / "model.safetensors")
            return folder / "model.safetensors"

        return write

    return [
        _made(save(settings)) for settings in (models.Integer(), models.Integer(8, 8, False, False, False))
    ]


def _integer(data: bytes, scratch: Path) -> object:
    (scratch / "model.safetensors").write_bytes(data)
    model = models.load_integer(scratch / "model.safetensors")
    _ = model.tokenizer
    return model.trace(_IDS) if model.shape.classes and model.shape.layers < 50 else None


def _tensors(data: bytes, scratch: Path) -> object:
    (scratch / "any.safetensors").write_bytes(data)
    file = open_tensors(scratch / "any.safetensors")
    return [file.read(name, (entry.dtype,), entry.shape) for name, entry in file.entries.items()]


# The zoo's index


def _zoo(data: bytes, scratch: Path) -> object:
    (scratch / "zoo.toml").write_bytes(data)
    (scratch / "a").mkdir(exist_ok=True)
    (scratch / "a" / "sst2.safetensors").write_bytes(b"x")
    for name in models.zoo_names(scratch):
        models.zoo_file(name, scratch)
    return None


def _zoo_seed() -> bytes:
    digest = hashlib.sha256(b"x").hexdigest()
    file = '"a/sst2.safetensors"'
    return f'[models]\n"a/sst2" = [{file}]\n"b/sst2" = [{file}]\n[sha256]\n{file} = "{digest}"\n'.encode()


# Traces


def _trace(layers: int = 3, rows: int = 4) -> Trace:
    rng = np.random.default_rng(layers)
    logits = rng.normal(size=(rows, layers, 2)).astype(np.float32)
    entropy = np.abs(logits[:, :, 0])
    return Trace(logits, entropy, tuple(range(1, layers + 1)), "path", "model", "sentences")


def _trace_seed(layers: int) -> bytes:
    def write(folder: Path) -> Path:
        _trace(layers).to_parquet(folder / "trace")
        return folder / "trace"

    return _made(write)


def _read_trace(data: bytes, scratch: Path) -> object:
    (scratch / "trace.parquet").write_bytes(data)
    trace = Trace.from_parquet(scratch / "trace.parquet")
    return trace.correct(np.zeros(len(trace), int))


TARGETS = [
    Target("huggingface-config", _config_seeds, _config, mutate.json_text),
    Target("huggingface-weights", lambda: [_weights_seed()], _weights, mutate.safetensors),
    Target("huggingface-index", lambda: [_index_seed()], _index, mutate.json_text),
    Target("compressed-model", _compressed_seeds, _compressed, mutate.safetensors),
    Target("integer-model", _integer_seeds, _integer, mutate.safetensors),
    Target("tensor-file", _compressed_seeds, _tensors, mutate.safetensors),
    Target("zoo-index", lambda: [_zoo_seed()], _zoo, mutate.text),
    Target("trace-parquet", lambda: [_trace_seed(3), _trace_seed(1)], _read_trace, mutate.parquet),
]
