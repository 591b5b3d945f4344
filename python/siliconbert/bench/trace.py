"""`siliconbert bench trace`: all twelve exits of an ALBERT-base in one pass, against the loop of today."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from siliconbert import data, models
from siliconbert.bench import network, peer, processor
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.worker import Worker
from siliconbert.data import Data

# Floors of sentences per second over the peer's, by processor class; set before the first measurement.
FLOORS = {"A": {"fp32": 6.0, "adaptivfloat8": 15.0}, "B": {"fp32": 5.0, "adaptivfloat8": 7.0}}
PEER_SENTENCES = 60
CHECKED_SENTENCES = 64
LARGEST_DIFFERENCE = 1e-5
MEMORY_MIB = 1024


Sentences = list[list[int]]
FORMATS = ("fp32", "adaptivfloat8")
# Sentences whose activations set the AdaptivFloat biases.
_CALIBRATION = 64


class Traces:
    """The network of `network.write` in both formats, and token ids to run."""

    def __init__(self, folder: Path, sentences: Sentences, threads: int):
        """Loads the network and quantizes it."""
        plain = models.load(folder)
        self._models = {
            "fp32": plain,
            "adaptivfloat8": plain.quantized("adaptivfloat8", sentences[:_CALIBRATION], threads),
        }
        self._sentences = sentences
        self._threads = threads

    def seconds(self, fmt: str) -> float:
        """Time of one trace of all sentences."""
        start = time.perf_counter()
        self._models[fmt].trace(self._sentences, threads=self._threads)
        return time.perf_counter() - start

    def logits(self, count: int) -> NDArray[np.float32]:
        """fp32 logits (count, exits, classes) of the first sentences."""
        return self._models["fp32"].trace(self._sentences[:count], threads=self._threads).logits

    def path(self, fmt: str) -> str:
        """The numeric path of a format."""
        return str(self._models[fmt].encoder.path)


def run(
    peers: bool, sentences: int = 872, repeats: int = 3, threads: int = 2, glue: Path | None = None
) -> Result:
    """Times ours and, with `peers`, the EdgeBERT-style loop, turn by turn.

    errors: ImportError where the peer's packages are missing; RuntimeError where ours and the peer differ
    """
    if peers:
        peer.require()
    ids, origin = albert_sentences(sentences, glue)
    with tempfile.TemporaryDirectory(prefix="siliconbert-bench-") as folder:
        network.write(Path(folder))
        with Worker(Traces, Path(folder), ids, threads) as ours:
            theirs = peer.Peer(Path(folder), threads) if peers else None
            checked = _check(ours, theirs, ids) if theirs else "not compared with a peer (--peers does)"
            speeds = _measure(ours, theirs, ids, repeats)
            header = _header(ours, theirs, ids, origin, threads, repeats)
            return _result(header, speeds, checked, ours.peak_mib())


def data_set(count: int, glue: Path | None) -> Data:
    """SST-2 dev, or vader-amazon where there is none; at most `count` sentences."""
    try:
        found = data.load("sst2", split="dev", folder=glue)
    except ValueError:
        if glue is not None:
            raise
        found = data.load("vader-amazon")
    return found.quick(count)


def albert_sentences(count: int, glue: Path | None) -> tuple[Sentences, str]:
    """Token ids by the tokenizer of edgebert-mini for `network`'s ALBERT, and what they are."""
    found = data_set(count, glue)
    tokenizer = models.load("edgebert-mini/sst2").tokenizer
    assert tokenizer is not None
    coded = tokenizer.encode(found.sentences)
    # The random table has ALBERT's 30,000 rows; ids beyond wrap around, which changes no length.
    ids = [[int(i) % network.CONFIG["vocab_size"] for i in row] for row in coded.ids]  # type: ignore[operator]
    length = sum(map(len, ids)) / len(ids)
    return ids, f"{found.task} {found.split}, {len(ids)} sentences, {length:.1f} tokens on average"


def _check(ours: Worker, theirs: peer.Peer, ids: Sentences) -> str:
    count = min(CHECKED_SENTENCES, len(ids))
    expected = theirs.logits(ids[:count])
    worst = float(np.abs(ours.ask("logits", count) - expected).max() / np.abs(expected).max())
    if worst > LARGEST_DIFFERENCE:
        raise RuntimeError(
            f"bench: logits differ from transformers by {worst:.1e} of the largest, not {LARGEST_DIFFERENCE}"
        )
    what = f"fp32 logits of all {network.LAYERS} exits, {count} sentences"
    return f"{what}: within {worst:.1e} of transformers (relative to the largest)"


def _speed(ours: Worker, fmt: str, count: int) -> float:
    return count / float(ours.ask("seconds", fmt))


def _measure(ours: Worker, theirs: peer.Peer | None, ids: Sentences, repeats: int) -> dict[str, list[float]]:
    """Sentences per second of each, `repeats` times in turn, after one pass that is not counted."""
    some = ids[:PEER_SENTENCES]
    runs: dict[str, Callable[[], float]] = {fmt: partial(_speed, ours, fmt, len(ids)) for fmt in FORMATS}
    if theirs is not None:
        runs["peer"] = lambda: len(some) / theirs.seconds(some)
    for warm_up in runs.values():
        warm_up()
    speeds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, once in runs.items():
            speeds[name].append(once())
    return speeds


def _header(
    ours: Worker, theirs: peer.Peer | None, ids: Sentences, origin: str, threads: int, repeats: int
) -> list[str]:
    paths = ", ".join(f"{fmt} on {ours.ask('path', fmt)}" for fmt in FORMATS)
    lines = [
        f"processor: {processor.here()}",
        "network: ALBERT-base shape with 11 ramps, random weights (seed 0); all 12 exits in one pass",
        f"data: {origin}",
        f"run: {threads} threads, {repeats} repeats in turn, load {os.getloadavg()[0]:.1f} at the end",
        f"ours: {paths}",
    ]
    return [*lines, f"peer: {theirs.version}, {min(PEER_SENTENCES, len(ids))} sentences"] if theirs else lines


def _result(header: list[str], speeds: dict[str, list[float]], checked: str, peak_mib: float) -> Result:
    floors = FLOORS.get(processor.here().kind, {}) if "peer" in speeds else {}
    timings = [Timing(name, median(s), min(s), max(s)) for name, s in speeds.items()]
    if "peer" in speeds:
        base = median(speeds["peer"])
        timings = [replace(t, ratio=t.median / base, floor=floors.get(t.name)) for t in timings]
    memory = f"peak memory of ours: {peak_mib:.0f} MiB ({'under' if peak_mib < MEMORY_MIB else 'OVER'} 1 GiB)"
    return Result(tuple(header), tuple(timings), (f"checked: {checked}", memory), peak_mib)
