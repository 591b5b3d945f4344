"""Patterns of siliconbert.sparsity in a recipe, and the units that a pattern keeps or drops as a whole.

Patterns hold for weights as they are stored, (outputs, inputs). A unit is one weight, one block or one head.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor

from siliconbert.sparsity import NM, Block, Head, Pattern, Unstructured, prune

KINDS: dict[str, Any] = {
    "unstructured": Unstructured,
    "nm": NM,
    "block": Block,
    "head": Head,
}


def make(plain: dict[str, Any]) -> Pattern:
    """The pattern of a recipe, as {kind: block, shape: [16, 16], balance: column}; a head's width may lack.

    >>> make({"kind": "nm", "n": 2, "m": 4})
    NM(n=2, m=4)
    """
    kind = KINDS.get(plain.get("kind", ""))
    if kind is None:
        raise ValueError(f"train: pattern must have a kind of {', '.join(KINDS)}; got {plain}")
    settings = {name: tuple(x) if isinstance(x, list) else x for name, x in plain.items() if name != "kind"}
    if odd := settings.keys() - {f.name for f in fields(kind)}:
        raise ValueError(f"train: pattern {plain['kind']} has no setting '{min(odd)}'")
    try:
        pattern: Pattern = kind(**({"width": 1} if kind is Head else {}) | settings)
        return pattern
    except TypeError:
        needed = ", ".join(f.name for f in fields(kind))
        raise ValueError(
            f"train: pattern {plain['kind']} needs its settings ({needed}), got {plain}"
        ) from None


def at(pattern: Pattern, density: float) -> tuple[Pattern, float | None]:
    """The pattern that holds while the density is still falling, and what `prune` is to be given with it."""
    if isinstance(pattern, NM):
        return NM(max(pattern.n, math.ceil(density * pattern.m - 1e-6)), pattern.m), None
    return pattern, density


def grid(pattern: Pattern, shape: tuple[int, int]) -> tuple[int, int]:
    """How many units a matrix has in each direction."""
    rows, columns = _unit(pattern, shape)
    return -(-shape[0] // rows), -(-shape[1] // columns)


def spread(units: Tensor, pattern: Pattern, shape: tuple[int, int]) -> Tensor:
    """One number a unit -> the same for each of its weights; gradients add up over a unit."""
    (rows, columns), (r, c) = units.shape, _unit(pattern, shape)
    if (r, c) == (1, 1):
        return units
    full = units[:, None, :, None].expand(rows, r, columns, c).reshape(rows * r, columns * c)
    return full[: shape[0], : shape[1]]


def best(scores: Tensor, pattern: Pattern, density: float) -> Tensor:
    """Mask of the units whose scores, of either sign, are the highest that the pattern allows."""
    of_units: Pattern = pattern
    if isinstance(pattern, Block):
        bank = None if pattern.bank is None else pattern.bank // pattern.shape[1]
        of_units = Block((1, 1), pattern.balance, bank)
    elif isinstance(pattern, Head):
        of_units = Unstructured()
    ranks = scores.detach() - scores.detach().min()  # prune goes by magnitude
    return _mask(ranks, of_units, density)


def largest(weight: Tensor, pattern: Pattern, density: float) -> Tensor:
    """Mask of the largest magnitudes or norms that the pattern allows."""
    return _mask(weight.detach(), pattern, density)


def _mask(magnitudes: Tensor, pattern: Pattern, density: float) -> Tensor:
    kept = prune(magnitudes.cpu().numpy(), *at(pattern, density))
    return torch.from_numpy(kept).to(magnitudes.device)


def _unit(pattern: Pattern, shape: tuple[int, int]) -> tuple[int, int]:
    if isinstance(pattern, Block):
        return pattern.shape
    if isinstance(pattern, Head):
        return (pattern.width, shape[1]) if pattern.axis == 0 else (shape[0], pattern.width)
    return 1, 1
