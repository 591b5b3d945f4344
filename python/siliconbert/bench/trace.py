"""`siliconbert bench trace`: all twelve exits of an ALBERT-base in one pass, against its peers."""

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
from siliconbert.bench import network, onnx_network, peer, processor, trace_peers
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.worker import Worker
from siliconbert.data import Data

FORMATS = ("fp32", "adaptivfloat8")
LOOP = "loop, batch 1"  # EdgeBERT's public evaluation
# How many times more sentences per second than a peer, by processor class; set before the first measurement.
LOOP_FLOORS = {
    "A": {"fp32": 8.0, "adaptivfloat8": 25.0},
    "B": {"fp32": 5.0, "adaptivfloat8": 8.0},
}
# The same over peers at their best, by what they compute in, and which of ours is compared with them.
FLOORS = {"A": {"fp32": 1.10, "bf16": 2.0, "int8": 1.2}, "B": {"fp32": 1.05, "bf16": 1.2}}
BESIDE = {"fp32": "fp32", "bf16": "adaptivfloat8", "int8": "adaptivfloat8"}
LOOP_SENTENCES, PEER_SENTENCES = 60, 256  # of the peers at their best, the least
CHECKED_SENTENCES = 64
LARGEST_DIFFERENCE = 1e-5
MEMORY_MIB = 1024


Sentences = list[list[int]]


class Traces:
    """The network of `network.write` in both formats, and token ids to run."""

    def __init__(self, folder: Path, sentences: Sentences, threads: int):
        """Loads the network and quantizes it."""
        plain = models.load(folder)
        self._models = {
            "fp32": plain,
            "adaptivfloat8": network.quantized(plain, sentences, threads),
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
    """Times ours and, with `peers`, the EdgeBERT-style loop and others at their best, turn by turn.

    errors: ImportError where the peers' packages are missing; RuntimeError where ours and a peer differ
    """
    if peers:
        onnx_network.require()
    ids, origin = albert_sentences(sentences, glue)
    with tempfile.TemporaryDirectory(prefix="siliconbert-bench-") as folder:
        network.write(Path(folder))
        with Worker(Traces, Path(folder), ids, threads) as ours:
            theirs = _Peers(Path(folder), threads, ids) if peers else None
            checked = theirs.check(ours) if theirs else ["not compared with a peer (--peers does)"]
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


def token_ids(found: Data) -> Sentences:
    """By the tokenizer of edgebert-mini."""
    tokenizer = models.load("edgebert-mini/sst2").tokenizer
    assert tokenizer is not None
    coded = tokenizer.encode(found.sentences)
    # The random table has ALBERT's 30,000 rows; ids beyond wrap around, which changes no length.
    return [[int(i) % network.SHAPE.vocabulary for i in row] for row in coded.ids]


def albert_sentences(count: int, glue: Path | None) -> tuple[Sentences, str]:
    """Token ids for `network`'s ALBERT, and what they are."""
    found = data_set(count, glue)
    ids = token_ids(found)
    length = sum(map(len, ids)) / len(ids)
    return ids, f"{found.task} {found.split}, {len(ids)} sentences, {length:.1f} tokens on average"


class _Peers:
    """The loop, on few sentences, and peers at their best, on more."""

    def __init__(self, folder: Path, threads: int, ids: Sentences):
        self._loop = peer.Peer(folder, threads)
        self._few, self._checked = ids[:LOOP_SENTENCES], ids[:CHECKED_SENTENCES]
        self._some = ids[:: max(1, len(ids) // PEER_SENTENCES)]
        self._best = trace_peers.Peers(folder, threads, trace_peers.batches(self._some))

    def runs(self) -> dict[str, Callable[[], float]]:
        """What measures the sentences per second of each."""
        best = {
            name: lambda name=name: len(self._some) / self._best.seconds(name) for name in self._best.names
        }
        return {LOOP: lambda: len(self._few) / self._loop.seconds(self._few), **best}

    def check(self, ours: Worker) -> list[str]:
        """RuntimeError where logits differ; else by how much they do."""
        count = len(self._checked)
        found, expected = ours.ask("logits", count), self._loop.logits(self._checked)
        worst = float(np.abs(found - expected).max() / np.abs(expected).max())
        if worst > LARGEST_DIFFERENCE:
            raise RuntimeError(
                f"bench: logits differ from transformers by {worst:.1e} of the largest, "
                f"not {LARGEST_DIFFERENCE}"
            )
        what = f"fp32 logits of all {network.LAYERS} exits, {count} sentences"
        return [
            f"{what}: within {worst:.1e} of transformers (relative to the largest)",
            f"the last exit's from ours in fp32: {self._best.check(self._checked, found[:, -1])}",
        ]

    def lines(self) -> list[str]:
        """Who they are."""
        return [
            f"{LOOP}: {self._loop.version}, {len(self._few)} sentences",
            f"others: {', '.join(self._best.versions)}; the last exit alone, {len(self._some)} sentences, "
            f"batches of {trace_peers.BATCH} sorted by length, padded to their longest",
            *self._best.left_out,
        ]


def _speed(ours: Worker, fmt: str, count: int) -> float:
    return count / float(ours.ask("seconds", fmt))


def _measure(ours: Worker, theirs: _Peers | None, ids: Sentences, repeats: int) -> dict[str, list[float]]:
    """Sentences per second of each, `repeats` times in turn, after one pass that is not counted."""
    runs: dict[str, Callable[[], float]] = {fmt: partial(_speed, ours, fmt, len(ids)) for fmt in FORMATS}
    for warm_up in runs.values():
        warm_up()
    if theirs is not None:
        runs |= theirs.runs()
    speeds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, once in runs.items():
            speeds[name].append(once())
    return speeds


def _header(
    ours: Worker, theirs: _Peers | None, ids: Sentences, origin: str, threads: int, repeats: int
) -> list[str]:
    paths = ", ".join(f"{fmt} on {ours.ask('path', fmt)}" for fmt in FORMATS)
    lines = [
        f"processor: {processor.here()}",
        "network: ALBERT-base shape with 11 ramps, random weights (seed 0); all 12 exits in one pass",
        f"data: {origin}",
        f"run: {threads} threads, {repeats} repeats in turn, load {os.getloadavg()[0]:.1f} at the end",
        f"ours: {paths}",
    ]
    return [*lines, *theirs.lines()] if theirs else lines


def _result(header: list[str], speeds: dict[str, list[float]], checked: list[str], peak_mib: float) -> Result:
    memory = f"peak memory of ours: {peak_mib:.0f} MiB ({'under' if peak_mib < MEMORY_MIB else 'OVER'} 1 GiB)"
    footer = [f"checked: {line}" for line in checked]
    if LOOP in speeds:
        footer.append(
            f"rows of ours: over the {LOOP}; rows of peers: ours over them, "
            "fp32 over fp32, adaptivfloat8 over bf16 and int8"
        )
    return Result(tuple(header), tuple(timings(speeds)), (*footer, memory), peak_mib)


def timings(speeds: dict[str, list[float]]) -> list[Timing]:
    """A row each; ours are compared with the loop, other peers with ours."""
    kind = processor.here().kind
    rows = [Timing(name, median(s), min(s), max(s)) for name, s in speeds.items()]
    if LOOP not in speeds:
        return rows
    middle = {row.name: row.median for row in rows}
    found = []
    for row in rows:
        if row.name in FORMATS:
            floor = LOOP_FLOORS.get(kind, {}).get(row.name)
            row = replace(row, ratio=row.median / middle[LOOP], floor=floor)
        elif row.name != LOOP:
            number = trace_peers.number_of(row.name)
            floor = FLOORS.get(kind, {}).get(number)
            row = replace(row, ratio=middle[BESIDE[number]] / row.median, floor=floor)
        found.append(row)
    return found
