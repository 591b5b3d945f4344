"""BERT in integers, one sentence at a time: the exact arithmetic of an integer model.

The rules are FQ-BERT's (Liu, Li, Cheng, DATE 2021, Sec. II) where the paper gives them; what it leaves open
is marked `ours`. k is a width, L(k) = 2^(k-1) - 1; w and a are the widths of weights and activations.

Scales. A scale s multiplies: code = clamp(rint(x s), -L, L), x = code / s; rint rounds half to even, there is
no zero point. s = L(w) / clip for a weight matrix (or for each of its rows, `per_channel`), clip = max|W| or
a tuned smaller one; s = L(a) / max for an activation, max from an EMA or a calibration of |x|. With `scales`
every s is rounded to an 8-bit mantissa and a power of two: s = f 2^e, 0.5 <= f < 1, becomes rint(256 f)
2^(e-8) (ours); without, to float32. A matrix or row of zeros takes clip = 1.

Places with an activation scale, layer l = 1..layers: layer.l.input (for l = 1 the output of the embeddings,
else of layer l - 1), .query, .key, .value (outputs of their products), .scores (q . k / sqrt(head width),
before the maximum is subtracted), .context, .projected (output of the matrix `output`), .attended (after the
first layer norm), .expanded (output of `up`, before GELU), .activated, .reduced (output of `down`); and
main.token, the output of the last layer. Probabilities have no negative codes, so they are 0..P with
P = 2^a - 1, at the fixed scale P (ours).

Products. sum(a_I w_I) + b_I in 32 bits, b_I = rint(b s_a s_w). A sum that could pass 2^31 - 1 for some input
is refused when the model is built.

Requantization to scale s_y: y = clamp((sum M + 2^27) >> 28, -L(a), L(a)), that is rounding half up, with the
32-bit multiplier M = rint(2^28 s_y / (s_a s_w)): the shift is 28 everywhere (ours); 2^8 <= M < 2^31 or the
model is refused. For the scores s_y / (s_q s_k sqrt(head width)), for the context s_y / (P s_v), instead.

GELU. 256 entries by the input's code c (ours): clamp(rint(s_activated gelu(c / s_expanded)), -L, L).

Softmax. With c the codes of a row of scores: T_j = table[max(c) - c_j], table[d] = rint(P exp(-d /
s_scores)), 256 entries; S = sum T_j; R = (65536 P + S // 2) // S; p_j = (T_j R + 32768) >> 16 (R: ours).
Without `softmax` the scores stay float32, z = sum C with C = float32(1 / (s_q s_k sqrt(head width))), and
p_j = rint(P (e_j / sum e)), e_j = exp(z_j - max z).

Layer norm of x + y (codes with scales s_x, s_y) to scale s. Ours but for the three steps and the 8-bit
parameters:
1. u = x A + y B, A = rint(2^n / s_x), B = rint(2^n / s_y), n the largest with A + B <= 2^14;
   m = (sum u + H // 2) // H over the H columns;
2. d = u - m; sigma = max(1, isqrt(sum d^2 // H)); there is no epsilon;
3. z = (d min(2^31 - 1, 2^32 // sigma) + 2^21) >> 22 (10 fraction bits); out = requantization of z G + D,
   where the gain is G / 2^g and the shift t / 2^h with 8-bit codes G = rint(gain 2^g), t = rint(shift 2^h),
   g and h the largest (at most 30) that keep every code within 127; D = rint(t 2^(10 + g - h));
   M = rint(2^28 s / 2^(10 + g)).
Without `layer_norm` it is float32: x (1 / s_x) + y (1 / s_y), normalised with epsilon, and rint(out s)
clamped; here the gain and the shift are float32.

Embedding and heads are float32: sums run in 16 lanes (`total`), exp and tanh are the lines below, so that
any implementation of IEEE arithmetic without fused steps gets the same bits. A head reads code (1 / s) of
token 0.
"""

from __future__ import annotations

import math

import numpy as np

F = np.float32


def trace(model, ids, types=None):
    """Logits after every layer that has a classifier, float32 (exits, classes).

    model : dict of sizes and arrays, what IntegerModel.parts gives
    ids   : token ids of one sentence; types: their segment, default all 0
    """
    arrays = model["arrays"]
    states = hidden(model, ids, types)
    heads = [f"ramps.{layer}" for layer in range(1, model["layers"])] + ["main"]
    found = []
    for layer, head in enumerate(heads):
        if f"{head}.classifier.weight" in arrays:
            token = states[layer + 1][0].astype(F) * arrays[f"layers.{layer}.step"]
            found.append(_classify(arrays, head, token))
    return np.array(found)


def hidden(model, ids, types=None):
    """Codes before the first layer and after every layer: layers + 1 arrays (tokens, hidden)."""
    states = [_embed(model, np.asarray(ids), types)]
    for layer in range(model["layers"]):
        states.append(_layer(model, f"layers.{layer}", states[-1]))
    return states


def products(x, y):
    """The matrix product of integers; float64 holds every sum below 2^53 exactly, in any order."""
    return (x.astype(np.float64) @ y.astype(np.float64)).astype(np.int64)


def requantize(sums, multiplier, limit):
    """(sums M + 2^27) >> 28, clamped: of 64-bit sums, with a multiplier of their shape or of one row."""
    return np.clip((sums * np.int64(multiplier) + (1 << 27)) >> 28, -limit, limit)


def softmax(codes, table, largest):
    """Codes 0..largest of the probabilities of rows of score codes; table: the 256 exponentials."""
    raised = table[codes.max(axis=-1, keepdims=True) - codes].astype(np.int64)
    sums = raised.sum(axis=-1, keepdims=True)
    shares = (65536 * largest + sums // 2) // sums
    return (raised * shares + 32768) >> 16


def layer_norm(x, y, factors, gain, shift, multiplier, limit):
    """Codes of the layer norm of two arrays of codes; factors: A and B of the definition, shift: D."""
    columns = x.shape[-1]
    u = x * np.int64(factors[0]) + y * np.int64(factors[1])
    d = u - (u.sum(axis=-1, keepdims=True) + columns // 2) // columns
    roots = [max(1, math.isqrt(int(squares) // columns)) for squares in (d * d).sum(axis=-1)]
    inverse = np.array([min(2**31 - 1, 2**32 // root) for root in roots])[:, np.newaxis]
    z = (d * inverse + (1 << 21)) >> 22
    return requantize(z * gain + shift, multiplier, limit)


def float_softmax(scores, largest):
    """Codes 0..largest of the probabilities of float32 rows."""
    raised = exponential(scores - scores.max(axis=-1, keepdims=True))
    return np.rint(raised / total(raised)[..., np.newaxis] * F(largest)).astype(np.int64)


def float_layer_norm(values, gain, shift, epsilon):
    """The layer norm of float32 rows."""
    share = F(1) / F(values.shape[-1])
    centred = values - (total(values) * share)[..., np.newaxis]
    factor = F(1) / np.sqrt(total(centred * centred) * share + F(epsilon))
    return centred * factor[..., np.newaxis] * gain + shift


def total(values):
    """Sums of float32 rows: lane j of 16 takes columns j, j + 16, ...; then the lanes in their order."""
    columns = values.shape[-1]
    padded = np.zeros((*values.shape[:-1], -(-columns // 16), 16), F)
    padded.reshape(*values.shape[:-1], -1)[..., :columns] = values
    return np.cumsum(np.cumsum(padded, axis=-2)[..., -1, :], axis=-1)[..., -1]


def exponential(x):
    """e^x of float32 by 2^n e^r and Taylor to r^7, x cut to -87..88; the engine's, step by step."""
    x = np.clip(x, F(-87), F(88))
    n = (x * F(1.44269504) + F(12582912)) - F(12582912)
    r = (x - n * F(0.693359375)) - n * F(-2.12194440e-4)
    e = np.full_like(r, F(1) / F(5040))
    for term in (F(1) / F(720), F(1) / F(120), F(1) / F(24), F(1) / F(6), F(0.5), F(1), F(1)):
        e = e * r + term
    return np.ldexp(e, n.astype(np.int32))


def tanh(x):
    """Of float32, by `exponential`."""
    e = exponential(F(-2) * np.abs(x))
    return np.copysign((F(1) - e) / (F(1) + e), x)


def quantize(values, scale, limit):
    """Codes of float32 values."""
    return np.clip(np.rint(values * F(scale)), -limit, limit).astype(np.int64)


def _embed(model, ids, types):
    arrays = model["arrays"]
    types = np.zeros_like(ids) if types is None else np.asarray(types)
    x = arrays["embeddings.word"][ids] + arrays["embeddings.type"][types]
    x = x + arrays["embeddings.position"][: len(ids)]
    gain, shift = arrays["embeddings.norm.weight"], arrays["embeddings.norm.bias"]
    x = float_layer_norm(x, gain, shift, model["epsilon"])
    return quantize(x, arrays["embeddings.scale"], model["limit"])


def _layer(model, name, x):
    attended = _norm(model, f"{name}.attention_norm", x, _attention(model, name, x))
    expanded = _linear(model, f"{name}.up", attended)
    activated = model["arrays"][f"{name}.activation"][expanded + 128].astype(np.int64)
    return _norm(model, f"{name}.norm", attended, _linear(model, f"{name}.down", activated))


def _attention(model, name, x):
    query, key, value = (
        _linear(model, f"{name}.{part}", x).reshape(len(x), model["heads"], -1).swapaxes(0, 1)
        for part in ("query", "key", "value")
    )
    probabilities = _probabilities(model, name, products(query, key.swapaxes(1, 2)))
    sums = products(probabilities, value).swapaxes(0, 1).reshape(x.shape)
    context = requantize(sums, model["arrays"][f"{name}.context.multiplier"], model["limit"])
    return _linear(model, f"{name}.output", context)


def _probabilities(model, name, sums):
    arrays = model["arrays"]
    if f"{name}.scores.step" in arrays:
        return float_softmax(sums.astype(F) * arrays[f"{name}.scores.step"], model["largest"])
    codes = requantize(sums, arrays[f"{name}.scores.multiplier"], model["limit"])
    return softmax(codes, arrays[f"{name}.exponentials"], model["largest"])


def _linear(model, name, x):
    arrays = model["arrays"]
    sums = products(x, arrays[f"{name}.weight"].T) + arrays[f"{name}.bias"]
    return requantize(sums, arrays[f"{name}.multiplier"], model["limit"])


def _norm(model, name, x, y):
    arrays, limit = model["arrays"], model["limit"]
    gain, shift = arrays[f"{name}.gain"], arrays[f"{name}.shift"]
    if f"{name}.factors" in arrays:
        return layer_norm(x, y, arrays[f"{name}.factors"], gain, shift, arrays[f"{name}.multiplier"], limit)
    steps = arrays[f"{name}.steps"]
    values = x.astype(F) * steps[0] + y.astype(F) * steps[1]
    return quantize(float_layer_norm(values, gain, shift, model["epsilon"]), arrays[f"{name}.scale"], limit)


def _classify(arrays, head, token):
    if f"{head}.pooler.weight" in arrays:  # a linear ramp has none
        token = tanh(_float_linear(arrays, f"{head}.pooler", token))
    return _float_linear(arrays, f"{head}.classifier", token)


def _float_linear(arrays, name, x):
    return total(arrays[f"{name}.weight"] * x) + arrays[f"{name}.bias"]
