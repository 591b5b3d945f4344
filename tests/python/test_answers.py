"""Answers on file: they return as written, wrong files are named, and comparisons count sentences."""

import numpy as np
import pytest

from siliconbert.campaign import answers
from siliconbert.data import Data
from siliconbert.data.answers import Answers, read, write
from siliconbert.models import Trace

LABELS = np.array([0, 1, 1, 0])


def trace():
    logits = np.zeros((4, 2, 2), np.float32)
    logits[:, 1, 1] = [-1, 1, -1, 1]  # the last exit is right, right, wrong, wrong
    logits[2, 0, 0] = np.nan
    return Trace(logits, logits[:, :, 0], (3, 6), "path", "model", "sentences")


def data(labels=LABELS, classes=("no", "yes")):
    return Data("sst2", "dev", ["a"] * len(labels), labels, classes, "made up")


def test_answers_return_as_written(tmp_path):
    ours = answers.of(trace(), data(), ("model: made up", "data: too"))
    write(tmp_path / "a.csv", ours)
    found = read(tmp_path / "a.csv", LABELS)
    assert found.layers == (3, 6) and found.header == ("model: made up", "data: too")
    assert found.given[:, 0].tolist() == [0, 0, -1, 0]  # no answer where a logit is not finite
    assert answers.right(found).tolist() == [True, True, False, False]
    assert answers.compare(ours, tmp_path / "a.csv").lost == 0


def test_scores_return_with_six_digits(tmp_path):
    labels, given = np.array([0.1, 5.0, 2.5]), np.array([[1 / 3], [2e-7], [4.0]])
    write(tmp_path / "a.csv", Answers(labels, given, (6,)))
    found = read(tmp_path / "a.csv", labels)
    np.testing.assert_allclose(found.given, given, rtol=1e-5)
    with pytest.raises(ValueError, match="scores, which are not right or wrong"):
        answers.compare(found, tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "columns must be sentence, label and layer_1 and so on, got none"),
        ("sentence,label\n0,1\n", "columns must be .*, got sentence, label"),
        ("sentence,label,answer\n0,1,1\n", "got sentence, label, answer"),
        ("sentence,label,layer_2,layer_1\n0,1,1,1\n", "columns must be"),
        ("sentence,label,layer_1\n0,1\n", "every row must hold 3 numbers"),
        ("sentence,label,layer_1\n0,1,nan\n", "every row must hold 3 numbers"),
        ("sentence,label,layer_1\n0,1,x\n", "every row must hold 3 numbers"),
        ("sentence,label,layer_1\n0,0,1\n1,0,1\n2,1,1\n3,0,1\n", "same 4 sentences, got 4 or other labels"),
        ("sentence,label,layer_1\n", "same 4 sentences, got 0"),
    ],
)
def test_wrong_files_are_named(tmp_path, text, match):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(ValueError, match=rf"bad\.csv: .*{match}"):
        read(tmp_path / "bad.csv", LABELS)
