"""AdaptivFloat fake quantization of a Network: both sides of every product, by calibrated taps."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from siliconbert.train.batches import Batch
from siliconbert.train.network import Network, master, untouched, whole


def adaptivfloat(x: Tensor, largest: Tensor, width: int = 8, exponent: int = 4) -> Tensor:
    """Nearest AdaptivFloat value (variant `algorithm1`) where the largest magnitude is `largest`; float32.

    Half to even; magnitudes up to half the smallest value become 0, up to the smallest value become that.
    """
    bits = width - 1 - exponent
    top = math.frexp(max(float(largest), 1e-30))[1] - 1
    limit, least = math.ldexp(2 - 2.0**-bits, top), math.ldexp(1 + 2.0**-bits, top - (2**exponent - 1))
    x = x.float().contiguous()
    drop = (
        23 - bits
    )  # float32 has 23 mantissa bits; adding just under half rounds to nearest, the kept bit breaks ties
    word = x.view(torch.int32)
    word = (word + ((1 << (drop - 1)) - 1) + ((word >> drop) & 1)) & ~((1 << drop) - 1)
    small = torch.where(x.abs() <= least / 2, x.new_zeros(()), torch.copysign(x.new_tensor(least), x))
    return torch.where(x.abs() < least, small, word.view(torch.float32).clamp(-limit, limit))


class FakeQuantized:
    """Context in which `network` computes with AdaptivFloat operands, and with float32 in between."""

    def __init__(self, network: Network, calibration: Iterator[Batch], width: int = 8, exponent: int = 4):
        """Quantizes the weights and calibrates the taps on the batches."""
        self.network, self.width, self.exponent = network, width, exponent
        self.largest: dict[str, Tensor] = {}
        self._weights: dict[int, Tensor] = {}
        with torch.no_grad():
            network.effective, network.table, network.tap = self._weight, self._cached, self._observe
            for table in (network.position, network.types):
                table.copy_(self._quantized(table))
            for b in calibration:
                network.logits(network.hidden(b.ids, b.types, torch.float32))
        network.tap = self._apply

    def _quantized(self, w: Tensor) -> Tensor:
        return adaptivfloat(w, w.abs().max(), self.width, self.exponent)

    def _cached(self, w: Tensor) -> Tensor:
        if id(w) not in self._weights:
            self._weights[id(w)] = self._quantized(w.detach())
        return self._weights[id(w)]

    def _weight(self, product: nn.Linear) -> Tensor:
        return self._cached(product.weight)

    def _observe(self, name: str, x: Tensor) -> Tensor:
        largest = x.detach().abs().max().float()
        self.largest[name] = torch.maximum(self.largest.get(name, largest), largest)
        return x

    def _apply(self, name: str, x: Tensor) -> Tensor:
        return adaptivfloat(x, self.largest[name], self.width, self.exponent).to(x.dtype)

    def __enter__(self) -> FakeQuantized:
        """The context itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Gives the network its float32 products back (its two small tables stay quantized)."""
        network = self.network
        network.effective, network.table, network.tap = master, whole, untouched
