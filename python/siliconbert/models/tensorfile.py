"""Reading and writing .safetensors files, trusting nothing that a file says about itself.

The format is an 8-byte little-endian header length, a JSON header, and the tensors' bytes one after the other
(https://github.com/huggingface/safetensors). The whole header is checked before a tensor is read, and no
tensor is larger than its file, so a lying header cannot ask for memory.
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from siliconbert.models.atomic import write_atomically
from siliconbert.models.jsonfile import parse_json

# The format's own limit on the header, bytes.
_LARGEST_HEADER = 100_000_000
# Name in the file -> how its bytes are read; bfloat16, which NumPy lacks, is read as its 16 bits.
_TYPES = {
    "BOOL": "<u1",
    "U8": "<u1",
    "I8": "<i1",
    "U16": "<u2",
    "I16": "<i2",
    "U32": "<u4",
    "I32": "<i4",
    "U64": "<u8",
    "I64": "<i8",
    "F16": "<f2",
    "BF16": "<u2",
    "F32": "<f4",
    "F64": "<f8",
}
_WRITTEN = {np.dtype(_TYPES[name]): name for name in ("U8", "I8", "U16", "I32", "F32")}
# The metadata entry that integer models have.
INTEGER_KEY = "siliconbert.integer"


@dataclass(frozen=True)
class Entry:
    """Where a tensor lies in its file: `begin` counts from the start of the file, in bytes."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    bytes: int


class Stamp(NamedTuple):
    """What changes with a file: its inode, its size in bytes, its time of change in ns."""

    inode: int
    size: int
    changed: int

    @classmethod
    def of(cls, file: BinaryIO) -> Stamp:
        """An open file's."""
        found = os.fstat(file.fileno())
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class TensorFile:
    """A checked .safetensors file; tensors are read when asked for. `stamp` is of when it was opened."""

    path: Path
    entries: dict[str, Entry]
    metadata: dict[str, str]
    stamp: Stamp

    def read(self, name: str, dtypes: tuple[str, ...], shape: tuple[int, ...]) -> NDArray[Any]:
        """The tensor as it is stored, refused unless it has one of the types and exactly the shape."""
        entry = self.entries.get(name)
        if entry is None:
            raise ValueError(f"{self.path}: tensor {name} is missing")
        if entry.dtype not in dtypes:
            raise ValueError(f"{self.path}: {name} must have type {' or '.join(dtypes)}, got {entry.dtype}")
        if entry.shape != shape:
            raise ValueError(f"{self.path}: {name} must have shape {shape}, got {entry.shape}")
        return self._load(entry)

    def read_float(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The tensor as float32, from any floating-point type; refused where it is not finite."""
        stored = self.read(name, ("F32", "F16", "BF16", "F64"), shape)
        if self.entries[name].dtype == "BF16":
            # A bfloat16 is the upper half of a float32.
            values = (stored.astype(np.uint32) << 16).view(np.float32)
        else:
            with np.errstate(over="ignore"):
                values = stored.astype(np.float32, copy=False)
        if not np.isfinite(values).all():
            raise ValueError(f"{self.path}: {name} must be finite, got NaN or infinity")
        return values

    def _load(self, entry: Entry) -> NDArray[Any]:
        kind = np.dtype(_TYPES[entry.dtype])
        count = entry.bytes // kind.itemsize
        with open(self.path, "rb") as file:
            found = np.fromfile(file, dtype=kind, count=count, offset=entry.begin)
            if len(found) != count or Stamp.of(file) != self.stamp:
                raise ValueError(f"{self.path}: the file must stay as it is while a model is read from it")
        return found.reshape(entry.shape)


def open_tensors(path: Path) -> TensorFile:
    """The file with its header checked.

    errors: ValueError with one sentence that names the file, and the tensor where there is one
    """
    header, start, stamp = _header(path)
    metadata = header.pop("__metadata__", {})
    if not _is_text_map(metadata):
        raise ValueError(f"{path}: __metadata__ must map text to text")
    entries = {name: _entry(f"{path}: {name}", raw, start) for name, raw in header.items()}
    _check_layout(path, entries, start, stamp.size)
    return TensorFile(path, entries, metadata, stamp)


def write_tensors(path: Path, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Writes uint8, int8, uint16, int32 and float32 tensors in the order given; complete or not at all."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name, values in tensors.items():
        begin, end = end, end + values.nbytes
        kind = _WRITTEN[values.dtype.newbyteorder("<")]
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, ensure_ascii=False).encode()
    # The format asks for tensors that start on multiples of 8.
    text += b" " * (-len(text) % 8)
    parts = [struct.pack("<Q", len(text)), text]
    parts += [np.ascontiguousarray(v, v.dtype.newbyteorder("<")).tobytes() for v in tensors.values()]
    write_atomically(path, parts)


def _header(path: Path) -> tuple[dict[str, Any], int, Stamp]:
    """The header, where the tensors begin, and the file's stamp."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    with open(path, "rb") as file:
        stamp = Stamp.of(file)
        first = file.read(8)
        length = struct.unpack("<Q", first)[0] if len(first) == 8 else 0
        if not 2 <= length <= min(stamp.size - 8, _LARGEST_HEADER):
            raise ValueError(
                f"{path}: not a safetensors file or cut short: a header of {length} bytes, "
                f"{stamp.size} in all"
            )
        header = parse_json(f"{path}: header", file.read(length)).values
    return header, 8 + length, stamp


def _entry(place: str, raw: Any, start: int) -> Entry:
    if not isinstance(raw, dict) or set(raw) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{place} must have the keys dtype, shape and data_offsets and no other")
    dtype, shape, offsets = raw["dtype"], raw["shape"], raw["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _TYPES:
        raise ValueError(f"{place}: dtype must be one of {', '.join(_TYPES)}, got {dtype!r}")
    if not _is_sizes(shape) or not _is_sizes(offsets) or len(offsets) != 2:
        raise ValueError(
            f"{place}: shape and data_offsets must be lists of integers not below 0, the latter two"
        )
    begin, end = offsets
    needed = math.prod(shape) * np.dtype(_TYPES[dtype]).itemsize
    if end - begin != needed:
        raise ValueError(
            f"{place}: {dtype} of shape {shape} takes {needed} bytes, data_offsets span {end - begin}"
        )
    return Entry(dtype, tuple(shape), start + begin, needed)


def _check_layout(path: Path, entries: dict[str, Entry], start: int, size: int) -> None:
    """Tensors must fill the rest of the file without gaps or overlaps."""
    end = start
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].bytes)):
        if entry.begin != end:
            raise ValueError(
                f"{path}: {name} starts at byte {entry.begin}, the tensor before it ends at {end}"
            )
        end += entry.bytes
    if end != size:
        raise ValueError(f"{path}: the header describes {end} bytes, the file has {size}")


def _is_sizes(raw: Any) -> bool:
    return isinstance(raw, list) and all(type(item) is int and item >= 0 for item in raw)


def _is_text_map(raw: Any) -> bool:
    return isinstance(raw, dict) and all(isinstance(item, str) for pair in raw.items() for item in pair)
