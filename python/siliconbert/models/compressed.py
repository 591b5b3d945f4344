"""The compressed model file: one .safetensors of AdaptivFloat codes, packed masks and how to read them.

For a matrix NAME with a format the file holds `NAME.codes` (one code a kept weight, row-major, uint8 or
uint16) and, where some weights are pruned, `NAME.mask` (one bit an element, row-major, lowest bit first, the
last byte filled with zeros); other tensors are float32 under their own names. `tokenizer.json.zlib` is that
file, deflated; a language model's word list stands in its place. The metadata entry `siliconbert` is a JSON
object: version, shape, ramps, formats (by matrix), activations, table, card, and attention_spans (see
Spans.plain) where the model has them.

A model may be split in two: its encoder file then names the table file beside it, which holds the word table
and the tokenizer, and that file's SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import formats
from siliconbert.models import packed
from siliconbert.models.jsonfile import Config, parse_json
from siliconbert.models.shape import Shape
from siliconbert.models.spans import KEY, Spans, read_spans
from siliconbert.models.tensorfile import INTEGER_KEY, TensorFile, open_tensors, write_tensors
from siliconbert.models.tensors import Read, held
from siliconbert.text import is_file_name

if TYPE_CHECKING:
    from siliconbert.models.model import Model

VERSION = 1
LARGEST_FILE = 8 * 2**20
_WORD = "embeddings.word"
TOKENIZER = "tokenizer.json.zlib"
# A tokenizer.json of 250,000 words has about 17 MB: what inflates to more is a bomb.
_LARGEST_TOKENIZER = 64 * 2**20


@dataclass(frozen=True, eq=False)
class Contents:
    """What the files of one model hold; the fields are those of Model."""

    shape: Shape
    tensors: Mapping[str, NDArray[np.float32]]
    masks: dict[str, NDArray[np.bool_]]
    formats: dict[str, formats.Format]
    activations: dict[str, Any] | None
    spans: Spans | None
    vocabulary: bytes | None
    card: dict[str, Any]


def write_compressed(model: Model, path: Path, table: Path | None, most_bytes: int) -> None:
    """Writes the model into one file, or with `table` into two; each appears complete or not at all.

    errors: ValueError where a file would have more than `most_bytes`, or the table is not in the same folder
    """
    record: dict[str, Any] = {
        "version": VERSION,
        "shape": model.shape.plain(),
        "ramps": model.ramps,
        "activations": model.activations.engine() if model.activations else None,
        "card": dict(model.card),
    }
    if model.linear_ramps:
        record["linear_ramps"] = True
    if model.spans is not None:
        record[KEY] = model.spans.plain()
    own = set(model.tensors)
    if table is not None:
        if table.parent.resolve() != path.parent.resolve() or table == path:
            raise ValueError(f"Model.save: table must be another file in the folder of {path}, got {table}")
        own -= {_WORD}
        words = {"vocabulary": model.card["vocabulary"]} if "vocabulary" in model.card else {}
        _write(model, table, {_WORD}, {"version": VERSION, "card": words}, model.vocabulary, most_bytes)
        record["table"] = {"file": table.name, "sha256": sha256(table)}
    _write(model, path, own, record, model.vocabulary if table is None else None, most_bytes)


def read_compressed(path: Path) -> Contents:
    """The model in the file, and in the table file that it names; nothing in them is trusted.

    errors: ValueError with one sentence that names the file and the tensor or key
    """
    file, record = _open(path)
    record.only("version", "shape", "ramps", "linear_ramps", "formats", "activations", KEY, "table", "card")
    shape = read_shape(record.part("shape"))
    record.require(isinstance(record.values.get("ramps"), bool), "ramps", "true or false")
    record.require(record.values.get("linear_ramps", True) is True, "linear_ramps", "true")
    wanted = shape.tensors(record.values["ramps"], "linear_ramps" in record.values)
    mine, parts = dict(wanted), []
    if "table" in record.values:
        parts.append(_Part(*_open_table(path, record.part("table")), {_WORD: mine.pop(_WORD)}))
    parts.append(_Part(file, record, mine))
    masks = {name: mask for part in parts for name, mask in part.masks().items()}
    readers = {name: read for part in parts for name, read in part.readers(masks).items()}
    activations = read_activations(record, shape)
    return Contents(
        shape,
        held({name: readers[name] for name in wanted}, wanted),
        masks,
        {name: fmt for part in parts for name, fmt in part.formats.items()},
        activations,
        read_spans(record, shape),
        stored_tokenizer(parts[0].file),
        record.part("card").values,
    )


def files_of(path: Path) -> list[Path] | None:
    """The files that a model in this file needs, itself first; None where the file is only a word table."""
    _, record = _open(path)
    if "shape" not in record.values:
        return None
    return (
        [path] if "table" not in record.values else [path, path.with_name(record.part("table").text("file"))]
    )


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(
    model: Model,
    path: Path,
    names: set[str],
    record: dict[str, Any],
    vocabulary: bytes | None,
    most_bytes: int,
) -> None:
    known = {name: packed.format_record(fmt) for name, fmt in model.formats.items() if name in names}
    arrays: dict[str, NDArray[Any]] = {}
    for name in (name for name in model.tensors if name in names):
        tensor = packed.Packed(model.tensors[name], model.formats.get(name), model.masks.get(name))
        arrays |= packed.pack(name, tensor)
    if vocabulary is not None:
        arrays[TOKENIZER] = np.frombuffer(zlib.compress(vocabulary, 9), np.uint8)
    text = json.dumps({**record, "formats": known}, allow_nan=False)
    size = sum(values.nbytes for values in arrays.values()) + len(text)
    if size > most_bytes:
        raise ValueError(f"Model.save: {path} would have {size} bytes, the most is {most_bytes}")
    write_tensors(path, arrays, {"siliconbert": text})


def _open(path: Path) -> tuple[TensorFile, Config]:
    file = open_tensors(path)
    if INTEGER_KEY in file.metadata:
        raise ValueError(f"{path}: an integer model, which models.load_integer reads")
    if "siliconbert" not in file.metadata:
        raise ValueError(f"{path}: not a compressed model (its metadata has no entry siliconbert)")
    record = parse_json(f"{path}: metadata", file.metadata["siliconbert"].encode())
    record.require(record.values.get("version") == VERSION, "version", f"{VERSION}")
    return file, record


def _open_table(path: Path, table: Config) -> tuple[TensorFile, Config]:
    name, digest = table.text("file"), table.text("sha256")
    table.require(is_file_name(name), "file", "the name of a file in the same folder")
    beside = path.with_name(name)
    if not beside.is_file():
        raise ValueError(f"{path}: its word table {beside} is missing")
    if (found := sha256(beside)) != digest:
        raise ValueError(f"{path}: its word table {beside} must have SHA-256 {digest}, got {found}")
    file, record = _open(beside)
    record.only("version", "formats", "card")
    return file, record


class _Part:
    """One file of a model, and the tensors that it holds."""

    def __init__(self, file: TensorFile, record: Config, wanted: Mapping[str, tuple[int, ...]]):
        """Refuses tensors of something else."""
        self.file, self.wanted = file, wanted
        self.formats = read_formats(record.part("formats"), wanted)
        allowed = {TOKENIZER}.union(*(packed.names(name, self.formats.get(name)) for name in wanted))
        if unknown := set(file.entries) - allowed:
            raise ValueError(f"{file.path}: tensor {min(unknown)} does not belong to this model")

    def masks(self) -> dict[str, NDArray[np.bool_]]:
        """Of the matrices with a format that are pruned."""
        of = {name: packed.mask_name(name) for name in self.wanted if name in self.formats}
        return {
            name: packed.unpack_mask(self.file, mask, self.wanted[name])
            for name, mask in of.items()
            if mask in self.file.entries
        }

    def readers(self, masks: Mapping[str, NDArray[np.bool_]]) -> dict[str, Read]:
        """What reads every tensor."""
        return {
            name: partial(packed.unpack, self.file, name, size, self.formats.get(name), masks.get(name))
            for name, size in self.wanted.items()
        }


def read_formats(record: Config, wanted: Mapping[str, tuple[int, ...]]) -> dict[str, formats.Format]:
    """The formats of matrices that the JSON describes; errors: ValueError naming the key."""
    matrices = [name for name, shape in wanted.items() if len(shape) == 2]
    record.only(*matrices)
    return {name: packed.read_format(record.part(name)) for name in record.values}


def read_shape(record: Config) -> Shape:
    """The shape that the JSON describes; errors: ValueError naming the key."""
    known = [entry.name for entry in fields(Shape)]
    record.only(*known)
    for name in (name for name in known if name != "decoder"):
        record.require(name in record.values, name, "given")
    try:
        return Shape(**record.values)
    except ValueError as error:
        raise ValueError(f"{record.place}: {error}") from None


def read_activations(record: Config, shape: Shape) -> dict[str, Any] | None:
    """The format of the activations that the JSON describes; errors: ValueError naming the key."""
    if record.values.get("activations") is None:
        return None
    given = record.part("activations")
    given.only("width", "exponent_bits", "bias")
    width, exponent_bits, bias = given.integer("width"), given.integer("exponent_bits"), given.part("bias")
    if odd := set(bias.values) ^ set(shape.places()):
        raise ValueError(f"{bias.place} must name the places of this shape and no other, look at {min(odd)}")
    for place in bias.values:
        packed.adaptivfloat(bias, width, exponent_bits, "algorithm1", place)
    return {"width": width, "exponent_bits": exponent_bits, "bias": bias.values}


def stored_tokenizer(file: TensorFile) -> bytes | None:
    """The file's tokenizer.json; errors: ValueError where it is damaged or a bomb."""
    if TOKENIZER not in file.entries:
        return None
    stored = file.read(TOKENIZER, ("U8",), (file.entries[TOKENIZER].bytes,))
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(stored.tobytes(), _LARGEST_TOKENIZER)
    except zlib.error as error:
        raise ValueError(f"{file.path}: {TOKENIZER} is not deflated data ({error})") from None
    if not inflate.eof or inflate.unused_data:
        raise ValueError(
            f"{file.path}: {TOKENIZER} must inflate to at most {_LARGEST_TOKENIZER} bytes, whole and alone"
        )
    return text
