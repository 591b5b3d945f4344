"""`siliconbert bench breakdown`: where the time of a trace goes, and how fast its products are alone."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from siliconbert import _core
from siliconbert.bench import network, processor
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.trace import albert_sentences
from siliconbert.bench.worker import peak_mib
from siliconbert.models import Model, Tokens
from siliconbert.models.engine import library, products

# Set before the first measurement: the most that may pass outside products, of all time; the least speed of
# the products in the engine, of the library's own.
MOST_OUTSIDE = {"fp32": 0.10, "adaptivfloat8": 0.30}
LEAST_SPEED = 0.9

# The products of an ALBERT-base by the names of Clocks, and what they are.
PRODUCTS = {
    "128x768": "embedding projection",
    "768x2304": "queries, keys, values",
    "scores": "attention scores",
    "context": "attention contexts",
    "768x768": "attention output",
    "768x3072 gelu_new": "FFN up, with GELU",
    "3072x768": "FFN down",
    "768x768 tanh": "pooler of an exit, with tanh",
    "768x2": "classifier of an exit",
}
# What the engine does after a product, or between two; where the network is in a format, rounding comes with
# it. The first that fits counts.
STEPS = {
    ("scores", "context"): "softmax",
    ("*", "128x768"): "word rows, their norm",
    ("768x768", "*"): "residual and layer norm",
    ("3072x768", "768x768 tanh"): "residual and layer norm, first tokens of an exit",
    ("3072x768", "*"): "residual and layer norm",
    ("768x2304", "*"): "queries, keys, values",
    ("768x3072 gelu_new", "*"): "activated values",
    ("*", "*"): "other",
}


@dataclass(frozen=True)
class Shares:
    """Seconds of one trace: inside each product, alone (the same products by themselves), and between them.

    alone : with bias and activation, as the engine calls them; bare : without activation
    """

    inside: Mapping[str, float]
    alone: Mapping[str, float]
    bare: Mapping[str, float]
    between: Mapping[str, float]

    @property
    def total(self) -> float:
        """All of it."""
        return sum(self.inside.values()) + sum(self.between.values())

    @property
    def outside(self) -> float:
        """The share between products."""
        return sum(self.between.values()) / self.total

    @property
    def speed(self) -> float:
        """Of the products in the engine, as a share of their own."""
        return sum(self.alone.values()) / sum(self.inside.values())

    @property
    def activations(self) -> float:
        """What GELU and tanh add to products by themselves, as a share of the total."""
        return (sum(self.alone.values()) - sum(self.bare.values())) / self.total


def step(before: str, after: str) -> str:
    """What lies between two products.

    >>> step("scores", "context")
    'softmax'
    """
    fits = (name for (b, a), name in STEPS.items() if b in ("*", before) and a in ("*", after))
    return next(fits)


def run(sentences: int = 872, repeats: int = 3, threads: int = 2, glue: Path | None = None) -> Result:
    """Clocks both formats in turn; the products by themselves after each trace.

    errors: RuntimeError where a clocked trace differs from a plain one
    """
    ids, origin = albert_sentences(sentences, glue)
    made = network.in_formats(ids, threads)
    clocked = {name: Clocked(model, model.tokens(ids)) for name, model in made.items()}
    found: dict[str, list[Shares]] = {name: [] for name in made}
    for _ in range(repeats):
        for name, each in clocked.items():
            found[name].append(each.shares(threads))
    header = (
        f"processor: {processor.here()}",
        "network: ALBERT-base shape with 11 ramps, random weights (seed 0); all 12 exits in one pass",
        f"data: {origin}",
        f"run: {threads} threads, their processor time, {repeats} repeats in turn, load "
        f"{os.getloadavg()[0]:.1f} at the end",
        *(f"{name} on {each.path}" for name, each in clocked.items()),
        "by themselves: the library's products of the same shapes, again and again on all threads at once",
    )
    timings = [t for name in made for t in timings_of(name, found[name], len(ids))]
    footer = [line for name in made for line in lines_of(name, found[name])]
    return Result(
        header, tuple(timings), ("checked: clocked and plain traces have the same bits", *footer), peak_mib()
    )


class Clocked:
    """A model on a back end that clocks its products."""

    def __init__(self, model: Model, tokens: Tokens):
        """Checks that nothing but the clock is added."""
        self._back_end = _core.transformer.TimedProducts(products(), library())
        self._encoder = model.encoder_on(self._back_end)
        self._where = (tokens.ids, tokens.types, tokens.offsets)
        self.path = str(self._encoder.path)
        plain = model.encoder.trace(*self._where)
        if not np.array_equal(self._encoder.trace(*self._where), plain):
            raise RuntimeError("bench: a clocked trace must have the bits of a plain one, got others")

    def gain(self, threads: int) -> float:
        """How many times one thread's products of a trace so many make in its time, each its own."""
        self._back_end.reset()
        self._encoder.trace(*self._where, 1)
        one, many = (sum(self._back_end.alone(count, False).values()) for count in (1, threads))
        return float(threads * one / many)

    def shares(self, threads: int) -> Shares:
        """Of one trace."""
        self._back_end.reset()
        self._encoder.trace(*self._where, threads)
        between: dict[str, float] = defaultdict(float)
        for pair, seconds in self._back_end.between.items():
            between[step(*pair)] += seconds
        inside = {kind: clocked.seconds for kind, clocked in self._back_end.kinds.items()}
        return Shares(
            inside, self._back_end.alone(threads, False), self._back_end.alone(threads, True), between
        )


def timings_of(name: str, found: list[Shares], sentences: int) -> list[Timing]:
    """Milliseconds a sentence of every part, then the two limits: how far inside them the parts are."""

    def timing(what: str, seconds: list[float], into: float | None = None) -> Timing:
        each = [1000 * s / sentences for s in seconds]
        floor = None if into is None else 1.0
        return Timing(f"{name}, {what}", median(each), min(each), max(each), into, floor)

    limit = MOST_OUTSIDE[name] / median(shares.outside for shares in found)
    speed = median(shares.speed for shares in found) / LEAST_SPEED
    rows = [
        timing(PRODUCTS.get(kind, kind), [shares.inside[kind] for shares in found])
        for kind in found[0].inside
    ]
    steps = {what for shares in found for what in shares.between}
    for what in sorted(steps, key=lambda s: -median(shares.between.get(s, 0.0) for shares in found)):
        rows.append(timing(f"between: {what}", [shares.between.get(what, 0.0) for shares in found]))
    products_all = timing("all products", [sum(shares.inside.values()) for shares in found], speed)
    outside = timing("all between them", [sum(shares.between.values()) for shares in found], limit)
    return [*rows, products_all, outside]


def lines_of(name: str, found: list[Shares]) -> list[str]:
    """The shares in words."""

    def middle(value: Any) -> float:
        return float(median(value(shares) for shares in found))

    bare = middle(lambda s: sum(s.bare.values()) / sum(s.inside.values()))
    each = ", ".join(
        f"{PRODUCTS.get(kind, kind)} {middle(lambda s, k=kind: s.alone[k] / s.inside[k]):.0%}"
        for kind in found[0].inside
    )
    return [
        f"{name}: {middle(lambda s: s.outside):.1%} of the time passes between products (limit "
        f"{MOST_OUTSIDE[name]:.0%}); GELU and tanh, which the library computes in its products, are another "
        f"{middle(lambda s: s.activations):.1%}",
        f"{name}: products run at {middle(lambda s: s.speed):.0%} of their speed by themselves (limit "
        f"{LEAST_SPEED:.0%}), at {bare:.0%} of it without GELU and tanh",
        f"{name}, of the speed by themselves: {each}",
    ]
