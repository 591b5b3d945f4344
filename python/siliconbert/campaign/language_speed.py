"""A language model of given sizes on this machine's processor: dense products against kept blocks only."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from siliconbert import catalog, models, sparsity
from siliconbert.models import Shape
from siliconbert.models.language import LanguageModel


@dataclass(frozen=True)
class Speed:
    """Best ms of alternating repeats.

    words      : in all windows of the batch
    difference : largest between the two ways' logits, as a share of the largest logit
    paths      : library and instruction set of both
    """

    words: int
    dense_ms: float
    sparse_ms: float
    difference: float
    paths: tuple[str, str]


def network(name: str, positions: int, seed: int = 0) -> LanguageModel:
    """Random weights of a network of the catalogue, kept blocks balanced as the network says."""
    record = {key: q.value for key, q in catalog.records("networks")[name].items() if key != "title"}
    sizes = {key: record[key] for key in ("hidden", "heads", "ffn", "layers")}
    shape = Shape(
        "bert",
        vocabulary=record["outputs"],
        positions=positions,
        types=1,
        embedding=record["hidden"],
        groups=record["layers"],
        classes=0,
        activation="relu",
        decoder="unmasked",
        **sizes,
    )
    rng = np.random.default_rng(seed)
    pattern = sparsity.Block(tuple(record["block"]), "row")
    tensors = {}
    for tensor, size in shape.tensors(ramps=False).items():
        values = rng.standard_normal(size, dtype=np.float32) * np.float32(0.05)
        if tensor.endswith("norm.weight"):
            values += 1
        if len(size) == 2 and tensor.endswith(".weight"):
            values *= sparsity.prune(values, pattern, record["density"])
        tensors[tensor] = values
    return models.LanguageModel(name, shape, tensors)


def measure(model: LanguageModel, windows: int, length: int, repeats: int, threads: int | None) -> Speed:
    """Times of one batch, the two ways in turn; the first run of each is not counted."""
    words = np.random.default_rng(1).integers(0, model.shape.vocabulary, (windows, length))
    ways = (model, model.with_cscb())
    runs = [partial(each.next_words, words, threads) for each in ways]
    dense, sparse = (run() for run in runs)
    difference = _difference(dense, sparse)
    best = [float("inf")] * 2
    for _ in range(repeats):
        for i, run in enumerate(runs):
            start = time.perf_counter()
            run()
            best[i] = min(best[i], 1e3 * (time.perf_counter() - start))
    paths = (ways[0].encoder.path, ways[1].encoder.path)
    return Speed(windows * length, best[0], best[1], difference, paths)


def _difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.abs(a - b).max() / np.abs(a).max())
