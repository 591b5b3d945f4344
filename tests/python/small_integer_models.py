"""Small integer models, shared by the tests of their building, engine and file."""

import numpy as np

from siliconbert.models import Model, integer_places
from siliconbert.reference.largest import largest_activations
from small_models import SHAPES, random_tensors

BERT = SHAPES["bert"]


def small_model(shape=BERT, ramps=True):
    return Model("small", shape, random_tensors(shape, ramps))


def some_ids(shape=BERT, count=12, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, shape.vocabulary, rng.integers(1, shape.positions)) for _ in range(count)]


def largest_of(model, sentences):
    found = dict.fromkeys(integer_places(model.shape), 0.0)
    for ids in sentences:
        for place, value in largest_activations(model.shape.engine(), model.tensors, ids).items():
            found[place] = max(found[place], value)
    return found


def small_integer_model(settings, shape=BERT, ramps=True):
    model = small_model(shape, ramps)
    return model.integer(largest_of(model, some_ids(shape)), settings)
