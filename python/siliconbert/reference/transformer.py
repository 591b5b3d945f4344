"""The whole network as its definition reads: BERT and ALBERT, one sentence at a time.

Vaswani et al. 2017 (attention), Devlin et al. 2019 (BERT), Lan et al. 2020 (ALBERT), Xin et al. 2020 (ramps),
Sukhbaatar et al. 2019 and Tambe et al. 2021 (attention spans).
"""

import math

import numpy as np


def untouched(place, values):
    """The `quantize` of a plain floating-point run."""
    return values


def trace(shape, tensors, ids, types=None, quantize=untouched, spans=None):
    """Logits after every layer that has a classifier, (exits, classes).

    shape    : dict with layers, groups, heads, activation, epsilon and classes; a true "causal" where a token
               sees those up to itself only
    tensors  : canonical name -> array; all of one floating-point type, which every step keeps
    ids      : token ids of one sentence; types: their segment, default all 0
    quantize : called as quantize(place, values) on every operand of a product that is not a weight
    spans    : None, or dict with values (weight sets, heads), ramp, variant and renormalise; see models.Spans
    """
    states = hidden(shape, tensors, ids, types, quantize, spans)
    heads = [f"ramps.{layer}" for layer in range(1, shape["layers"])] + ["main"]
    found = []
    for layer, head in enumerate(heads, 1):
        if f"{head}.classifier.weight" in tensors:
            place = head if head == "main" else f"ramp.{layer}"
            found.append(_classify(tensors, head, place, states[layer][0], quantize))
    return np.array(found)


def hidden(shape, tensors, ids, types=None, quantize=untouched, spans=None):
    """States after the embeddings and after every layer: layers + 1 arrays (tokens, hidden)."""
    states = [_embed(shape, tensors, np.asarray(ids), types, quantize)]
    for layer in range(1, shape["layers"] + 1):
        group = (layer - 1) * shape["groups"] // shape["layers"]
        keep = seen_so_far if shape.get("causal") else kept(spans, group, len(states[0]))
        states.append(_layer(shape, tensors, f"layers.{group}", f"layer.{layer}", states[-1], quantize, keep))
    return states


def next_words(shape, tensors, ids):
    """Logits of a language model's next word after every token, (tokens, vocabulary)."""
    return _linear(tensors, "decoder", hidden(shape, tensors, ids)[-1])


def seen_so_far(probabilities):
    """What is left of (heads, queries, keys) where a query sees no later key."""
    found = np.tril(probabilities)
    return found / found.sum(axis=-1, keepdims=True)


def _embed(shape, tensors, ids, types, quantize):
    types = np.zeros_like(ids) if types is None else np.asarray(types)
    words = tensors["embeddings.word"][ids]
    positions = tensors["embeddings.position"][: len(ids)]
    x = words + positions + tensors["embeddings.type"][types]
    x = _norm(shape, tensors, "embeddings.norm", x)
    if "embeddings.projection.weight" in tensors:
        x = _linear(tensors, "embeddings.projection", quantize("embeddings", x))
    return x


def kept(spans, group, tokens):
    """What one set of weights does to its probabilities (heads, queries, keys) of a sentence."""
    if spans is None:
        return lambda probabilities: probabilities
    z = np.asarray(spans["values"], np.float64)[group][:, None, None]
    key = np.arange(tokens)
    query = key[:, None]
    if spans["variant"] == "window":
        share = (spans["ramp"] + z - np.abs(query - key)) / spans["ramp"]
    else:
        share = (key - 127 + z) / spans["ramp"] + 1
    share = np.where(z == 0, 0, np.clip(share, 0, 1))

    def keep(probabilities):
        found = probabilities * share
        if spans["renormalise"]:
            found = found / (found.sum(axis=-1, keepdims=True) + 1e-8)
        return found.astype(probabilities.dtype)

    return keep


def _layer(shape, tensors, weights, place, x, quantize, keep):
    attended = _attention(shape, tensors, weights, place, x, quantize, keep)
    y = _norm(shape, tensors, f"{weights}.attention_norm", x + attended)
    up = _linear(tensors, f"{weights}.up", quantize(f"{place}.attended", y))
    activated = ACTIVATIONS[shape["activation"]](up)
    down = _linear(tensors, f"{weights}.down", quantize(f"{place}.activated", activated))
    return _norm(shape, tensors, f"{weights}.norm", y + down)


def _attention(shape, tensors, weights, place, x, quantize, keep):
    inputs = quantize(f"{place}.input", x)
    query, key, value = (
        _heads(shape, quantize(f"{place}.{name}", _linear(tensors, f"{weights}.{name}", inputs)))
        for name in ("query", "key", "value")
    )
    scores = query @ key.swapaxes(1, 2) / query.dtype.type(math.sqrt(query.shape[2]))
    probabilities = quantize(f"{place}.probabilities", keep(_softmax(scores)))
    context = (probabilities @ value).swapaxes(0, 1).reshape(x.shape)
    return _linear(tensors, f"{weights}.output", quantize(f"{place}.context", context))


def _heads(shape, x):
    """(tokens, hidden) -> (heads, tokens, hidden / heads)."""
    return x.reshape(len(x), shape["heads"], -1).swapaxes(0, 1)


def _classify(tensors, head, place, token, quantize):
    inputs = quantize(f"{place}.token", token)
    if f"{head}.pooler.weight" in tensors:  # a linear ramp has none
        inputs = quantize(f"{place}.pooled", np.tanh(_linear(tensors, f"{head}.pooler", inputs)))
    return _linear(tensors, f"{head}.classifier", inputs)


def _linear(tensors, name, x):
    return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]


def _norm(shape, tensors, name, x):
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt(variance + x.dtype.type(shape["epsilon"]))
    return scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def _softmax(scores):
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def _gelu(x):
    erf = np.vectorize(math.erf, otypes=[x.dtype])
    return x * (1 + erf(x / x.dtype.type(math.sqrt(2)))) / 2


def _gelu_new(x):
    inner = x.dtype.type(math.sqrt(2 / math.pi)) * (x + x.dtype.type(0.044715) * x**3)
    return x * (1 + np.tanh(inner)) / 2


def _relu(x):
    return np.maximum(x, 0)


ACTIVATIONS = {"gelu": _gelu, "gelu_new": _gelu_new, "relu": _relu}
