"""Attention distributions: a network's while it reads a batch, and how far they are from a teacher's."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from siliconbert.train.distill import Pairs
from siliconbert.train.network import Network, untouched

LEAST = 1e-6  # smallest probability in a logarithm; keys outside a span's window have 0


class Watch:
    """Context in which `network` leaves its probabilities in `found`: layer (from 1) -> heads that are on."""

    def __init__(self, network: Network):
        """Nothing found yet."""
        self.network = network
        self.found: dict[int, Tensor] = {}

    def __enter__(self) -> dict[int, Tensor]:
        """What is found."""
        self.network.tap = self._see
        return self.found

    def __exit__(self, *_: object) -> None:
        """Looks no more."""
        self.network.tap = untouched

    def _see(self, name: str, x: Tensor) -> Tensor:
        layer, _, place = name.partition(".")
        if place == "probabilities":
            self.found[int(layer)] = x
        return x


def agree(student: Network, teacher: Network, pairs: Pairs) -> None:
    """ValueError where the two cannot be compared head by head."""
    if student.shape.heads != teacher.shape.heads or not any(s and t for s, t in pairs):
        raise ValueError(
            "train: attention_share needs pairs of layers from 1 on and a teacher with as many heads, got "
            f"{student.shape.heads} heads, {teacher.shape.heads} of the teacher and pairs {list(pairs)}"
        )


def heads_on(network: Network, layer: int) -> list[int]:
    """Numbers of the heads that are on in a layer, from 1."""
    if network.spans is None:
        return list(range(network.shape.heads))
    return [int(head) for head in network.spans.on((layer - 1) % len(network.layers))]


def loss(
    student: dict[int, Tensor],
    teacher: dict[int, Tensor],
    pairs: Pairs,
    on: Sequence[tuple[list[int], list[int]]],
) -> Tensor:
    """Mean over pairs, heads and queries of KL(teacher || student); pairs with layer 0 have none.

    student, teacher : probabilities of every layer, (sentences, heads on, queries, keys), windows applied
    on               : heads_on of both layers of each pair; heads that one of them lacks do not count
    """
    losses = [next(iter(student.values())).new_zeros((), dtype=torch.float32)]
    for (s, t), (ours, theirs) in zip(pairs, on, strict=True):
        both = sorted(set(ours) & set(theirs))
        if s and t and both:
            p = student[s][:, [ours.index(head) for head in both]].float().clamp_min(LEAST)
            q = teacher[t][:, [theirs.index(head) for head in both]].float()
            losses.append((torch.xlogy(q, q) - q * p.log()).sum(-1).mean())
    return torch.stack(losses).sum() / max(1, len(losses) - 1)
