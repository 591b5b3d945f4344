"""`siliconbert bench trace --spans`: how much of the operations that attention spans save shows in time."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from siliconbert import hardware, models
from siliconbert.bench import network, processor
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.worker import peak_mib
from siliconbert.models import Model, Spans
from siliconbert.reference import transformer as reference

LENGTH = 128
HEADS_OFF = (4, 8)
RAMP = 32.0
# Spans of the heads that are on, tokens; their mean is the 24 that trained heads have at most.
SHORTEST, LONGEST = 12.0, 36.0
# Share of the counted saving that must show in time; set before the first measurement.
FLOOR = 0.8
LARGEST_DIFFERENCE = 1e-5
# Four sentences of 128 tokens are one pass of the engine.
MOST_SENTENCES = 4
# The fastest of so many turns counts in a repeat: what else runs on a core makes the others slower.
TURNS = 3
_FORMATS = ("fp32", "adaptivfloat8")
# A format, and how many heads are off; 0: without spans.
Key = tuple[str, int]
Took = dict[Key, list[float]]
_RULE = (
    "counted by sb.hardware: slices of the Q, K, V projections, scores and contexts of heads that are off; "
    "in brackets also their columns of the output projection. At this length all keys of heads that are on "
    f"are computed. The floor is {FLOOR:.0%} of the first."
)


@dataclass(frozen=True)
class Count:
    """Multiply-accumulates of a sentence: without spans, and the shares that heads that are off save.

    share : of their slices of the Q, K, V projections, their scores and contexts, as sb.hardware counts
    more  : with their columns of the output projection, which the engine leaves out too
    """

    macs: float
    share: float
    more: float


def count(heads_off: int, length: int = LENGTH) -> Count:
    """What heads that are off save in the network of `network.write`, all exits included."""
    chip = hardware.accelerator("edgebert-12nm")
    sizes = hardware.shape("albert-base")
    dense, spanned = (
        sizes.layers * chip.layer(sizes, length, heads_off=off, ramp=True).macs for off in (0, heads_off)
    )
    columns = sizes.layers * length * sizes.hidden * sizes.hidden * heads_off / sizes.heads
    return Count(dense, 1 - spanned / dense, 1 - (spanned - columns) / dense)


def spans(heads: int, heads_off: int) -> Spans:
    """One weight set; the heads that are off lie among the others."""
    values = np.zeros((1, heads), np.float32)
    on = np.linspace(0, heads - 1, heads - heads_off).round().astype(int)
    values[0, on] = np.linspace(SHORTEST, LONGEST, len(on))
    return Spans(values, RAMP)


def run(sentences: int = MOST_SENTENCES, repeats: int = 3) -> Result:
    """Checks a sentence against the definition, then times all, turn by turn, on one thread.

    Times are the process's own, so that other work on the machine disturbs their ratios little.

    errors: RuntimeError where the engine and the definition differ
    """
    rng = np.random.default_rng(0)
    vocabulary = network.SHAPE.vocabulary
    ids = [rng.integers(0, vocabulary, LENGTH).tolist() for _ in range(min(sentences, MOST_SENTENCES))]
    with tempfile.TemporaryDirectory(prefix="siliconbert-bench-") as folder:
        network.write(Path(folder))
        plain = models.load(folder)
    variants = _variants(plain, ids)
    checked = _check(variants, ids[0])
    took = _measure(variants, ids, repeats)
    savings = [_saving(key, took) for key in variants if key[1]]
    return Result(
        _header(variants, len(ids), repeats),
        tuple(_timing(key, took, len(ids)) for key in variants),
        (checked, *savings, _RULE),
        peak_mib(),
    )


def _header(variants: dict[Key, Model], sentences: int, repeats: int) -> tuple[str, ...]:
    return (
        f"processor: {processor.here()}",
        "network: ALBERT-base shape with 11 ramps, random weights (seed 0)",
        f"data: {sentences} sentences of {LENGTH} random tokens",
        f"spans: {SHORTEST:g} .. {LONGEST:g} tokens where heads are on, ramp {RAMP:g}",
        f"run: seconds of processor time, one thread, {repeats} times the fastest of {TURNS} turns, "
        f"load {os.getloadavg()[0]:.1f} at the end",
        *(f"{fmt} on {variants[fmt, 0].encoder.path}" for fmt in _FORMATS),
    )


def _variants(plain: Model, ids: list[list[int]]) -> dict[Key, Model]:
    """The networks to time, in the order of the table."""
    by_off = {
        off: plain.with_spans(spans(plain.shape.heads, off)) if off else plain for off in (0, *HEADS_OFF)
    }
    found: dict[Key, Model] = {("fp32", off): model for off, model in by_off.items()}
    for off, model in by_off.items():
        found["adaptivfloat8", off] = model.quantized("adaptivfloat8", ids, threads=1)
    return found


def _check(variants: dict[Key, Model], ids: list[int]) -> str:
    """What the comparison with the definition found."""
    worst = max(_difference(variants["fp32", off], ids) for off in HEADS_OFF)
    if worst > LARGEST_DIFFERENCE:
        raise RuntimeError(
            f"bench: logits differ from the definition by {worst:.1e} of the largest, "
            f"not {LARGEST_DIFFERENCE}"
        )
    return f"checked: fp32 logits of all exits within {worst:.1e} of the definition (of the largest)"


def _difference(model: Model, ids: list[int]) -> float:
    """Of all exits of a sentence from the definition in float64, relative to the largest."""
    assert model.spans is not None
    tensors = {name: values.astype(np.float64) for name, values in model.tensors.items()}
    twin: Any = reference.trace
    expected = twin(model.shape.engine(), tensors, ids, spans=model.spans.plain())
    return float(np.abs(model.trace([ids]).logits[0] - expected).max() / np.abs(expected).max())


def _measure(variants: dict[Key, Model], ids: list[list[int]], repeats: int) -> Took:
    for model in variants.values():
        model.trace(ids, threads=1)  # makes the network and its kernels
    took: Took = {key: [] for key in variants}
    for _ in range(repeats):
        turns = [{key: _seconds(model, ids) for key, model in variants.items()} for _ in range(TURNS)]
        for key in variants:
            took[key].append(min(turn[key] for turn in turns))
    return took


def _seconds(model: Model, ids: list[list[int]]) -> float:
    start = time.process_time()
    model.trace(ids, threads=1)
    return time.process_time() - start


def _timing(key: Key, took: Took, sentences: int) -> Timing:
    """Seconds a sentence."""
    fmt, off = key
    each = [seconds / sentences for seconds in took[key]]
    where = f"{fmt}, {off} of 12 heads off" if off else f"{fmt}, no spans"
    if not off:
        return Timing(where, median(each), min(each), max(each))
    ratio = median(took[fmt, 0]) / median(took[key])
    return Timing(where, median(each), min(each), max(each), ratio, 1 / (1 - FLOOR * count(off).share))


def _saving(key: Key, took: Took) -> str:
    fmt, off = key
    counted = count(off)
    saved = 1 - median(took[key]) / median(took[fmt, 0])
    return (
        f"{fmt}, {off} heads off: counted saving {counted.share:.1%} ({counted.more:.1%}), in time "
        f"{saved:.1%}: {saved / counted.share:.0%} ({saved / counted.more:.0%}) of it"
    )
