"""Shapes refuse sizes that no network has, and name the tensors of those that exist."""

from dataclasses import replace

import numpy as np
import pytest

from siliconbert.models import Shape
from small_models import ALBERT, SHAPES


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt2"}, "model_type must be one of albert, bert, got gpt2"),
        ({"activation": "swish"}, "activation must be one of gelu, gelu_new, relu, got swish"),
        ({"heads": 5}, "heads must divide hidden, got 5 and 48"),
        ({"groups": 3}, "groups must divide layers, got 3 and 4"),
        ({"hidden": 0}, "hidden must be an integer in 1..16777216, got 0"),
        ({"layers": -1}, "layers must be"),
        ({"ffn": True}, "ffn must be"),
        ({"ffn": 3.0}, "ffn must be"),
        ({"vocabulary": 1 << 40}, "vocabulary must be"),
        ({"classes": -1}, "classes must be an integer in 0..16777216, got -1"),
        ({"epsilon": 0.0}, "epsilon must be"),
        ({"epsilon": float("nan")}, "epsilon must be"),
        ({"epsilon": "1e-12"}, "epsilon must be"),
        ({"model_type": "bert", "embedding": 48}, "groups must equal layers in a bert, got 2"),
        ({"model_type": "bert", "groups": 4}, "embedding must equal hidden in a bert, got 16"),
    ],
)
def test_bad_sizes_are_refused(change, message):
    with pytest.raises(ValueError, match=f"^Shape: .*{message}"):
        replace(ALBERT, **change)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_tensors_come_in_pairs_and_fit_each_other(shape):
    tensors = shape.tensors(ramps=True)
    for name, size in tensors.items():
        if name.endswith(".weight"):
            assert tensors[name.replace(".weight", ".bias")] == size[:1], name
    assert tensors["embeddings.word"] == (shape.vocabulary, shape.embedding)
    assert ("embeddings.projection.weight" in tensors) == (shape.model_type == "albert")
    assert tensors[f"ramps.{shape.layers - 1}.classifier.weight"] == (shape.classes, shape.hidden)
    assert f"ramps.{shape.layers}.classifier.weight" not in tensors


def test_a_shape_without_classes_has_no_classifier():
    names = replace(ALBERT, classes=0).tensors(ramps=True)
    assert not [name for name in names if "classifier" in name or "pooler" in name]


def test_albert_base_has_its_published_size():
    albert_base = Shape("albert", 30000, 512, 2, 128, 768, 12, 3072, 12, 1, 0, "gelu_new", 1e-12)
    count = sum(int(np.prod(size)) for size in albert_base.tensors(ramps=False).values())
    # Lan et al. 2020, Table 1: 12M parameters; the pooler, which a model without classifier does not have, is
    # 0.6M of them.
    assert count == 11_683_584 - 768 * 769
