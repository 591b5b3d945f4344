"""Scales, codes, multipliers and tables of an integer model; defined in siliconbert.reference.integer."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

SHIFT = 28  # of every requantization
NORM_BITS = 10  # fraction bits of a normalised value
_LEAST_MULTIPLIER = 2**8  # below it a multiplier has fewer bits than a scale
_LARGEST = 2**31 - 1


def scale_of(largest: ArrayLike, limit: int, eight_bits: bool) -> NDArray[np.float32]:
    """limit / largest, its mantissa rounded to 8 bits where asked; 1 stands for a largest of 0."""
    magnitudes = np.atleast_1d(np.asarray(largest, np.float64))
    scales = limit / np.where(magnitudes == 0, 1, magnitudes)
    return (eight_bit_scale(scales) if eight_bits else scales).astype(np.float32)


def eight_bit_scale(scales: ArrayLike) -> NDArray[np.float64]:
    """The nearest numbers with an 8-bit mantissa.

    >>> float(eight_bit_scale(25.333333))
    25.375
    """
    fraction, power = np.frexp(np.asarray(scales, np.float64))
    return np.asarray(np.ldexp(np.rint(256 * fraction), power - 8))


def check_scale(name: str, scales: NDArray[np.float32], eight_bits: bool) -> None:
    """Refuses scales that are not positive, that are beyond 2^-60..2^60, or that have more bits than 8."""
    good = np.isfinite(scales) & (scales >= 2.0**-60) & (scales <= 2.0**60)
    if not good.all():
        raise ValueError(
            f"IntegerModel: {name}: its scale must be in 2^-60..2^60, got {scales[~good][0]:.4g}"
        )
    if eight_bits and (eight_bit_scale(scales) != scales).any():
        raise ValueError(f"IntegerModel: {name}: its scale must have an 8-bit mantissa, got {scales[0]:.9g}")


def encode(values: NDArray[np.float32], scales: NDArray[np.float32], limit: int) -> NDArray[np.int8]:
    """Codes of a matrix with one scale, or one a row."""
    scaled = values.astype(np.float64) * scales.astype(np.float64)[:, np.newaxis]
    return np.clip(np.rint(scaled), -limit, limit).astype(np.int8)


def fixed_point(values: NDArray[np.float32]) -> tuple[NDArray[np.int8], int]:
    """8-bit codes of a layer norm's parameter and their number of fraction bits."""
    magnitude = float(np.abs(values).max())
    bits = 30
    while bits > -24 and np.rint(magnitude * 2.0**bits) > 127:
        bits -= 1
    codes = np.rint(values.astype(np.float64) * 2.0**bits)
    return np.clip(codes, -127, 127).astype(np.int8), bits


def multiplier(factors: ArrayLike, largest: float, layer: str) -> NDArray[np.int32]:
    """The 32-bit multipliers of these factors, for sums of at most `largest`.

    errors: ValueError naming the layer where one is out of range
    """
    found = np.rint(np.atleast_1d(np.asarray(factors, np.float64)) * 2.0**SHIFT)
    most = min(_LARGEST, 2.0 ** (SHIFT + 31) / max(largest, 1) - 1)  # products are rounded to 32 bits
    for value in (found.min(), found.max()):
        if not _LEAST_MULTIPLIER <= value <= most:
            raise ValueError(
                f"IntegerModel: {layer}: its multiplier must be in 2^8..{most:.4g}, got {value:.4g} "
                "(scales too far apart)"
            )
    return found.astype(np.int32)


def check_sums(codes: NDArray[np.int8], bias: NDArray[np.int32], limit: int, layer: str) -> float:
    """The largest sum of a matrix for any input; errors as check_sum."""
    sums = np.abs(codes.astype(np.int64)).sum(axis=1) * limit + np.abs(bias.astype(np.int64))
    return check_sum(float(sums.max()), layer)


def check_sum(largest: float, layer: str) -> float:
    """The largest sum; errors: ValueError naming the layer where it passes 32 bits."""
    if largest > _LARGEST:
        raise ValueError(f"IntegerModel: {layer}: its sums must fit 32 bits, they could reach {largest:.4g}")
    return largest


def exponentials(scale: float, largest: int) -> NDArray[np.uint8]:
    """The softmax's table: entry d stands for exp(-d / scale)."""
    found: NDArray[np.uint8] = np.rint(largest * np.exp(-np.arange(256) / scale)).astype(np.uint8)
    return found


def activation_table(name: str, scale_in: float, scale_out: float, limit: int) -> NDArray[np.int8]:
    """Output codes by input code + 128."""
    values = np.array([_ACTIVATIONS[name](code / scale_in) for code in range(-128, 128)])
    return np.clip(np.rint(values * scale_out), -limit, limit).astype(np.int8)


def norm_factors(scale_x: float, scale_y: float) -> NDArray[np.int32]:
    """A and B of an integer layer norm: both inputs at one scale, their sum at most 2^14."""
    power = math.ceil(math.log2(2.0**14 / (1 / scale_x + 1 / scale_y))) + 1
    while np.rint(2.0**power / scale_x) + np.rint(2.0**power / scale_y) > 2**14:
        power -= 1
    return np.rint([2.0**power / scale_x, 2.0**power / scale_y]).astype(np.int32)


def _gelu(x: float) -> float:
    return x * (1 + math.erf(x / math.sqrt(2))) / 2


def _gelu_new(x: float) -> float:
    return x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


def _relu(x: float) -> float:
    return max(x, 0.0)


_ACTIVATIONS = {"gelu": _gelu, "gelu_new": _gelu_new, "relu": _relu}
