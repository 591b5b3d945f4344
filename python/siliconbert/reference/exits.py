"""Entropy, exit rules, predictor, threshold search, sentence by sentence: the twin of the core's exits."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert.reference.philox import PREDICTOR_ORDER, PREDICTOR_WEIGHTS, Draws, uniform

Floats = NDArray[np.float64]


def entropy(logits: NDArray[Any]) -> NDArray[np.float32]:
    """-sum p ln p of p = softmax(logits); NaN where a logit is not finite, and of one logit alone."""
    x = np.asarray(logits, dtype=np.float64)
    finite = np.asarray(np.isfinite(x).all(axis=-1) & (x.shape[-1] > 1))
    x = np.where(finite[..., np.newaxis], x, 0)
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    nats = -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(axis=-1)
    return np.asarray(np.where(finite, nats, np.nan), dtype=np.float32)


def doubt(logits: NDArray[Any]) -> NDArray[np.float32]:
    """1 - max p of p = softmax(logits), as the sum of the other p; NaN as in entropy."""
    x = np.asarray(logits, dtype=np.float64)
    finite = np.asarray(np.isfinite(x).all(axis=-1) & (x.shape[-1] > 1))
    x = np.where(finite[..., np.newaxis], x, 0)
    e = np.sort(np.exp(x - x.max(axis=-1, keepdims=True)), axis=-1)
    share = e[..., :-1].sum(axis=-1) / e.sum(axis=-1)
    return np.asarray(np.where(finite, share, np.nan), dtype=np.float32)


def by_patience(answers: NDArray[Any], patience: int) -> NDArray[np.int32]:
    """The first layer that answers as the `patience` layers before it do, else the last; < 0 is no answer."""
    exits = []
    for row in np.asarray(answers).tolist():
        runs = (row[layer - patience : layer + 1] for layer in range(patience, len(row)))
        agree = [layer for layer, run in enumerate(runs, patience + 1) if run[0] >= 0 and len(set(run)) == 1]
        exits.append(agree[0] if agree else len(row))
    return np.array(exits, dtype=np.int32)


def by_entropy(entropy: NDArray[Any], threshold: float) -> NDArray[np.int32]:
    """The first layer with entropy < threshold, else the last."""
    exits = []
    for row in np.asarray(entropy, dtype=np.float32).astype(np.float64):
        below = [layer for layer, e in enumerate(row, start=1) if e < threshold]
        exits.append(below[0] if below else len(row))
    return np.array(exits, dtype=np.int32)


def by_prediction(
    entropy: NDArray[Any],
    keys: Floats,
    entropies: Floats,
    threshold: float,
    first: int = 1,
    last_ramp: int | None = None,
    check_before: bool = True,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Exit and predicted layers; the table is keys (B,) and entropies (B, K)."""
    pairs = [
        _one_prediction(row, keys, entropies, threshold, first, last_ramp, check_before)
        for row in np.asarray(entropy, dtype=np.float32).astype(np.float64)
    ]
    return tuple(np.array(column, dtype=np.int32) for column in zip(*pairs, strict=True))  # type: ignore[return-value]


def _one_prediction(
    row: Floats,
    keys: Floats,
    entropies: Floats,
    threshold: float,
    first: int,
    last_ramp: int | None,
    check_before: bool,
) -> tuple[int, int]:
    layers = len(row)
    last = layers - 1 if last_ramp is None else last_ramp
    for layer in range(1, first + 1):
        if row[layer - 1] < threshold:
            return layer, layer
    predicted = layers
    if not math.isnan(row[first - 1]):
        expected = entropies[np.argmin(np.abs(keys - row[first - 1]))]
        below = np.flatnonzero(expected < threshold)
        k = below[0] if len(below) else len(expected) - 1
        if first + 1 + int(k) <= last:
            predicted = first + 1 + int(k)
    for layer in range(first + 1, min(predicted - 1, last) + 1):
        if check_before and row[layer - 1] < threshold:
            return layer, predicted
    return predicted, predicted


def threshold_for(
    leave: Callable[[float], NDArray[np.int32]],
    points: NDArray[Any],
    correct: NDArray[np.bool_],
    max_drop: float,
) -> float:
    """Every threshold at, between and beyond `points`, from below, until one loses more than max_drop.

    leave(threshold) gives the exit layers; points are all numbers where they can change; correct is (N, L).
    """
    sentences = np.arange(len(correct))
    least = correct[:, -1].sum() - max_drop * len(correct) - 1e-9
    kept = math.nan
    for point in np.unique(np.asarray(points, dtype=np.float64)):
        for threshold in (point, np.nextafter(point, np.inf)):
            if correct[sentences, leave(float(threshold)) - 1].sum() < least:
                return kept
            kept = float(threshold)
    return kept


def train_predictor(
    entropy: NDArray[Any],
    seed: int = 0,
    epochs: int = 3,
    batch: int = 32,
    learning_rate: float = 1e-3,
    first: int = 1,
) -> list[tuple[Floats, Floats]]:
    """Weights (inputs, outputs) and biases of the five layers after training on the entropies."""
    data = np.asarray(entropy, dtype=np.float32).astype(np.float64)
    sizes = [1, 64, 64, 64, 64, data.shape[1] - 1 - first]
    network = [_dense(i, o, seed, d) for d, (i, o) in enumerate(pairwise(sizes))]
    moments = [[(np.zeros_like(w), np.zeros_like(b)) for w, b in network] for _ in range(2)]
    step = 0
    for epoch in range(epochs):
        order = _order(len(data), seed, epoch)
        for at in range(0, len(data), batch):
            rows = data[order[at : at + batch]]
            gradients = _gradients(network, rows[:, first - 1 : first], rows[:, first:-1])
            step += 1
            network = _adam(network, gradients, moments, step, learning_rate)
    return network


def predict(network: list[tuple[Floats, Floats]], x: NDArray[Any]) -> Floats:
    """Outputs (N, K) for inputs (N,)."""
    return _values(network, np.asarray(x, dtype=np.float64)[:, None])[-1]


def _dense(inputs: int, outputs: int, seed: int, number: int) -> tuple[Floats, Floats]:
    draws = Draws(seed, PREDICTOR_WEIGHTS, "predictor", f"layer {number}", 0)
    row, column = np.indices((inputs, outputs)).astype(np.uint64)
    words = draws(row, column)
    return math.sqrt(6 / (inputs + outputs)) * (2 * uniform(words[0], words[1]) - 1), np.zeros(outputs)


def _order(count: int, seed: int, epoch: int) -> list[int]:
    draws = Draws(seed, PREDICTOR_ORDER, "predictor", "order", epoch)
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        words = draws(i, 0)
        j = int((1 - uniform(words[0], words[1])) * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def _values(network: list[tuple[Floats, Floats]], x: Floats) -> list[Floats]:
    values = [x]
    for number, (weight, bias) in enumerate(network):
        out = values[-1] @ weight + bias
        values.append(out if number == len(network) - 1 else np.maximum(out, 0))
    return values


def _gradients(
    network: list[tuple[Floats, Floats]], x: Floats, targets: Floats
) -> list[tuple[Floats, Floats]]:
    values = _values(network, x)
    error = 2 * (values[-1] - targets) / targets.size
    gradients: list[tuple[Floats, Floats]] = []
    for (weight, _), value in zip(reversed(network), reversed(values[:-1]), strict=True):
        gradients.insert(0, (value.T @ error, error.sum(axis=0)))
        error = (error @ weight.T) * (value > 0)
    return gradients


def _adam(
    network: list[tuple[Floats, Floats]],
    gradients: list[tuple[Floats, Floats]],
    moments: list[list[tuple[Floats, Floats]]],
    step: int,
    learning_rate: float,
) -> list[tuple[Floats, Floats]]:
    rate = learning_rate * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    moved = []
    for dense, gradient, first, second in zip(network, gradients, *moments, strict=True):
        for g, m, v in zip(gradient, first, second, strict=True):
            m[...] = 0.9 * m + 0.1 * g
            v[...] = 0.999 * v + 0.001 * g * g
        moved.append(
            tuple(x - rate * m / (np.sqrt(v) + 1e-7) for x, m, v in zip(dense, first, second, strict=True))
        )
    return moved
