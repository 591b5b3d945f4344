"""The least energy over a trace within a deadline and an accuracy: thresholds, predictor bias, voltages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert import exits, hardware
from siliconbert._core import hardware as _core
from siliconbert.campaign.exits import Layers, right_at
from siliconbert.exits import Lut
from siliconbert.hardware import Accelerator
from siliconbert.models import Trace

Point = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Policy:
    """How sentences leave and what voltage they run at.

    threshold        : of exits, nats
    bias             : nats that the threshold of predictions lies above it; positive: they are earlier
    start            : (V, Hz) up to the layer of the prediction
    points           : predicted layer -> (V, Hz) of the layers after it
    energy           : J a sentence, mean
    accuracy, late   : shares; late: sentences that may miss the target
    layer, predicted : of every sentence
    """

    name: str
    threshold: float
    bias: float
    start: Point
    points: dict[int, Point]
    energy: float
    accuracy: float
    late: float
    layer: Layers
    predicted: Layers

    def lut(self, lut: Lut) -> Lut:
        """The table with the bias built in: by_prediction with it and the threshold leaves as this policy."""
        return biased(lut, self.threshold, self.threshold + self.bias)


@dataclass(frozen=True, eq=False)
class Policies:
    """From the paper's policy to the oracle, each with one freedom more, so that none takes more energy.

    found   : those within limits of "paper" (the largest threshold that, like all smaller ones, keeps the
              accuracy), "threshold" (the best one), "bias", "voltage" (any level at its highest frequency
              after the prediction), "start" (and before it), "oracle" (the exit is known from the start)
    full    : J a sentence through all layers at nominal voltage; plain: early exit there, at the largest
              threshold of conventional exits
    """

    found: dict[str, Policy]
    full: float
    plain: float

    @property
    def best(self) -> Policy:
        """The policy with every freedom that needs no oracle."""
        return self.found["start"]

    @property
    def reached(self) -> float:
        """The share of the way from the paper's policy to the oracle that the best policy goes."""
        paper, oracle = (self.found[key].energy for key in ("paper", "oracle"))
        return (paper - self.best.energy) / (paper - oracle) if paper > oracle else 1.0


def best_policy(
    trace: Trace,
    labels: ArrayLike,
    lut: Lut,
    max_drop: float = 0.01,
    target_ms: float = 50.0,
    machine: Accelerator | None = None,
    model: Any = "albert-base",
    allowed_late: float = 0.0,
    idle: bool = False,
    last_ramp: int | None = None,
    threads: int | None = None,
    **work: Any,
) -> Policies:
    """The least energy over a trace: all distinct thresholds, of exits and of predictions, and all levels.

    Every pair of thresholds of the trace is tried, and for each pair the best level of every predicted layer,
    with leakage, ADPLL and the charging of the rail; so no policy of this form takes less on this trace.

    trace, labels : with an exit after every layer; labels: integers, (N,)
    lut           : predicts the exits
    max_drop      : allowed loss of accuracy from the last layer's, 0.01 is one percentage point
    target_ms     : deadline of a sentence; the predicted exit must end by it
    machine       : None: "edgebert-12nm" of the catalogue. Its leakage there is 0; give leakage_mw for more
    model         : the shape that is run, of as many layers
    allowed_late  : share of sentences whose prediction may miss the deadline; they run at nominal
    idle          : whether leakage at the lowest level counts from a sentence's end to the deadline
    last_ramp     : as in exits.by_prediction
    work          : as in Accelerator.layer: heads_off, density, ...
    errors        : ValueError for shapes that do not agree, and where no policy is within the limits

    >>> draws = np.random.default_rng(0)
    >>> falling = np.sort(draws.random((50, 12)), axis=1)[:, ::-1].astype(np.float32)  # entropies, nats
    >>> logits = np.stack([1 - falling, np.zeros_like(falling)], axis=2)  # every layer answers 0
    >>> trace = Trace(logits, falling, tuple(range(1, 13)), "made up", "made up", "made up")
    >>> lut = exits.Predictor.train(falling, seed=0).distil(bins=4, width=0.2)
    >>> found = best_policy(trace, np.zeros(50, int), lut, target_ms=50)
    >>> found.best.late, found.best.energy <= found.found["paper"].energy < found.full
    (0.0, True)
    """
    machine = machine or hardware.accelerator("edgebert-12nm")
    problem = _Problem.make(trace, labels, lut, last_ramp, max_drop, allowed_late, threads)
    if hardware.shape(model).layers != problem.layers:
        raise ValueError(
            f"best_policy: model must have {problem.layers} layers as the trace, "
            f"got {hardware.shape(model).layers}"
        )
    supply, plan = machine.core(model, target_ms, lut.first, **work)
    levels = machine.values["voltage_levels"]
    starts = [(v, f) for v in levels[::-1] if (f := machine.fastest(v)) > 0]
    paper = _core.PlanTable(supply, plan, starts[0], True, idle)
    tables = [_core.PlanTable(supply, plan, start, False, idle) for start in starts]
    found = [problem.paper(paper, starts[0])]
    found += [
        problem.search("threshold", [paper], starts, tied=True),
        problem.search("bias", [paper], starts),
    ]
    found += [problem.search("voltage", tables[:1], starts), problem.search("start", tables, starts)]
    found += [problem.search("oracle", [_core.foreseen(tables)], starts)]
    known = {each.name: each for each in found if each is not None}
    if "start" not in known:
        raise ValueError(
            f"best_policy: some policy must keep a drop of {100 * max_drop:g} % and {target_ms:g} ms, "
            "none does"
        )
    conventional = exits.by_entropy(trace.entropy, exits.threshold_for(trace, labels, max_drop))
    full, plain = machine.base(model, **work), machine.early_exit(model, conventional, **work)
    return Policies(known, float(full.energy.mean()), float(plain.energy.mean()))


def biased(lut: Lut, threshold: float, prediction: float) -> Lut:
    """A table that predicts at `threshold` what `lut` does at `prediction`.

    >>> table = Lut([0.0], [[0.4, 0.2]])
    >>> biased(table, 0.1, 0.3).entropies.tolist()
    [[1.1, -0.9]]
    """
    below = lut.entropies < prediction
    return Lut(lut.keys, np.where(below, threshold - 1.0, threshold + 1.0), lut.first)


@dataclass(frozen=True, eq=False)
class _Problem:
    """A trace as the core takes it, and the limits."""

    trace: Trace
    labels: ArrayLike
    lut: Lut
    last_ramp: int
    max_drop: float
    least_right: float
    most_late: float
    arrays: tuple[Any, Any, Any, Any, Any]
    threads: int

    @classmethod
    def make(
        cls,
        trace: Trace,
        labels: ArrayLike,
        lut: Lut,
        last_ramp: int | None,
        max_drop: float,
        allowed_late: float,
        threads: int | None,
    ) -> _Problem:
        right = trace.correct(labels)
        last = right.shape[1] - 1 if last_ramp is None else last_ramp
        cuts = np.unique(lut.entropies)
        rule = exits.PredictionRule(lut, last_ramp=last).core(right.shape[1])
        predicted = [rule.predict(lut.keys, t) for t in [*cuts, math.inf]]
        rows = lut.core.rows(trace.entropy[:, lut.first - 1])
        arrays = (trace.entropy, right, rows, cuts, np.array(predicted, np.uint8))
        least = right[:, -1].sum() - max_drop * len(right) - 1e-9
        late = allowed_late * len(right) + 1e-9
        return cls(trace, labels, lut, last, max_drop, least, late, arrays, threads or 0)

    @property
    def layers(self) -> int:
        return int(self.trace.entropy.shape[1])

    def search(
        self, name: str, tables: Sequence[Any], starts: Sequence[Point], tied: bool = False
    ) -> Policy | None:
        """The least energy over the tables; None where nothing is within the limits."""
        limits = (self.least_right, self.most_late, tied, self.threads)
        found = [
            _core.best_exits(*self.arrays, self.lut.first, self.last_ramp, table, *limits) for table in tables
        ]
        at = min(range(len(tables)), key=lambda i: float(found[i]["energy"]))
        if not math.isfinite(found[at]["energy"]):
            return None
        threshold, prediction = _thresholds(found[at], self.arrays[3])
        choice = found[at]["choice"] if tables[at].lines else []
        points = {p: tables[at].lines[p][k][2:] for p, k in enumerate(choice) if p > self.lut.first}
        return self._policy(
            name,
            threshold,
            prediction,
            starts[at],
            points,
            found[at]["energy"] / len(self.trace),
            found[at]["late"],
        )

    def paper(self, table: Any, start: Point) -> Policy | None:
        """The paper's voltages at the threshold of threshold_for."""
        rule = exits.PredictionRule(self.lut, last_ramp=self.last_ramp)
        threshold = exits.threshold_for(self.trace, self.labels, self.max_drop, rule)
        if math.isnan(threshold):
            return None
        points = {p: lines[0][2:] for p, lines in enumerate(table.lines) if lines}
        found = self._policy("paper", threshold, threshold, start, points, math.nan, 0)
        return _priced(found, table, self.lut.first)

    def _policy(
        self,
        name: str,
        threshold: float,
        prediction: float,
        start: Point,
        points: Mapping[int, Sequence[float]],
        energy: float,
        late: float,
    ) -> Policy:
        layer, predicted = exits.by_prediction(
            self.trace.entropy,
            biased(self.lut, threshold, prediction),
            threshold,
            last_ramp=self.last_ramp,
        )
        accuracy = float(right_at(self.trace, self.labels, layer).mean())
        places = {p: (float(point[0]), float(point[1])) for p, point in points.items()}
        bias = prediction - threshold
        share = late / len(layer)
        return Policy(name, threshold, bias, start, places, energy, accuracy, share, layer, predicted)


def _priced(policy: Policy, table: Any, first: int) -> Policy:
    """The policy with the energy and late share of its sentences, at the only point a predicted layer has."""
    going = policy.layer > first
    late = np.asarray(table.late, bool)[np.where(going, policy.predicted, policy.layer)]
    lines = np.array([line[0][:2] if line else (0.0, 0.0) for line in table.lines])
    leave = np.append(table.leave, np.zeros(len(lines)))[policy.layer]
    planned = lines[policy.predicted, 0] + (policy.layer - first) * lines[policy.predicted, 1]
    energy = np.where(going, planned, leave)
    return replace(policy, energy=float(energy.mean()), late=float(late.mean()))


def _thresholds(found: Mapping[str, Any], cuts: NDArray[np.float64]) -> tuple[float, float]:
    """Of the two intervals (low, high] the thresholds that lie nearest each other."""
    low, high, k = found["low"], found["high"], found["interval"]
    from_, to = (cuts[k - 1] if k else -math.inf), (cuts[k] if k < len(cuts) else math.inf)
    if max(low, from_) < min(high, to):
        both = _inside(max(low, from_), min(high, to))
        return both, both
    return (_inside(low, low), float(to)) if low >= to else (float(high), _inside(from_, from_))


def _inside(low: float, high: float) -> float:
    """The largest number in (low, high], or the next above `low` where there is none."""
    return float(high) if low < high < math.inf else float(np.nextafter(low, math.inf))
