"""`siliconbert bench cscb`: products with column balanced block-sparse weights against dense and SciPy's."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from statistics import median
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from siliconbert import _core, extras, sparsity
from siliconbert.bench import processor
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.worker import peak_mib
from siliconbert.campaign import language_speed
from siliconbert.models import BlockLinear, LanguageModel
from siliconbert.models.engine import products
from siliconbert.reference import blocks as twin

INPUTS = 800
OUTPUTS = (800, 28_785)
ROWS = (32, 128, 1120)
PRUNED = (0.9, 0.8)
BLOCK = (16, 16)
# How many times faster than the dense product ours must be on AVX-512, by share pruned and rows; and than
# SciPy's. Set before the first measurement.
DENSE_FLOORS = {
    (0.9, 32): 5.0,
    (0.9, 128): 7.0,
    (0.9, 1120): 7.0,
    (0.8, 32): 3.5,
    (0.8, 128): 3.5,
    (0.8, 1120): 3.5,
}
SCIPY_FLOORS = {0.9: 8.0}
# The paper's language model with random weights, by blocks against dense: a batch of windows.
NETWORK, WINDOWS, PLACES = "cbbp-wikitext2", 32, 35
MODEL_FLOOR = 3.0
# A repeat of one product takes at least about so long.
_SECONDS = 0.02
LARGEST_DIFFERENCE = 1e-4
_OURS, _INT8, _DENSE, _SCIPY = "CSCB fp32", "CSCB int8", "dense fp32", "SciPy BSR"
Run = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """One product: rows x INPUTS times INPUTS x outputs, a share of whose blocks is pruned."""

    rows: int
    outputs: int
    pruned: float

    @property
    def name(self) -> str:
        """Its sizes in words."""
        return f"{INPUTS} x {self.outputs}, {self.pruned:.0%} pruned, {self.rows} rows"


@dataclass(frozen=True, eq=False)
class Problem:
    """The numbers of one case; weight: (outputs, INPUTS)."""

    case: Case
    x: NDArray[np.float32]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


def cases() -> list[Case]:
    """All of them."""
    return [Case(rows, outputs, pruned) for pruned in PRUNED for outputs in OUTPUTS for rows in ROWS]


def problem(case: Case, inputs: int = INPUTS) -> Problem:
    """Random numbers, and the blocks of each block column with the largest norms."""
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((case.outputs, inputs), np.float32)
    weight *= sparsity.prune(weight, sparsity.Block(BLOCK, "row"), 1 - case.pruned)
    x = _aligned(case.rows, inputs)
    x[:] = rng.standard_normal(x.shape, np.float32)
    return Problem(case, x, weight, np.ones(case.outputs, np.float32))


def _aligned(rows: int, columns: int) -> NDArray[np.float32]:
    """Room that begins with a cache line; of np.empty, which asks for large pages where np.zeros does not."""
    room = np.empty(rows * columns + 16, np.float32)
    room[:] = 0
    first = -room.ctypes.data % 64 // room.itemsize
    return room[first : first + rows * columns].reshape(rows, columns)


def run(peers: bool = False, repeats: int = 5) -> Result:
    """Checks every product, then times all in turn, on one thread, in process time.

    peers  : SciPy's BSR too
    errors : RuntimeError where two of them differ; ImportError where SciPy is missing
    """
    if peers:
        extras.require("bench", "bench", "scipy")
    timings: list[Timing] = []
    worst = 0.0
    for case in cases():
        given = problem(case)
        runs, difference = checked(given, peers)
        worst = max(worst, difference)
        timings += _timings(case, _measure(runs, repeats))
    network = language_speed.network(NETWORK, PLACES)
    timings += model_timings(network, WINDOWS, repeats)
    header = (
        f"processor: {processor.here()}",
        f"ours: kernel {BlockLinear(np.ones(BLOCK)).kernel}; dense: {products().name}, weights packed "
        "once, one product for all rows",
        f"run: ms of process time, 1 thread, median of {repeats} alternating repeats, load "
        f"{os.getloadavg()[0]:.1f} at the end",
    )
    footer = (
        f"checked: ours, dense and SciPy agree to {worst:.1e} of the largest result; int8 is its "
        "definition bit for bit in 32 rows",
        f"blocks {BLOCK[0]} x {BLOCK[1]}, the same number in every block column; ours turns rows to "
        "tokens side by side and back, which is in its time; int8 also quantises the rows",
        "language model: 2 encoder layers of width 800 and a decoder, random weights, 0.9 pruned in blocks; "
        "all of it is timed, attention, norms and the losses of the words too",
        "SciPy multiplies x transposed beforehand, and leaves its result transposed",
    )
    return Result(header, tuple(timings), footer, peak_mib())


def model_timings(model: LanguageModel, windows: int, repeats: int) -> list[Timing]:
    """The likeliest next words and the losses of a batch of windows, dense and by blocks."""
    sparse = model.with_cscb(BLOCK)
    text = np.random.default_rng(1).integers(0, model.shape.vocabulary, (windows, model.shape.positions + 1))
    if not np.allclose(sparse.judge(text, 1).loss, model.judge(text, 1).loss, rtol=LARGEST_DIFFERENCE):
        raise RuntimeError(f"bench: losses of the language model must agree to {LARGEST_DIFFERENCE}")
    took = _measure(
        {"by blocks": lambda: sparse.judge(text, threads=1), "dense": lambda: model.judge(text, threads=1)},
        repeats,
    )
    ratio = median(took["dense"]) / median(took["by blocks"])
    return [
        Timing(
            f"language model, {windows} x {model.shape.positions} words: {way}",
            median(each),
            min(each),
            max(each),
            *((ratio, MODEL_FLOOR) if way == "dense" else ()),
        )
        for way, each in took.items()
    ]


def checked(given: Problem, peers: bool) -> tuple[dict[str, Run], float]:
    """What to time, after comparing results; and the largest difference from the dense product."""
    ours = BlockLinear(given.weight, given.bias, BLOCK)
    int8 = BlockLinear(given.weight, given.bias, BLOCK, "int8")
    few, definition = given.x[:32], cast(Run, twin.multiply_int8)
    if not np.array_equal(int8(few, threads=1), definition(few, given.weight, given.bias)):
        raise RuntimeError(f"bench: int8 must be its definition bit for bit, {given.case.name} is not")
    y = _aligned(given.case.rows, given.case.outputs)
    dense = _core.transformer.DenseProduct(products(), given.weight, given.bias, given.case.rows)
    runs: dict[str, Run] = {
        _OURS: lambda: ours.into(given.x, y, threads=1),
        _INT8: lambda: int8.into(given.x, y, threads=1),
        _DENSE: lambda: dense.apply_to(given.x, y),
    }
    runs[_DENSE]()
    expected, results = y.copy(), [ours(given.x, threads=1)]
    if peers:
        runs[_SCIPY] = _scipy(given)
        results.append(runs[_SCIPY]().T[:, : given.case.outputs] + given.bias)
    difference = max(float(np.abs(found - expected).max() / np.abs(expected).max()) for found in results)
    if difference > LARGEST_DIFFERENCE:
        raise RuntimeError(
            f"bench: products must agree to {LARGEST_DIFFERENCE}, got {difference:.1e} in {given.case.name}"
        )
    return runs, difference


def _scipy(given: Problem) -> Run:
    high = BLOCK[0]
    padded = np.zeros((-(-len(given.weight) // high) * high, given.weight.shape[1]), np.float32)
    padded[: len(given.weight)] = given.weight
    matrix, x = (
        import_module("scipy.sparse").bsr_matrix(padded, blocksize=BLOCK),
        np.ascontiguousarray(given.x.T),
    )
    matrix.eliminate_zeros()
    return lambda: matrix @ x


def _measure(runs: dict[str, Run], repeats: int) -> dict[str, list[float]]:
    """Milliseconds a call of each, by repeat."""
    calls = {name: max(1, round(_SECONDS / max(_seconds(run, 1), 1e-6))) for name, run in runs.items()}
    took: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, each in runs.items():
            took[name].append(1000 * _seconds(each, calls[name]))
    return took


def _seconds(each: Run, calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        each()
    return (time.process_time() - start) / calls


def _timings(case: Case, took: dict[str, list[float]]) -> list[Timing]:
    floors = {_DENSE: DENSE_FLOORS.get((case.pruned, case.rows)), _SCIPY: SCIPY_FLOORS.get(case.pruned)}
    fast = "avx512" in products().name and "avx512" in BlockLinear(np.ones(BLOCK)).kernel
    return [
        Timing(
            f"{case.name}: {name}",
            median(each),
            min(each),
            max(each),
            median(each) / median(took[_OURS]) if name in floors else None,
            floors.get(name) if fast else None,
        )
        for name, each in took.items()
    ]
