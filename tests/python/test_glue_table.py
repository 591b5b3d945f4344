"""The GLUE table comes from answers on file, which must be those of their task."""

import numpy as np
import pytest

from siliconbert import report
from siliconbert.campaign import glue_table
from siliconbert.campaign.setup import Call
from siliconbert.data import metrics
from siliconbert.data.answers import Answers, write

RNG = np.random.default_rng(4)
CLASSES = Answers(
    RNG.integers(0, 2, 50), RNG.integers(0, 2, (50, 2)), (1, 2), ("model: a", "data: qqp dev, 50")
)
SCORES = Answers(RNG.random(50), RNG.random((50, 2)), (1, 2), ("model: b", "data: stsb dev, 50"))
MODELS = {"qqp": "a", "stsb": "b", "cola": "c"}


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "a_predictions.csv", CLASSES)
    write(tmp_path / "b_predictions.csv", SCORES)
    return tmp_path


def test_official_metrics_beside_the_published_accuracies(folder):
    outcome = glue_table.run("edgebert/glue", Call(), folder, MODELS)
    found = {(m.row, m.quantity.name): m for m in outcome.measurements}
    assert set(found) == {("qqp", "f1"), ("qqp", "accuracy"), ("stsb", "pearson"), ("stsb", "spearman")}
    assert found["qqp", "f1"].value == pytest.approx(100 * metrics.f1(CLASSES.labels, CLASSES.given[:, -1]))
    assert all(m.low <= m.value <= m.high for m in outcome.measurements)
    assert any("no answers on file yet: cola" in line for line in outcome.header)
    cells = {(c.ours.row, c.ours.quantity.name): c.paper for c in report.make(outcome).cells}
    assert cells["qqp", "accuracy"].value == 89.6 and cells["stsb", "pearson"] is None


def test_files_of_another_task_or_none_are_refused(folder):
    with pytest.raises(ValueError, match=r"b_predictions.csv: must say `data: cola ...` in its header"):
        glue_table.run("edgebert/glue", Call(), folder, {"cola": "b"})
    with pytest.raises(ValueError, match=r"needs a file of answers in .*: c_predictions.csv"):
        glue_table.run("edgebert/glue", Call(data="cola"), folder, MODELS)
