"""Linear layers whose weights were pruned in blocks: only the kept blocks are stored and multiplied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert import _core
from siliconbert.arrays import as_array
from siliconbert.storage.kept import grid

BlockNumber = Literal["fp32", "int8"]
# The core's limit too: with more of the blocks the dense product is about as fast.
DENSEST = 0.5


@dataclass(frozen=True)
class Blocks:
    """How a network takes its block-sparse weights: (outputs, inputs) of a block, and the number.

    >>> Blocks((8, 8))
    Blocks(block=(8, 8), number='fp32')
    """

    block: tuple[int, int] = (16, 16)
    number: BlockNumber = "fp32"

    def products(self, dense: Any) -> Any:
        """The back end that takes them so, and the others as `dense` does."""
        rows, columns = self.block
        return _core.transformer.block_products(dense, (rows, columns), self.number)


class BlockLinear:
    """y = x W^T + b for a W whose blocks are mostly zero: compressed sparse column blocks (CSCB).

    The kept blocks are those with a value other than zero. Column balanced pruning (Peng et al., ISQED 2021)
    keeps the same number in every block column of W^T, so `kept` is then one number throughout; the product
    takes any.

    weight : (outputs, inputs), as in models
    bias   : (outputs,), zeros where None
    block  : (outputs, inputs) of a block, up to the weight's; edge blocks may be smaller
    number : "fp32", or "int8": W by one scale for each output, x by one for each row, sums exact
    kernel : name of one that runs here, see kernels(); None for the fastest
    errors : ValueError

    >>> layer = BlockLinear([[1, 2, 0, 0], [3, 4, 0, 0]], block=(2, 2))
    >>> layer([[1, 1, 5, 5]]).tolist(), layer.kept.tolist(), layer.density
    ([[3.0, 7.0]], [1], 0.5)
    """

    def __init__(
        self,
        weight: ArrayLike,
        bias: ArrayLike | None = None,
        block: tuple[int, int] = (16, 16),
        number: BlockNumber = "fp32",
        kernel: str | None = None,
    ):
        """Packs the weight."""
        values = as_array(weight, np.float32)
        added = np.zeros(len(values), np.float32) if bias is None else as_array(bias, np.float32)
        if len(block) != 2 or min(block) < 1:
            raise ValueError(f"BlockLinear: block must be two sizes of at least 1, got {block}")
        self._core = _core.transformer.BlockProduct(values, added, (block[0], block[1]), number, kernel or "")
        self.shape = values.shape
        self.block = block

    @property
    def kernel(self) -> str:
        """The instruction set it runs on."""
        return str(self._core.kernel)

    @property
    def kept(self) -> NDArray[np.int64]:
        """Kept blocks of every `block[0]` outputs: a block column of W^T."""
        start = np.asarray(self._core.start, np.int64)
        return start[1:] - start[:-1]

    @property
    def density(self) -> float:
        """Kept share of all blocks, 0..1."""
        down, across = grid(self.shape[0], self.shape[1], self.block)
        return float(self.kept.sum() / (down * across))

    def __call__(self, x: ArrayLike, threads: int | None = None) -> NDArray[np.float32]:
        """(rows, inputs) to (rows, outputs); a row's bits depend on neither the others nor the threads."""
        rows = as_array(x, np.float32)
        y = np.empty((len(rows), self.shape[0]), np.float32)
        self.into(rows, y, threads)
        return y

    def into(self, x: NDArray[np.float32], y: NDArray[np.float32], threads: int | None = None) -> None:
        """The same into an array that is there, float32 and C-contiguous."""
        self._core.apply_to(x, y, threads or 0)


def kernels() -> list[str]:
    """Names of the kernels that run on this processor, from the fastest on.

    >>> kernels()[-1]
    'portable'
    """
    return list(_core.transformer.block_kernels())
