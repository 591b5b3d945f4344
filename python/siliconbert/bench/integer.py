"""`siliconbert bench integer`: BERT-base in w8/a8, beside dynamic int8 of ONNX Runtime and PyTorch."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import models
from siliconbert.bench import int8_peers, network, onnx_network, processor, trace
from siliconbert.bench.padded import padded, seconds
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.worker import Worker
from siliconbert.models import Integer, IntegerModel, Model, Shape
from siliconbert.reference import integer as twin
from siliconbert.reference.largest import largest_activations

# Floors of a peer's time over ours, by processor class: the faster peer's in the row of ours, and that of
# ONNX Runtime in its own; set before the first measurement.
FLOORS = {"A": 1.5, "B": 1.1}
ONNX = "ONNX Runtime"
ONNX_FLOORS = {"A": 1.8, "B": 1.1}
SHAPE = Shape("bert", 30522, 512, 2, 768, 768, 12, 3072, 12, 12, 2)
BATCH, LENGTH = 32, 128
# Static scales of a random network are coarser than those of a trained one.
LARGEST_DIFFERENCE = 0.25
_CHECKED = 8  # tokens that the twin runs

Batches = list[list[list[int]]]
CASES = (f"length {LENGTH}", "real lengths")


def model(seen: Iterable[list[int]]) -> IntegerModel:
    """The network in w8/a8; its activations' scales cover those of the sentences seen."""
    tensors = network.tensors(SHAPE, ramps=False)
    largest: dict[str, float] = {}
    observe: Any = largest_activations
    for ids in seen:
        for place, value in observe(SHAPE.engine(), tensors, ids).items():
            largest[place] = max(largest.get(place, 0.0), value)
    return Model("bert-base", SHAPE, tensors).integer(largest, Integer(8, 8))


class Integers:
    """The network in w8/a8, and batches to run."""

    def __init__(self, batches: dict[str, Batches], threads: int):
        """Quantizes the network with the largest activations of two sentences."""
        self._model = model((batches[CASES[0]][0][0], batches[CASES[1]][-1][-1]))
        self._batches, self._threads = batches, threads

    def seconds(self, case: str) -> float:
        """Time of all batches of a case, one after the other."""
        start = time.perf_counter()
        for batch in self._batches[case]:
            self._model.trace(batch, threads=self._threads)
        return time.perf_counter() - start

    def logits(self, batch: list[list[int]]) -> NDArray[np.float32]:
        """(sentences, classes)."""
        return self._model.trace(batch, threads=self._threads).logits[:, -1]

    def equals_twin(self) -> bool:
        """Whether a few tokens give the twin's bits."""
        ids = self._batches[CASES[0]][0][0][:_CHECKED]
        exact: Any = twin.trace
        return np.array_equal(exact(self._model.parts(), np.array(ids))[-1], self.logits([ids])[0])

    def path(self) -> str:
        """Back end of the products."""
        return str(self._model.encoder.path)


def run(
    peers: bool, sentences: int = 128, repeats: int = 5, threads: int = 2, glue: Path | None = None
) -> Result:
    """Times ours and, with `peers`, both others, turn by turn; a row a case and engine.

    errors: ImportError where the peers' packages are missing; RuntimeError where an answer is wrong
    """
    if peers:
        onnx_network.require()
    batches, origin = _batches(sentences, glue)
    with (
        tempfile.TemporaryDirectory(prefix="siliconbert-bench-") as folder,
        Worker(Integers, batches, threads) as ours,
    ):
        theirs = _peers(threads, Path(folder)) if peers else {}
        checked = _check(ours, theirs, batches)
        times = _measure(ours, theirs, batches, repeats)
        versions = [f"peer: {peer.version}, dynamic int8" for peer in theirs.values()]
        load = os.getloadavg()[0]
        header = (
            f"processor: {processor.here()}",
            "network: BERT-base shape, random weights (seed 0); w8/a8, integer softmax and layer norm",
            f"data: batches of {BATCH}: of {LENGTH} tokens, and {origin}, sorted by length",
            f"run: {threads} threads, {repeats} repeats in turn, load {load:.1f} at the end",
            f"ours: {ours.ask('path')}, without padding; peers padded to each batch's longest",
            *versions,
        )
        return Result(header, _timings(times, batches), (f"checked: {checked}",), ours.peak_mib())


def _batches(sentences: int, glue: Path | None) -> tuple[dict[str, Batches], str]:
    found = trace.data_set(sentences, glue)
    tokenizer = models.load("minilm/sst2").tokenizer
    assert tokenizer is not None
    ids = sorted((list(map(int, row)) for row in tokenizer.encode(found.sentences).ids), key=len)
    rng = np.random.default_rng(0)
    even = rng.integers(0, SHAPE.vocabulary, (BATCH, LENGTH)).tolist()
    real = [ids[i : i + BATCH] for i in range(0, len(ids), BATCH)]
    length = sum(map(len, ids)) / len(ids)
    what = f"{len(ids)} sentences of {found.task} {found.split} ({length:.1f} tokens on average)"
    return {CASES[0]: [even], CASES[1]: real}, what


def _peers(threads: int, folder: Path) -> dict[str, int8_peers.OnnxInt8 | int8_peers.TorchInt8]:
    tensors = network.tensors(SHAPE, ramps=False)
    return {
        ONNX: int8_peers.OnnxInt8(SHAPE, tensors, threads, folder),
        "PyTorch": int8_peers.TorchInt8(SHAPE, tensors, threads),
    }


def _check(
    ours: Worker, theirs: dict[str, int8_peers.OnnxInt8 | int8_peers.TorchInt8], batches: dict[str, Batches]
) -> str:
    if not ours.ask("equals_twin"):
        raise RuntimeError("bench: the integer engine's logits differ from its twin's")
    said = f"logits of {_CHECKED} tokens: the NumPy twin's, bit for bit"
    if not theirs:
        return said
    some = batches[CASES[1]][0]
    filled = padded(some)
    exact = int8_peers.Fp32(SHAPE, network.tensors(SHAPE, ramps=False)).logits(filled)
    answers = {"ours": ours.ask("logits", some)} | {n: peer.logits(filled) for n, peer in theirs.items()}
    worst = {n: float(np.abs(found - exact).max() / np.abs(exact).max()) for n, found in answers.items()}
    for name, difference in worst.items():
        if difference > LARGEST_DIFFERENCE:
            raise RuntimeError(
                f"bench: logits of {name} differ from fp32 by {difference:.2g} of the largest, "
                f"not {LARGEST_DIFFERENCE}"
            )
    apart = ", ".join(f"{name} {difference:.3f}" for name, difference in worst.items())
    return f"{said}; largest difference from fp32's, of the largest logit: {apart}"


def _measure(
    ours: Worker,
    theirs: dict[str, int8_peers.OnnxInt8 | int8_peers.TorchInt8],
    batches: dict[str, Batches],
    repeats: int,
) -> dict[tuple[str, str], list[float]]:
    """Seconds of each case and engine, `repeats` times in turn, after one pass that is not counted."""
    runs: dict[tuple[str, str], Callable[[], float]] = {}
    for case in CASES:
        runs[case, "ours"] = partial(ours.ask, "seconds", case)
        filled = [padded(batch) for batch in batches[case]]
        for name, peer in theirs.items():
            runs[case, name] = partial(seconds, peer, filled)
    times: dict[tuple[str, str], list[float]] = {key: [] for key in runs}
    for repeat in range(repeats + 1):
        for key, once in runs.items():
            found = once()
            if repeat:
                times[key].append(found)
    return times


def _timings(times: dict[tuple[str, str], list[float]], batches: dict[str, Batches]) -> tuple[Timing, ...]:
    """Milliseconds a sentence; ours is compared with the faster peer of its case, each peer with ours."""
    kind = processor.here().kind
    rows = []
    for (case, name), found in times.items():
        scale = 1000 / sum(map(len, batches[case]))
        others = [median(t) for (c, n), t in times.items() if c == case and n != "ours"]
        ratio, floor = None, None
        if name != "ours":
            ratio = median(found) / median(times[case, "ours"])
            floor = ONNX_FLOORS.get(kind) if name == ONNX else None
        elif others:
            ratio, floor = min(others) / median(found), FLOORS.get(kind)
        ms = [scale * t for t in found]
        rows.append(Timing(f"{case}: {name}", median(ms), min(ms), max(ms), ratio, floor))
    return tuple(rows)
