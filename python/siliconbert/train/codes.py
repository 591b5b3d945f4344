"""Values of codes with gradients that pass straight through, and the choice of their scales.

The rules are siliconbert.reference.integer's; the gradient is Bengio et al. 2013's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

CLIPS_TRIED = 40
SMALL = 1e-8  # a tensor of zeros has some scale, too
LARGEST_PARAMETER, MOST_BITS = 127, 30  # code of a layer norm's gain or shift, bits behind its point


def snapped(x: Tensor, step: Tensor | float, least: int, most: int) -> Tensor:
    """The values code * step nearest to x, codes in least..most; the gradient is 1 between the two ends.

    step : one number, or one a row
    """
    if not isinstance(step, Tensor):
        step = torch.tensor(step, dtype=x.dtype, device=x.device)
    if x.device.type == "cpu" and not step.ndim:  # PyTorch's own takes twice as long there
        snap: Tensor = _Snap.apply(x, step, least, most)
        return snap
    zero = _zero(step.shape, step.device)
    if step.ndim:
        return torch.fake_quantize_per_channel_affine(x, step, zero, 0, least, most)
    return torch.fake_quantize_per_tensor_affine(x, step, zero, least, most)


class _Snap(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, step: Tensor, least: int, most: int) -> Tensor:
        ctx.save_for_backward(x, step)
        ctx.ends = least, most
        return torch.div(x, step).round_().clamp_(least, most).mul_(step)

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, step = ctx.saved_tensors
        least, most = (end * step.item() for end in (ctx.ends[0] - 0.5, ctx.ends[1] + 0.5))
        return torch.ops.aten.hardtanh_backward(gradient[0], x, least, most), None, None, None


def magnitude(x: Tensor) -> Tensor:
    """The largest magnitude, without a gradient."""
    return torch.stack(torch.aminmax(x.detach())).abs().amax()


@lru_cache
def _zero(shape: torch.Size, device: torch.device) -> Tensor:
    return torch.zeros(shape, dtype=torch.int32, device=device)


def eight_bits(scale: Tensor) -> Tensor:
    """The nearest scale with an 8-bit mantissa.

    >>> eight_bits(torch.tensor(25.333333)).item()
    25.375
    """
    mantissa, exponent = torch.frexp(scale)
    return torch.ldexp(torch.round(mantissa * 256) / 256, exponent)


def tuned(weight: Tensor, code: int) -> Tensor:
    """The magnitude of the largest code with the least squared error, of some up to the largest weight."""
    top = weight.abs().amax().clamp_min(SMALL)
    clips = top * torch.arange(1, CLIPS_TRIED + 1, device=weight.device) / CLIPS_TRIED
    errors = [(snapped(weight, clip / code, -code, code) - weight).square().sum() for clip in clips]
    return clips[torch.stack(errors).argmin()].clone()


def fixed_point(rows: Tensor) -> Tensor:
    """The values of 8-bit codes with as many bits behind the point as a row's largest allows; gradient 1."""
    most = rows.detach().abs().amax(-1, keepdim=True).clamp_min(SMALL)
    bits = torch.floor(torch.log2((LARGEST_PARAMETER + 0.5) / most)).clamp_max(MOST_BITS)
    values = torch.round(torch.ldexp(rows.detach(), bits)).clamp(-LARGEST_PARAMETER, LARGEST_PARAMETER)
    return torch.ldexp(values, -bits) + (rows - rows.detach())
