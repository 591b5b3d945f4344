"""A tensor as the compressed model file holds it: codes and a packed mask, or plain float32."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import formats
from siliconbert.models.jsonfile import Config
from siliconbert.models.tensorfile import TensorFile
from siliconbert.text import first_line


@dataclass(frozen=True, eq=False)
class Packed:
    """A tensor; `format` is None where it is plain float32, `mask` where nothing is pruned."""

    values: NDArray[np.float32]
    format: formats.Format | None = None
    mask: NDArray[np.bool_] | None = None


def pack(name: str, tensor: Packed) -> dict[str, NDArray[Any]]:
    """Name in the file -> array."""
    if tensor.format is None:
        return {name: np.ascontiguousarray(tensor.values, np.float32)}
    if tensor.mask is None or tensor.mask.all():
        return {f"{name}.codes": formats.encode(tensor.values.ravel(), tensor.format)}
    return {
        f"{name}.codes": formats.encode(tensor.values[tensor.mask], tensor.format),
        mask_name(name): pack_mask(tensor.mask),
    }


def unpack(
    file: TensorFile,
    name: str,
    shape: tuple[int, ...],
    fmt: formats.Format | None,
    mask: NDArray[np.bool_] | None,
) -> NDArray[np.float32]:
    """The values of tensor `name` of a file that is not trusted; `mask` is the file's, see unpack_mask.

    errors: ValueError naming file and tensor for other lengths, types or counts, codes beyond the width
    """
    if fmt is None:
        return file.read_float(name, shape)
    count = math.prod(shape) if mask is None else int(mask.sum())
    codes = file.read(f"{name}.codes", ("U8",) if fmt.width <= 8 else ("U16",), (count,))
    if count and codes.max() >> fmt.width:
        raise ValueError(f"{file.path}: {name}.codes must be below 2^{fmt.width}, got {codes.max()}")
    kept = formats.decode(codes, fmt)
    if mask is None:
        return kept.reshape(shape)
    values = np.zeros(shape, np.float32)
    values[mask] = kept
    return values


def names(name: str, fmt: formats.Format | None) -> set[str]:
    """The names that a tensor of this format may have in the file."""
    return {name} if fmt is None else {f"{name}.codes", mask_name(name)}


def format_record(fmt: formats.Format) -> dict[str, Any]:
    """The format as JSON."""
    if not isinstance(fmt, formats.AdaptivFloat) or fmt.per != "tensor":
        raise ValueError(f"Model.save: formats must be AdaptivFloat with one bias a matrix, got {fmt}")
    shape = {"width": fmt.width, "exponent_bits": fmt.exponent_bits, "variant": fmt.variant}
    return {"family": fmt.family, **shape, "bias": fmt.bias}


def read_format(record: Config) -> formats.Format:
    """The format that the JSON describes; errors: ValueError naming the key."""
    record.only("family", "width", "exponent_bits", "variant", "bias")
    record.choice("family", ("adaptivfloat",))
    width, exponent_bits = record.integer("width"), record.integer("exponent_bits")
    return adaptivfloat(record, width, exponent_bits, record.text("variant"), "bias")


def adaptivfloat(
    record: Config, width: int, exponent_bits: int, variant: str, key: str
) -> formats.AdaptivFloat:
    """The format whose bias stands under `key`."""
    # float32 has no exponents beyond these; the format's own range is narrower.
    bias = record.integer(key, least=-1000)
    try:
        return formats.AdaptivFloat(width, exponent_bits, variant, bias)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{record.place}: {first_line(error)}") from None


def mask_name(name: str) -> str:
    """The name of a matrix's mask in the file."""
    return f"{name}.mask"


def pack_mask(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """One bit an element, lowest first."""
    return np.packbits(mask, bitorder="little")


def unpack_mask(file: TensorFile, name: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The mask under this name; errors: ValueError for another length or stray bits."""
    count = math.prod(shape)
    bits = np.unpackbits(file.read(name, ("U8",), (-(-count // 8),)), bitorder="little")
    if bits[count:].any():
        raise ValueError(f"{file.path}: {name} must have zeros after its {count} bits, got ones")
    return bits[:count].astype(bool).reshape(shape)
