"""siliconbert.safetensors in a Hugging Face directory: what transformers has no place for.

Tensors under our names: the classifiers between the layers (`ramps.*`), a language model's decoder, and for
every matrix with a mask `NAME.mask` (one bit an element, as in the compressed model file). The metadata entry
`siliconbert` is a JSON object: version, formats (by matrix), activations and attention_spans.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import formats
from siliconbert.models import packed
from siliconbert.models.compressed import VERSION, read_activations, read_formats
from siliconbert.models.jsonfile import parse_json
from siliconbert.models.shape import Shape
from siliconbert.models.spans import KEY, Spans, read_spans
from siliconbert.models.tensorfile import TensorFile, open_tensors, write_tensors

if TYPE_CHECKING:
    from siliconbert.models.model import Model

FILE = "siliconbert.safetensors"
_OWN = ("ramps.", "decoder.")  # how the names of tensors start that transformers' classes lack


@dataclass(frozen=True)
class Beside:
    """What the file holds; without one, nothing."""

    file: TensorFile | None = None
    masks: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    formats: dict[str, formats.Format] = field(default_factory=dict)
    activations: dict[str, Any] | None = None
    spans: Spans | None = None


def is_own(name: str) -> bool:
    """Whether a tensor stands in this file and not in model.safetensors."""
    return name.startswith(_OWN)


def ramps_in(names: Collection[str]) -> tuple[bool, bool]:
    """Whether there are classifiers between the layers, and whether those are linear, without a pooler."""
    return any(name.startswith("ramps.") for name in names), "ramps.1.pooler.weight" not in names


def unknown_to_transformers(model: Model) -> list[str]:
    """What of the model transformers will not do, in words."""
    found = {
        "the classifiers between layers": model.ramps,
        "the language model's decoder": bool(model.shape.decoder),
        "attention spans": model.spans is not None,
        "the formats of activations": model.activations is not None,
        "the formats of weights, which it sees as float32": bool(model.formats),
    }
    return [words for words, holds in found.items() if holds]


def write_beside(model: Model, folder: Path) -> None:
    """Writes the file; nothing where there is nothing to say."""
    known = {name: fmt for name, fmt in model.formats.items() if isinstance(fmt, formats.AdaptivFloat)}
    record: dict[str, Any] = {
        "version": VERSION,
        "formats": {name: packed.format_record(fmt) for name, fmt in known.items()},
        "activations": model.activations.engine() if model.activations else None,
    }
    if model.spans is not None:
        record[KEY] = model.spans.plain()
    arrays: dict[str, NDArray[Any]] = {
        name: np.ascontiguousarray(values, np.float32)
        for name, values in model.tensors.items()
        if is_own(name)
    }
    arrays |= {packed.mask_name(name): packed.pack_mask(mask) for name, mask in model.masks.items()}
    if arrays or known or model.spans is not None or model.activations is not None:
        text = json.dumps(record, allow_nan=False)
        write_tensors(folder / FILE, arrays, {"siliconbert": text})


def read_beside(folder: Path, shape: Shape) -> Beside:
    """What the folder's file says, if it has one; nothing in it is trusted.

    errors: ValueError with one sentence that names the file and the tensor or key
    """
    if not (folder / FILE).is_file():
        return Beside()
    file = open_tensors(folder / FILE)
    record = parse_json(f"{file.path}: metadata", file.metadata.get("siliconbert", "").encode())
    record.only("version", "formats", "activations", KEY)
    record.require(record.values.get("version") == VERSION, "version", f"{VERSION}")
    wanted = shape.tensors(*ramps_in(file.entries))
    matrices = {name: size for name, size in wanted.items() if len(size) == 2}
    allowed = {name for name in wanted if is_own(name)} | set(map(packed.mask_name, matrices))
    if unknown := set(file.entries) - allowed:
        raise ValueError(f"{file.path}: tensor {min(unknown)} does not belong to this model")
    return Beside(
        file,
        {
            name: packed.unpack_mask(file, packed.mask_name(name), size)
            for name, size in matrices.items()
            if packed.mask_name(name) in file.entries
        },
        read_formats(record.part("formats"), wanted),
        read_activations(record, shape),
        read_spans(record, shape),
    )


def check_values(beside: Beside, tensors: Mapping[str, NDArray[np.float32]]) -> None:
    """Refuses weights that are no longer what the file says of them: those of a training elsewhere, say."""
    assert beside.file is not None
    for name, values in tensors.items():
        mask, fmt = beside.masks.get(name), beside.formats.get(name)
        kept = values.ravel() if mask is None else values[mask]
        holds = mask is None or not values[~mask].any()
        if holds and fmt is not None:
            holds = np.array_equal(formats.quantize(kept, fmt), kept)
        if not holds:
            raise ValueError(
                f"{beside.file.path}: {name} must have the mask and the format that this file gives it, got "
                "other weights in model.safetensors; without this file they are read as they are"
            )
