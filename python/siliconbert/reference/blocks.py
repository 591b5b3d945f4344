"""Products with block-sparse weights, one kept block after another (Peng et al., ISQED 2021, Sec. III).

A weight is (outputs, inputs), the transpose of the paper's W; its block column of W is a block row here.
"""

import numpy as np


def multiply(x, weight, bias, block):
    """x @ weight.T + bias over the blocks of (outputs, inputs) that hold a value other than zero."""
    rows, (out, within) = len(x), weight.shape
    high, wide = block
    y = np.zeros((rows, out), x.dtype) + bias
    for o in range(0, out, high):
        for i in range(0, within, wide):
            kept = weight[o : o + high, i : i + wide]
            if kept.any():
                y[:, o : o + high] += x[:, i : i + wide] @ kept.T
    return y


def codes(values):
    """Codes -127..127 of the rows of a float32 matrix and their scales, max |value| / 127 of each row."""
    most = np.abs(values).max(axis=1)
    with np.errstate(divide="ignore"):
        factor = np.where(most == 0, np.float32(0), np.float32(127) / most)
    return np.rint(values * factor[:, None]).astype(np.int8), most / np.float32(127)


def multiply_int8(x, weight, bias):
    """The product of the codes of x and weight, summed exactly, times both scales, plus bias."""
    (x_codes, x_scales), (w_codes, w_scales) = codes(x), codes(weight)
    sums = x_codes.astype(np.int32) @ w_codes.T.astype(np.int32)
    return sums.astype(np.float32) * (x_scales[:, None] * w_scales) + bias
