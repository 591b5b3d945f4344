"""Tables of integer runs: means over seeds, changes from floating point, what is missing is named."""

import numpy as np
import pytest

from siliconbert import report
from siliconbert.campaign import integer_table
from siliconbert.campaign.outcome import Quantity
from siliconbert.campaign.setup import Call
from siliconbert.campaign.statistics import mean_interval, paired_difference
from siliconbert.data.answers import Answers, write

ACCURACY = Quantity("accuracy", "accuracy", "%")
LABELS = np.arange(200) % 2


def put(folder, name, wrong, task="sst2"):
    """Answers of which the first `wrong` are wrong at the last exit, all at the first."""
    last = np.where(np.arange(200) < wrong, 1 - LABELS, LABELS)
    header = (f"model: {name}", f"data: {task} dev, 200 sentences")
    write(
        folder / f"{name}_predictions.csv", Answers(LABELS, np.stack([1 - LABELS, last], 1), (1, 6), header)
    )


def plan(folder):
    rows = {"none": ["a"], "all": ["b", "b2"], "one": ["c"]}
    return integer_table.Plan("sst2", folder, ACCURACY, rows, {"one": "+ softmax"})


def test_rows_are_means_over_seeds_and_changes_seed_by_seed(tmp_path):
    for name, wrong in {"a": 20, "b": 26, "b2": 24, "c": 40}.items():
        put(tmp_path, name, wrong)
    found = integer_table.measure(plan(tmp_path))
    values = {(m.row, m.quantity.name): m for m in found.measurements}
    assert values["none", "accuracy"].value == 90.0 and ("none", "change") not in values
    assert values["one", "change"].beside == "+ softmax" and values["all", "change"].beside is None
    change, expected = values["all", "change"], mean_interval([-0.03, -0.02])
    assert (change.value, change.low) == (pytest.approx(-2.5), pytest.approx(100 * expected.low))
    right = [np.arange(200) >= wrong for wrong in (20, 40)]
    assert values["one", "change"].low == pytest.approx(100 * paired_difference(*right).low)
    assert found.header == [f"sst2: 4 runs, answers in {tmp_path.name}/NAME_predictions.csv"]


def test_missing_runs_are_named_and_their_seeds_left_out(tmp_path):
    put(tmp_path, "a", 20)
    put(tmp_path, "b", 26)
    found = integer_table.measure(plan(tmp_path))
    assert [m.row for m in found.measurements] == ["none", "all", "all"]
    assert found.measurements[0].value == 90.0 and found.header[1].endswith("on file yet: b2, c")


def test_a_run_is_compared_with_the_floating_point_run_that_it_started_from(tmp_path):
    for name, wrong in {"a": 20, "a2": 30, "b": 26, "b2": 32}.items():
        put(tmp_path, name, wrong)
    rows = {"none": ["a"], "none, two seeds": ["a", "a2"], "all": ["b", "b2"]}
    paired = integer_table.Plan("sst2", tmp_path, ACCURACY, rows, starts={"b2": "a2"})
    values = {(m.row, m.quantity.name): m.value for m in integer_table.measure(paired).measurements}
    assert values.keys() == {(row, "accuracy") for row in rows} | {("all", "change")}
    assert values["none, two seeds", "accuracy"] == pytest.approx(87.5)
    assert values["all", "change"] == pytest.approx(-2.0)


def test_no_files_and_files_of_another_task_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"fq_bert/table_2 needs answers in .*, a_predictions.csv first"):
        integer_table.run("fq_bert/table_2", plan(tmp_path), ())
    put(tmp_path, "a", 20, "mnli")
    with pytest.raises(ValueError, match=r"must say `data: sst2 \.\.\.` in its header"):
        integer_table.measure(plan(tmp_path))


def test_table_1_has_the_papers_ratio_whatever_runs_there_are():
    outcome = report.experiments.load("fq_bert/table_1").run(Call())
    cells = {(c.ours.row, c.ours.quantity.name): c for c in report.comparison.compare(outcome)}
    assert cells["FQ-BERT", "compression"].agrees is True
