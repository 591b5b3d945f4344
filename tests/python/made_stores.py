"""Stores of campaigns that nobody ran: every kind of row that a report draws, as many as asked for."""

import itertools
import json

import numpy as np

from siliconbert.campaign import config, manifest, parts
from siliconbert.campaign.grid import Point
from siliconbert.campaign.store import Store

LAYERS = 12
SHAPE = {"layers": LAYERS, "hidden": 768, "heads": 12, "ffn": 3072}
RATES = [{"kind": "bit_flip", "rate": rate} for rate in (1e-6, 1e-5, 1e-4, 1e-3)]
PLACES = [{"kind": "bit_flip", "count": 100, "bits": [place]} for place in range(8)]
CELLS = [{"*": "rram-slc"}, {"values": "rram-mlc3", "*": "rram-slc"}]
EXITS = [None, {"rule": "entropy", "threshold": 0.3}, {"rule": "prediction", "threshold": 0.2}]
FORMATS = [None, {"family": "integer", "width": 4}]


def write(
    folder, faults, trials=4, sentences=64, formats=FORMATS, cells=CELLS, exits=EXITS, orders=(None,), seed=0
):
    """A store of the product of these axes; accuracies fall with rate, cell and place of a bit."""
    settings = config.parse({
        "models": ["edgebert-mini/sst2"], "tasks": ["sst2"], "cells": list(cells), "trials": trials,
        "formats": list(formats), "faults": list(faults), "exits": list(exits),
        "accelerators": [{"name": "edgebert-12nm", "shape": "albert-base", "target_ms": 50}],
    })  # fmt: skip
    points = [
        Point("edgebert-mini/sst2", "sst2", "dev", None, "embeddings.word", fmt, "bitmask", cell, None, False,
              order, fault, leave, 1, {})
        for order, fmt, cell, leave, fault in itertools.product(orders, formats, cells, exits, faults)
    ]  # fmt: skip
    store = Store(folder)
    made = manifest.make(settings.model_dump(mode="json"), points)
    store.open(made)
    store.begin(made, "portable fp32")
    rng, rows = np.random.default_rng(seed), []
    for point in points:
        rows += [_row(point, trial, sentences, rng) for trial in range(-1, trials)]
        if len(rows) > 20_000:
            store.write(parts.rows(rows))
            rows = []
    if rows:
        store.write(parts.rows(rows))
    return store


def _row(point, trial, sentences, rng):
    loss = 0.0 if trial < 0 else _loss(point)
    right = rng.random(sentences) < 0.92 - loss
    layers = np.minimum(LAYERS, 1 + rng.poisson(5, sentences)).astype(np.uint8)
    predicted = np.minimum(LAYERS, layers + 1).astype(np.uint8)
    return {
        "config": point.hash,
        "trial": trial,
        "sentences": sentences,
        "correct": int(right.sum()),
        "bits": np.packbits(right, bitorder="little").tobytes(),
        "layers": None if point.exit is None else layers.tobytes(),
        "predicted": predicted.tobytes() if point.exit and point.exit["rule"] == "prediction" else None,
        "events": 100,
        "nonfinite": 0,
        "rerun": sentences,
        "path": "portable fp32",
        "notes": json.dumps(_notes(point)) if trial < 0 else None,
        "seconds": 0.05,
        "host": "host",
    }


def _loss(point):
    worse = 1.0 if len(point.cells) == 1 else 2.0
    if "rate" in point.fault:
        return 0.4 * min(1.0, 1500.0 * worse * point.fault["rate"])
    return 0.002 * 2.0 ** point.fault["bits"][0] if point.fault["bits"][0] < 7 else 0.0


def _notes(point):
    kept = 1_000_000 if point.format is None else 500_000
    return {
        "shape": SHAPE,
        "expected_events": None,
        "bits": {"values": kept, "mask": 300_000},
        "area_mm2": 0.1 * kept / 1e6 / len(point.cells),
        "read_latency_ns": 1.5,
        "threshold": None if point.exit is None else 0.3,
    }
