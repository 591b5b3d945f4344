"""Cross-entropy over a large vocabulary, a few places at a time.

The logits of a batch take more memory than any cache has; softmax and gradient of a few rows stay in it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ROWS = 256  # 256 places x 30,000 words in float32 are 30 MB


class _CrossEntropy(torch.autograd.Function):
    """The loss, and already in the forward pass its derivative by the logits."""

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, weight: Tensor, bias: Tensor, wanted: Tensor, smoothing: float
    ) -> Tensor:
        slopes = states.new_empty(len(states), len(weight))
        by_bias = torch.zeros(len(weight), device=states.device)
        loss = torch.zeros((), device=states.device)
        for begin in range(0, len(states), ROWS):
            rows = slice(begin, begin + ROWS)
            torch.addmm(bias, states[rows], weight.T, out=slopes[rows])
            logs = torch.log_softmax(slopes[rows], -1, dtype=torch.float32)
            chosen = wanted[rows, None]
            loss -= (1 - smoothing) * logs.gather(1, chosen).sum() + smoothing * logs.mean(-1).sum()
            slope = logs.exp_().sub_(smoothing / len(weight))
            slope.scatter_add_(1, chosen, torch.full_like(chosen, smoothing - 1, dtype=torch.float32))
            by_bias += slope.sum(0)
            slopes[rows] = slope
        ctx.save_for_backward(states, weight, slopes, by_bias)
        return loss / len(states)

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        states, weight, slopes, by_bias = ctx.saved_tensors
        share = gradient[0] / len(states)
        by_weight = slopes.T @ (states * share)
        return (slopes @ weight).mul_(share), by_weight, (by_bias * share).to(weight.dtype), None, None


def cross_entropy(
    states: Tensor, weight: Tensor, bias: Tensor, wanted: Tensor, smoothing: float = 0.0
) -> Tensor:
    """Mean cross-entropy (nats) of the words wanted, from the states before the decoder; float32.

    states : (places, width); weight, bias: (words, width) and (words), of the same type
    wanted : (places,) numbers of words; smoothing: share of the target spread over all words

    >>> one = torch.ones(1, 2)
    >>> round(cross_entropy(one, torch.zeros(4, 2), torch.zeros(4), torch.tensor([3])).item(), 4)  # log 4
    1.3863
    """
    loss: Tensor = _CrossEntropy.apply(states, weight, bias, wanted, smoothing)
    return loss
