"""Bit comparison, probing values and gfloat's names of roundings, for formats with a shared exponent."""

import gfloat
import numpy as np

ROUNDINGS = ("nearest-even", "nearest-away", "toward-zero")
PEER_ROUNDING = dict(
    zip(
        ROUNDINGS,
        (gfloat.RoundMode.TiesToEven, gfloat.RoundMode.TiesToAway, gfloat.RoundMode.TowardZero),
        strict=True,
    )
)
MOST = np.finfo(np.float32).max


def same_bits(a, b):
    return np.array_equal(
        np.asarray(a, np.float32).view(np.uint32), np.asarray(b, np.float32).view(np.uint32)
    )


def probes(values):
    """Finite values, middles between neighbours, and the float32 numbers on both sides of each."""
    values = np.unique(np.asarray(values, np.float64)[np.isfinite(values)])
    extreme = [0.0, -0.0, 2.0**-149, -(2.0**-149), 2.0**-126, MOST, -MOST]
    centres = np.concatenate([values, (values[1:] + values[:-1]) / 2, extreme]).astype(np.float32)
    return np.concatenate([centres, np.nextafter(centres, MOST), np.nextafter(centres, -MOST)])
