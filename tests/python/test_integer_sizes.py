"""Bits of integer models: the paper's count of BERT-base, other counts, and the parts add up."""

from dataclasses import replace

import pytest

from siliconbert.campaign import compression as table
from siliconbert.models import Integer, Shape
from siliconbert.models.integer.sizes import ENCODER, compression, sizes

BASE = Shape("bert", 30522, 512, 2, 768, 768, 12, 3072, 12, 12, 2)
SMALL = Shape("bert", 90, 40, 2, 48, 48, 6, 80, 3, 3, 2)


def test_bert_base_is_the_papers_ratio_by_hand():
    parts = sizes(BASE)
    weights = 12 * (4 * 768 * 768 + 2 * 768 * 3072)
    biases, norms = 12 * (4 * 768 + 3072 + 768), 12 * 4 * 768
    assert [parts[name].values for name in ENCODER] == [weights, biases, norms] == [84934656, 82944, 36864]
    by_hand = 32 * (weights + biases + norms) / (4 * weights + 32 * biases + 8 * norms)
    assert compression(parts) == by_hand and f"{by_hand:.4f}" == "7.9423"


@pytest.mark.parametrize(
    ("settings", "bits", "counted", "ratio"),
    [
        (Integer(layer_norm=False), 32, ENCODER, "7.922"),
        (Integer(), 4, (*ENCODER, "embeddings"), "7.955"),
        (Integer(), 8, (*ENCODER, "embeddings"), "6.533"),
        (Integer(), 32, (*ENCODER, "embeddings"), "3.152"),
        (Integer(8), 32, ENCODER, "3.988"),
        (Integer(2), 32, ENCODER, "15.749"),
    ],
)
def test_other_counts(settings, bits, counted, ratio):
    assert f"{compression(sizes(BASE, settings, bits), counted):.3f}" == ratio


def test_everything_counts_every_number_of_the_float_model():
    for ramps in (False, True):
        parts = sizes(SMALL, ramps=ramps)
        expected = sum(a * (b[0] if b else 1) for a, *b in SMALL.tensors(ramps).values())
        assert sum(part.values for part in parts.values()) == expected


def test_scales_are_one_a_matrix_a_place_and_a_parameter():
    # 3 layers: 6 matrices, 11 places and the output, 4 fixed points; 16 bits a scale.
    assert sizes(SMALL)["scales"].bits == 16 * (18 + 34) + 8 * 12
    rows = 3 * (4 * 48 + 80 + 48)
    assert sizes(SMALL, Integer(per_channel=True))["scales"].bits == 16 * (rows + 34) + 8 * 12
    assert sizes(SMALL, Integer(scales=False, layer_norm=False))["scales"].bits == 32 * (18 + 34)


def test_bad_input_is_named():
    albert = replace(BASE, model_type="albert")
    with pytest.raises(ValueError, match="sizes: shape must be of a bert, got albert"):
        sizes(albert)
    with pytest.raises(ValueError, match=r"counted must be among weights, biases, .*; got 'speed'"):
        compression(sizes(BASE), ("weights", "speed"))


def test_the_table_says_what_it_counts():
    rows = {(m.row, m.quantity.name): m.value for m in table.rows(BASE, Integer(), "FQ-BERT")}
    assert f"{rows['FQ-BERT', 'compression']:.2f}" == "7.94"
    assert f"{rows['everything', 'compression']:.2f}" == "3.12"
    assert rows["FQ-BERT", "size"] == (84934656 / 2 + 82944 * 4 + 36864) / 1e6
    assert "weights 84,934,656 in 42.467 MB" in table.header(BASE, Integer())[0]
