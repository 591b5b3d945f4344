"""Number formats as they are defined, in float64: slow and plain. One module a family."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from siliconbert.reference.formats import adaptivfloat, binary, minifloat, steps
from siliconbert.reference.formats.adaptivfloat import AdaptivFloat
from siliconbert.reference.formats.binary import Binary
from siliconbert.reference.formats.minifloat import Minifloat
from siliconbert.reference.formats.sharing import draws_of, sets_of
from siliconbert.reference.formats.steps import Fixed, Integer

__all__ = [
    "AdaptivFloat",
    "Binary",
    "Fixed",
    "Integer",
    "Minifloat",
    "decode",
    "draws_of",
    "encode",
    "fit",
    "quantize",
    "sets_of",
    "values",
]

# A family's module has fit(x, fmt), encode(x, fmt, draws) and decode(codes, fmt) for one parameter set.
_MODULES: dict[type, Any] = {
    AdaptivFloat: adaptivfloat,
    Minifloat: minifloat,
    Fixed: steps,
    Integer: steps,
    Binary: binary,
}


def fit(x: npt.ArrayLike, fmt: Any) -> Any:
    """The format with its parameters chosen from the data."""
    return _MODULES[type(fmt)].fit(np.asarray(x, np.float32).astype(np.float64), fmt)


def encode(x: npt.ArrayLike, fmt: Any, draws: npt.NDArray[np.float64] | None = None) -> npt.NDArray[np.int64]:
    """Codes of x; `draws` in [0, 1), one a value, decide where rounding is stochastic."""
    value = np.asarray(x, np.float32).astype(np.float64)
    codes: npt.NDArray[np.int64] = _MODULES[type(fmt)].encode(value, fmt, draws)
    return codes


def decode(codes: npt.ArrayLike, fmt: Any) -> npt.NDArray[np.float32]:
    """Values of codes, float32."""
    found: npt.NDArray[np.float32] = _MODULES[type(fmt)].decode(np.asarray(codes, np.int64), fmt)
    return found


def quantize(x: npt.ArrayLike, fmt: Any) -> npt.NDArray[np.float32]:
    """Encode, then decode."""
    return decode(encode(x, fmt), fmt)


def values(fmt: Any) -> npt.NDArray[np.float32]:
    """The value of every code."""
    return decode(np.arange(2**fmt.width), fmt)
