"""Models: Hugging Face directories, the compressed model file, the zoo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from siliconbert.models.blocks import BlockLinear, Blocks, kernels
from siliconbert.models.compressed import read_compressed
from siliconbert.models.early_exit import Run
from siliconbert.models.huggingface import read_huggingface
from siliconbert.models.integer import Integer, IntegerModel, integer_places
from siliconbert.models.integer.file import read_integer
from siliconbert.models.integer.trained import recorded
from siliconbert.models.language import Judged, LanguageModel
from siliconbert.models.model import Activations, Model
from siliconbert.models.sentences import Sentences, Tokens
from siliconbert.models.shape import Shape
from siliconbert.models.spans import Spans
from siliconbert.models.stored import Faulty, Stored
from siliconbert.models.trace import Trace
from siliconbert.models.trials import Trials
from siliconbert.models.zoo import get_zoo, write_index, zoo_file, zoo_folders, zoo_names

__all__ = [
    "Activations",
    "BlockLinear",
    "Blocks",
    "Faulty",
    "Integer",
    "IntegerModel",
    "Judged",
    "LanguageModel",
    "Model",
    "Run",
    "Sentences",
    "Shape",
    "Spans",
    "Stored",
    "Tokens",
    "Trace",
    "Trials",
    "get_zoo",
    "integer_places",
    "kernels",
    "load",
    "load_integer",
    "write_index",
    "zoo_file",
    "zoo_folders",
    "zoo_names",
]


def load(name: str | Path, zoo: str | Path | None = None) -> Model:
    """The model of that name in the zoo, in a compressed model file, or in a Hugging Face directory.

    name   : "edgebert-mini/sst2", a path that ends in .safetensors, or a directory with config.json
    zoo    : the only zoo folder to search; see zoo_folders() for the usual ones
    errors : ValueError with one sentence that names the file and the key or tensor, or what was searched

    >>> load("edgebert-mini/sst2").shape.layers
    12
    """
    path = Path(name)
    if path.is_dir():
        return _from_directory(path)
    if path.suffix == ".safetensors":
        return _from_file(path, path.stem)
    return _from_file(zoo_file(str(name), zoo), str(name))


def load_integer(path: str | Path) -> IntegerModel:
    """The integer model in a file that IntegerModel.save wrote, or in a folder of training in integers.

    errors: ValueError naming the file, also for a float model

    >>> import numpy as np
    >>> from siliconbert.models import integer_places
    >>> shape = Shape("bert", 20, 8, 1, 8, 8, 2, 16, 1, 1, 2)
    >>> sizes, draws = shape.tensors(ramps=False), np.random.default_rng(0)
    >>> weights = {name: draws.normal(size=size).astype(np.float32) for name, size in sizes.items()}
    >>> made = Model("tiny", shape, weights).integer(dict.fromkeys(integer_places(shape), 8.0))
    >>> made.save("tiny.safetensors")
    >>> load_integer("tiny.safetensors")
    IntegerModel('tiny': 1 layers of width 8, w4/a8)
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        return load(path).integer(*recorded(path))
    found = read_integer(path)
    model = IntegerModel(path.stem, **{entry.name: getattr(found, entry.name) for entry in fields(found)})
    try:
        model.parts()
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return model


def _from_directory(folder: Path) -> Model:
    found = read_huggingface(folder)
    return _kind(found.shape)(
        folder.resolve().name,
        found.shape,
        found.tensors,
        found.beside.masks or (_masks(found.tensors) if found.shape.decoder else {}),
        found.beside.formats,
        None if found.beside.activations is None else Activations(**found.beside.activations),
        vocabulary=found.tokenizer,
        card=found.card,
        spans=found.spans,
    )


def _from_file(path: Path, name: str) -> Model:
    found = read_compressed(path)
    return _kind(found.shape)(
        name,
        found.shape,
        found.tensors,
        found.masks,
        found.formats,
        None if found.activations is None else Activations(**found.activations),
        found.vocabulary,
        found.card,
        found.spans,
    )


def _kind(shape: Shape) -> type[Model]:
    return LanguageModel if shape.decoder else Model


def _masks(tensors: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.bool_]]:
    """Which weights are not zero, of the matrices that are partly zero: those were pruned."""
    kept = {name: values != 0 for name, values in tensors.items() if values.ndim == 2}
    return {name: mask for name, mask in kept.items() if mask.any() and not mask.all()}
