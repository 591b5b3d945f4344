"""`siliconbert bench quantize`: rounding to AdaptivFloat8 on one core, beside casts to 8-bit floats."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import formats
from siliconbert.bench import processor
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.worker import peak_mib

Floats = NDArray[np.float32]

# Most nanoseconds an element: with the bias given, and with the fit, on one core with AVX-512.
LIMITS = {"from memory": (0.30, 0.50), "in cache": (0.20, 0.30)}
FLOOR = 3.0  # how many times faster than ml_dtypes' cast to float8_e4m3fn
ELEMENTS = {"from memory": 1 << 26, "in cache": 1 << 18}
_CHECKED = 1 << 20


def run(peers: bool, repeats: int = 5) -> Result:
    """Times rounding in place and, with `peers`, casts of the same values, turn by turn.

    errors: ImportError where ml_dtypes is missing; RuntimeError where an answer is wrong
    """
    if peers and find_spec("ml_dtypes") is None:
        raise ImportError("bench: ml_dtypes missing; install it with: pip install ml_dtypes")
    _check()
    timings: list[Timing] = []
    moved = 0.0
    for place, count in ELEMENTS.items():
        values = np.random.default_rng(0).standard_normal(count, np.float32)
        found = _measure(_runs(values, peers), values, repeats)
        if place == "from memory":
            moved = _bandwidth(values)
        timings += _rows(place, found)
        del values
    best = min(t.median for t in timings if t.name == "bias given, from memory")
    footer = (
        f"checked: {_CHECKED} values of random bits: the bits of encode, then decode",
        f"in place from memory: {8 / best:.1f} GB/s read and written; a copy moves {moved:.1f}",
    )
    header = (
        f"processor: {processor.here()}",
        "format: AdaptivFloat(8, 4), float32 in and out, in place, one thread; "
        f"{ELEMENTS['from memory'] >> 18} MiB from memory, {ELEMENTS['in cache'] >> 8} KiB in cache",
        f"run: {repeats} repeats in turn, load {os.getloadavg()[0]:.1f} at the end",
        *([f"peer: {', '.join(_versions())}, into an array that is there"] if peers else []),
    )
    return Result(header, tuple(timings), footer, peak_mib())


def _check() -> None:
    bits = np.random.default_rng(1).integers(0, 1 << 32, _CHECKED, np.uint32)
    values = bits.view(np.float32)
    values = values[np.isfinite(values)]
    fmt = formats.AdaptivFloat(8, 4, bias=-15)
    exact = formats.decode(formats.encode(values, fmt), fmt)
    if not np.array_equal(formats.quantize(values, fmt).view(np.uint32), exact.view(np.uint32)):
        raise RuntimeError("bench: rounding must give the bits of encode, then decode")


def _versions() -> list[str]:
    return [f"{name} {version(name)}" for name in ("ml_dtypes", "torch") if find_spec(name)]


def _runs(values: Floats, peers: bool) -> dict[str, Callable[[], object]]:
    shape = formats.get("adaptivfloat8")
    fitted = formats.fit(values, shape)
    runs: dict[str, Callable[[], object]] = {
        "bias given": partial(formats.quantize, values, fitted, 1, out=values),
        "with the fit": partial(formats.quantize, values, shape, 1, out=values),
    }
    if not peers:
        return runs
    codes = np.empty(values.shape, import_module("ml_dtypes").float8_e4m3fn)
    runs["ml_dtypes' cast to float8_e4m3fn"] = partial(np.copyto, codes, values, casting="unsafe")
    if find_spec("torch"):
        runs["PyTorch's cast to float8_e4m3fn"] = _torch(values)
    return runs


def _torch(values: Floats) -> Callable[[], object]:
    torch: Any = import_module("torch")
    torch.set_num_threads(1)
    given = torch.from_numpy(values)
    codes = torch.empty(given.shape, dtype=torch.float8_e4m3fn)
    return partial(codes.copy_, given)


def _measure(runs: dict[str, Callable[[], object]], values: Floats, repeats: int) -> dict[str, list[float]]:
    """Nanoseconds an element, `repeats` times in turn, after one call that is not counted."""
    again = max(1, (1 << 22) // values.size)
    took: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats + 1):
        for name, once in runs.items():
            start = time.perf_counter()
            for _ in range(again):
                once()
            if repeat:
                took[name].append((time.perf_counter() - start) / again / values.size * 1e9)
    return took


def _bandwidth(values: Floats) -> float:
    """GB/s read and written by a copy."""
    other = np.zeros_like(values)
    start = time.perf_counter()
    np.copyto(other, values)
    return 2 * values.nbytes / (time.perf_counter() - start) / 1e9


def _rows(place: str, found: dict[str, list[float]]) -> list[Timing]:
    """Ours against its limit, the peers against ours."""
    ours = median(found["bias given"])
    rows = []
    for name, limit in zip(("bias given", "with the fit"), LIMITS[place], strict=True):
        took = found.pop(name)
        ratio = limit / median(took)
        rows.append(Timing(f"{name}, {place}", median(took), min(took), max(took), ratio, 1.0))
    for name, took in found.items():
        floor = FLOOR if name.startswith("ml_dtypes") else None
        rows.append(
            Timing(f"{name}, {place}", median(took), min(took), max(took), median(took) / ours, floor)
        )
    return rows
