"""Arrays of other libraries as NumPy's, without importing any of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["as_array"]


def as_array(x: Any, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """The values of x: whatever NumPy takes, a PyTorch tensor, or anything that speaks DLPack or __array__.

    No copy is made where the memory is the processor's and the type fits. Tensors that take part in autograd
    are detached, those on a GPU copied to the host, and bfloat16, which NumPy lacks, becomes float32.
    """
    if isinstance(x, np.ndarray):
        return np.asarray(x, dtype=dtype)
    if hasattr(x, "detach"):  # PyTorch
        x = x.detach().cpu()
        x = x.float() if str(x.dtype) == "torch.bfloat16" else x
    if hasattr(x, "__dlpack__") and not hasattr(x, "__array__"):
        x = np.from_dlpack(x)
    return np.asarray(x, dtype=dtype)
