"""Opens token 0 of a pretrained BERT, which often serves as an attention sink and then carries no sentence.

In all-MiniLM-L6-v2 one or two FFN neurons of layers 1 to 4 answer to token 0 alone and write 50 to 190 into a
single feature, where a whole token has length 16: layer norm then leaves a spread of 0.001 between sentences,
too little for a ramp to read and for a gradient to pass.
"""

from __future__ import annotations

import torch
from torch import Tensor

from siliconbert.train.batches import Texts, batches
from siliconbert.train.network import Network, untouched

BATCHES = 5


def find(network: Network, texts: Texts, limit: float) -> list[tuple[int, int]]:
    """(layer from 1, neuron) of all FFN neurons whose mean output for token 0 is longer than `limit`."""
    sums: dict[str, Tensor] = {}

    def watch(name: str, x: Tensor) -> Tensor:
        if name.endswith(".activated"):
            sums[name] = sums.get(name, torch.zeros(())) + x[:, 0].mean(0) / BATCHES
        return x

    network.tap = watch
    with torch.no_grad():
        for _, b in zip(range(BATCHES), batches(texts, 2000, 7), strict=False):
            network.hidden(b.ids, b.types, torch.float32)
    network.tap = untouched
    found = []
    for i, layer in enumerate(network.layers, 1):
        lengths = sums[f"{i}.activated"].abs() * layer.down.weight.norm(dim=0)
        found += [(i, n) for n in torch.nonzero(lengths > limit).flatten().tolist()]
    return found


def close(network: Network, texts: Texts, limit: float) -> list[tuple[int, int]]:
    """Silences the neurons that `find` names, and returns them."""
    found = find(network, texts, limit)
    with torch.no_grad():
        for i, n in found:
            layer = network.layers[i - 1]
            layer.up.weight[n] = 0.0
            layer.up.bias[n] = 0.0
            layer.down.weight[:, n] = 0.0
    return found
