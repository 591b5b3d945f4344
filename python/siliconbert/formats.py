"""Number formats: values to codes and back.

A format is a frozen description. Until it is fitted (`fit`) its data-dependent parameters, AdaptivFloat's
bias say, are `None`. Values travel as float32; codes as uint8 (widths up to 8) or uint16.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from siliconbert import _core, catalog

__all__ = ["AdaptivFloat", "Format", "decode", "encode", "fit", "get", "names", "quantize"]

Floats = npt.NDArray[np.float32]
UnsignedCodes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass(frozen=True)
class AdaptivFloat:
    """A float of `width` bits whose exponents follow the tensor (T. Tambe et al., arXiv 1909.13271).

    A code is sign, exponent, mantissa from the top bit down, its value +-2^(bias + exponent) * (1 + mantissa
    / 2^m): `bias` is the lowest exponent. There are no infinities, NaNs or subnormals. What each variant
    does:

    - "algorithm1": 2^e exponents; exponent and mantissa zero mean zero; rounds half to even, below and at
      half the smallest value to zero, saturates. Codes and values are one to one: the sign-only code is -0.0,
      and only an exact -0.0 gives it.
    - "author-2020": the author's first script: the same, but that script leaves an input of exactly half the
      smallest value unchanged, which no code holds; here it becomes zero.
    - "author-2022": the author's later script (at least 2 exponent bits): 2^e - 2 exponents, and what is
      below the smallest value becomes zero. Exponent field 0 is zero whatever the mantissa; the unused
      highest field reads as the largest value.
    - "edgebert-rtl": EdgeBERT's SystemC: <8, 3> only, bias -10..-3, rounds half toward +infinity, one zero
      without a sign.

    width: 2..16 bits. exponent_bits: 1..min(width - 1, 8), since float32 holds no more exponents. bias:
    -128..128 - exponents in use (the codes stay finite and the bias fits 8 bits), or None until fitted.
    errors: ValueError.

    >>> AdaptivFloat(4, 2, bias=-2).values().tolist()[:8]
    [0.0, 0.375, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0]
    """

    width: int = 8
    exponent_bits: int = 4
    variant: str = "algorithm1"
    bias: int | None = None

    def __post_init__(self) -> None:
        """Checks the shape at once."""
        self._core_shape()

    @property
    def fitted(self) -> bool:
        """Whether the bias is known."""
        return self.bias is not None

    @property
    def mantissa_bits(self) -> int:
        """Stored mantissa bits, the leading one not counted."""
        return self.width - 1 - self.exponent_bits

    def values(self) -> Floats:
        """The value of every code: float32 of shape (2^width,)."""
        return np.asarray(_core.formats.values_of_codes(to_core(self, "values")))

    def bit_order(self) -> list[int]:
        """Bits of a code (0 = lowest) in the order in which memory cells take them: sign, mantissa, exponent.

        The order is that of nvmFI's bit-level encoder (NVMExplorer).
        """
        return list(_core.formats.bit_order(self._core_shape()))

    def _core_shape(self) -> Any:
        return _core.formats.AdaptivFloat(self.width, self.exponent_bits, self.variant, self.bias)

    def _with_core(self, core: Any) -> AdaptivFloat:
        return replace(self, bias=core.bias)


Format = AdaptivFloat  # a union once there are more families
_FAMILIES = {"adaptivfloat": AdaptivFloat}


def names() -> list[str]:
    """Names of the formats in the catalogue.

    >>> "adaptivfloat8" in names()
    True
    """
    return sorted(catalog.records("formats"))


def get(name: str) -> Format:
    """The catalogue's format of that name, not yet fitted; errors: ValueError listing the names.

    >>> get("adaptivfloat8")
    AdaptivFloat(width=8, exponent_bits=4, variant='algorithm1', bias=None)
    """
    record = catalog.record("formats", name, "formats.get")
    shape = {key: entry for key, entry in record.items() if key not in ("title", "family")}
    plain = {
        key: entry.value if isinstance(entry, catalog.Quantity) else entry for key, entry in shape.items()
    }
    return _FAMILIES[record["family"]](**plain)


def fit(x: npt.ArrayLike, fmt: Format) -> Format:
    """The format with its parameters chosen from the data.

    AdaptivFloat: the highest exponent becomes that of the largest magnitude, as far as the range of biases
    goes; for all zeros, or no values, that of 1.0. errors: ValueError where x is not finite.

    >>> fit([0.5, -3.0], get("adaptivfloat8")).bias
    -14
    """
    return fmt._with_core(_core.formats.fit(_floats(x), fmt._core_shape()))


def encode(x: npt.ArrayLike, fmt: Format, threads: int | None = None) -> UnsignedCodes:
    """Codes of x, same shape: uint8 for widths up to 8, else uint16.

    x: taken as float32. threads: None for all; the codes do not depend on it. errors: ValueError where x is
    not finite or the format not fitted.

    >>> encode([0.0, 1.0, -1.9], AdaptivFloat(8, 4, bias=-15)).tolist()
    [0, 120, 255]
    """
    codes: UnsignedCodes = _core.formats.encode(_floats(x), to_core(fmt, "encode"), threads or 0)
    return codes


def decode(codes: npt.ArrayLike, fmt: Format, threads: int | None = None) -> Floats:
    """Values of codes, same shape, float32; every code has one.

    codes: integers below 2^width. errors: ValueError for others, or where the format is not fitted.

    >>> decode([0, 120, 255], AdaptivFloat(8, 4, bias=-15)).tolist()
    [0.0, 1.0, -1.875]
    """
    core = to_core(fmt, "decode")
    array = np.asarray(codes)
    if array.dtype == np.uint8:
        return np.asarray(_core.formats.decode8(array, core, threads or 0))
    return np.asarray(_core.formats.decode16(_codes16(array), core, threads or 0))


def quantize(x: npt.ArrayLike, fmt: Format, threads: int | None = None) -> Floats:
    """The nearest values of the format in one pass: fit (unless the format is fitted), encode, decode.

    x: taken as float32; returns the same shape. errors: ValueError where x is not finite.

    >>> quantize([0.3, -1.0], AdaptivFloat(4, 2)).tolist()
    [0.25, -1.0]
    """
    values = _floats(x)
    fitted = fmt if fmt.fitted else fit(values, fmt)
    return np.asarray(_core.formats.quantize(values, to_core(fitted, "quantize"), threads or 0))


def to_core(fmt: Format, function: str) -> Any:
    """The core's view of a fitted format; `function` opens the error sentence where it is not fitted."""
    if not fmt.fitted:
        raise ValueError(f"{function}: fmt must be fitted (formats.fit), got {fmt}")
    return fmt._core_shape()


def _floats(x: npt.ArrayLike) -> Floats:
    with np.errstate(over="ignore"):  # what overflows float32 is infinite, and refused as such
        return np.asarray(x, dtype=np.float32)


def _codes16(codes: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    if codes.dtype == np.uint16:
        return codes
    if codes.size and codes.dtype.kind not in "iu":
        raise ValueError(f"decode: codes must be integers, got {codes.dtype}")
    if codes.size and (codes.min() < 0 or codes.max() > 0xFFFF):
        raise ValueError(f"decode: codes must be in 0..65535, got {codes.min()}..{codes.max()}")
    return codes.astype(np.uint16)
