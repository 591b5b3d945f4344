"""Arrays of values to codes and back, in any format."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from siliconbert import _core
from siliconbert.arrays import as_array
from siliconbert.formats.family import Floats, Format, to_core

UnsignedCodes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
F = TypeVar("F", bound=Format)


def fit(x: npt.ArrayLike, fmt: F, mask: npt.ArrayLike | None = None, threads: int | None = None) -> F:
    """The format with its parameters chosen from the data.

    x: any shape; rows of its last dimension where parameters are per row or group. mask: bool of the same
    shape, values that it drops do not count. What each family chooses stands with its class. errors:
    ValueError where x is not finite.

    >>> from siliconbert.formats import get
    >>> fit([0.5, -3.0], get("adaptivfloat8")).bias
    -14
    """
    values = _floats(x)
    fitted = _core.formats.fit(values, fmt._core_shape(), _mask(mask, values), threads or 0)
    return fmt._with_core(fitted)


def encode(
    x: npt.ArrayLike, fmt: Format, threads: int | None = None, *, seed: int = 0, name: str = "w"
) -> UnsignedCodes:
    """Codes of x, same shape: uint8 for widths up to 8, else uint16.

    x: taken as float32. threads: None for all; the codes do not depend on it. seed, name: address the draws
    of stochastic rounding, one an element of the tensor of that name. errors: ValueError where x is not
    finite (unless the format has a code for it) or the format not fitted.

    >>> from siliconbert.formats import AdaptivFloat
    >>> encode([0.0, 1.0, -1.9], AdaptivFloat(8, 4, bias=-15)).tolist()
    [0, 120, 255]
    """
    core = to_core(fmt, "encode")
    codes: UnsignedCodes = _core.formats.encode(_floats(x), core, threads or 0, _seed(seed), name)
    return codes


def decode(codes: npt.ArrayLike, fmt: Format, threads: int | None = None) -> Floats:
    """Values of codes, same shape, float32; every code has one.

    codes: integers below 2^width. errors: ValueError for others, or where the format is not fitted.

    >>> from siliconbert.formats import AdaptivFloat
    >>> decode([0, 120, 255], AdaptivFloat(8, 4, bias=-15)).tolist()
    [0.0, 1.0, -1.875]
    """
    core = to_core(fmt, "decode")
    array = as_array(codes)
    if array.dtype == np.uint8:
        return np.asarray(_core.formats.decode8(array, core, threads or 0))
    return np.asarray(_core.formats.decode16(_codes16(array), core, threads or 0))


def quantize(
    x: npt.ArrayLike,
    fmt: Format,
    threads: int | None = None,
    *,
    seed: int = 0,
    name: str = "w",
    out: Floats | None = None,
) -> Floats:
    """The nearest values of the format in one pass: fit (unless the format is fitted), encode, decode.

    x       : taken as float32; returns the same shape
    seed, name : as in encode
    out     : float32 array of that shape, without gaps, that takes the values and is returned; x itself for
              instance
    errors  : ValueError where x is not finite, unless the format has a code for it (what stands in `out` is
              then of no use), and for another `out`

    >>> from siliconbert.formats import AdaptivFloat
    >>> quantize([0.3, -1.0], AdaptivFloat(4, 2)).tolist()
    [0.25, -1.0]
    """
    values = _floats(x)
    fitted = fmt if fmt.fitted else fit(values, fmt, threads=threads)
    core = to_core(fitted, "quantize")
    if out is None:
        return np.asarray(_core.formats.quantize(values, core, threads or 0, _seed(seed), name))
    if out.dtype != np.float32 or out.shape != values.shape or not out.flags.carray:
        raise ValueError(
            f"quantize: out must be float32 of shape {values.shape} without gaps, "
            f"got {out.dtype} of shape {out.shape}"
        )
    _core.formats.quantize_into(values, core, threads or 0, _seed(seed), name, out)
    return out


def _floats(x: npt.ArrayLike) -> Floats:
    if isinstance(x, np.ndarray) and x.dtype == np.float32:
        return np.asarray(x)
    with np.errstate(over="ignore"):  # what overflows float32 is infinite, and refused as such
        return as_array(x, np.float32)


def _mask(mask: npt.ArrayLike | None, x: Floats) -> Any:
    if mask is None:
        return None
    kept = as_array(mask)
    if kept.dtype != np.bool_ or kept.shape != x.shape:
        raise ValueError(f"fit: mask must be bool of shape {x.shape}, got {kept.dtype} of shape {kept.shape}")
    return _core.base.Mask(kept.reshape(1, -1))


def _seed(seed: int) -> int:
    if not 0 <= seed < 2**64:
        raise ValueError(f"encode: seed must be in 0..2^64 - 1, got {seed}")
    return seed


def _codes16(codes: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    if codes.dtype == np.uint16:
        return codes
    if codes.size and codes.dtype.kind not in "iu":
        raise ValueError(f"decode: codes must be integers, got {codes.dtype}")
    if codes.size and (codes.min() < 0 or codes.max() > 0xFFFF):
        raise ValueError(f"decode: codes must be in 0..65535, got {codes.min()}..{codes.max()}")
    return codes.astype(np.uint16)
