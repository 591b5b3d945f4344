"""The largest magnitudes that an integer model's scales come from, of a float run of one sentence."""

from __future__ import annotations

import math

import numpy as np

from siliconbert.reference import transformer as network


def largest_activations(shape, tensors, ids, types=None):
    """Place of integer.py's definition -> largest magnitude; the arguments are transformer.hidden's."""
    found = {}

    def see(place, values):
        found[place] = float(np.abs(values).max())
        return values

    x = network._embed(shape, tensors, np.asarray(ids), types, network.untouched)
    for layer in range(shape["layers"]):
        x = _layer(shape, tensors, f"layers.{layer}", see(f"layer.{layer + 1}.input", x), see)
    see("main.token", x)
    return found


def _layer(shape, tensors, name, x, see):
    number = int(name.removeprefix("layers.")) + 1

    def linear(matrix, place, values):
        return see(f"layer.{number}.{place}", network._linear(tensors, f"{name}.{matrix}", values))

    query, key, value = (network._heads(shape, linear(part, part, x)) for part in ("query", "key", "value"))
    scores = see(
        f"layer.{number}.scores", query @ key.swapaxes(1, 2) / query.dtype.type(math.sqrt(query.shape[2]))
    )
    context = (network._softmax(scores) @ value).swapaxes(0, 1).reshape(x.shape)
    projected = linear("output", "projected", see(f"layer.{number}.context", context))
    attended = see(
        f"layer.{number}.attended", network._norm(shape, tensors, f"{name}.attention_norm", x + projected)
    )
    activated = network.ACTIVATIONS[shape["activation"]](linear("up", "expanded", attended))
    reduced = linear("down", "reduced", see(f"layer.{number}.activated", activated))
    return network._norm(shape, tensors, f"{name}.norm", attended + reduced)
