"""Products of codes: summed in integers on the way forth, by bfloat16 on the way back.

Processors multiply eight-bit integers and bfloat16 several times as fast as float32; integer sums are exact.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812, the usual name
from torch import Tensor


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, step: Tensor, weight: Tensor, steps: Tensor, bias: Tensor) -> Tensor:
        codes = torch.round(x.flatten(0, -2) / step).to(torch.int8)
        rows = torch.round(weight / (steps[:, None] if steps.ndim else steps)).to(torch.int8)
        ctx.save_for_backward(codes, step, rows, steps)
        sums = torch._int_mm(codes, rows.T).to(x.dtype)
        return sums.mul_(step * steps).add_(bias).view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        codes, step, rows, steps = ctx.saved_tensors
        full = gradient[0].flatten(0, -2)
        slopes = full.bfloat16()
        by_x = (full * steps).bfloat16() @ rows.bfloat16()
        by_weight = (slopes.T @ codes.bfloat16()).float() * step
        return by_x.float().view(*gradient[0].shape[:-1], -1), None, by_weight, None, full.sum(0)


def linear(x: Tensor, step: Tensor, weight: Tensor, steps: Tensor, bias: Tensor) -> Tensor:
    """x weight^T + bias, float32, of the values of codes; gradients have bfloat16's precision.

    x      : (..., inputs), integers of magnitude up to 127 times `step`
    weight : (outputs, inputs), such integers times `steps`, one number or one a row

    >>> x, weight = torch.tensor([[0.5, -1.0]]), torch.tensor([[0.25, 0.75]])
    >>> linear(x, torch.tensor(0.5), weight, torch.tensor(0.25), torch.tensor([1.0])).item()
    0.375
    """
    if x.device.type != "cpu":  # a GPU's integer products take only some shapes
        return F.linear(x, weight, bias)
    product: Tensor = _Product.apply(x, step, weight, steps, bias)
    return product
