"""Tables over all tasks and kinds of model: which models they take, and how their outcomes become one."""

from dataclasses import replace

import pytest

from siliconbert import report
from siliconbert.campaign import over_tasks
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity
from siliconbert.campaign.setup import Call

PLAN = over_tasks.Plan(("mnli", "qqp", "sst2", "qnli"), ("mini", "other"), "sst2")
PREDICTED = Quantity("lai_predicted", "predicted", "layers")


def made_up(task, call, values=(7.0, 6.0, 5.0)):
    rows = zip(("1 %", "2 %", "5 %"), values, strict=True)
    measured = tuple(Measurement(row, PREDICTED, value) for row, value in rows)
    return Outcome("edgebert/table_3", task, "model", (f"model: {call.model}", "data: all"), measured)


@pytest.fixture
def zoo(monkeypatch):
    names = ["mini/qqp-split", "mini/sst2", "other/sst2", "other/mnli-split", "third/qnli"]
    monkeypatch.setattr(over_tasks.models, "zoo_names", lambda zoo: names)


@pytest.mark.usefixtures("zoo")
def test_every_model_at_hand_has_rows_and_the_others_are_named():
    found = over_tasks.run(Call(), PLAN, made_up)
    assert found.header[0] == "mnli other: model: other/mnli-split"
    assert found.header[-2:] == (
        "data: all",
        "no model in the zoo for mini: mnli, qnli; other: qqp, qnli",
    )
    rows = [m.row for m in found.measurements if m.row.endswith("1 %")]
    assert rows == ["mnli other 1 %", "qqp 1 %", "sst2 1 %", "sst2 other 1 %"]


@pytest.mark.usefixtures("zoo")
def test_rows_move_within_their_task_and_the_paper_stands_beside_the_first_family():
    cells = {cell.ours.row: cell for cell in report.make(over_tasks.run(Call(), PLAN, made_up)).cells}
    assert cells["sst2 5 %"].agrees and cells["sst2 5 %"].paper.value == 3.65
    assert cells["sst2 other 1 %"].paper is None
    # 6.41, 7.65, 5.94 as printed; with the other readings the printed values fall, as ours do.
    assert cells["qqp 2 %"].agrees and cells["qqp 2 %"].paper.readings == (6.41,)
    assert report.rows.printed(cells["qqp 2 %"])[-3] == "7.65 (or 6.41)"
    rising = over_tasks.run(Call(), PLAN, lambda task, call: made_up(task, call, (5.0, 6.0, 7.0)))
    assert [cell.agrees for cell in report.make(rising).cells[3:6]] == [False] * 3


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize(
    ("call", "task", "model"),
    [
        (Call(data="vader-amazon"), "sst2", "mini/sst2"),
        (Call(data="mnli"), "mnli", "other/mnli-split"),
        (Call(model="mini/qqp-split"), "qqp", "mini/qqp-split"),
        (Call(model="runs/a"), "sst2", "runs/a"),
        (Call(model="runs/a", data="qnli"), "qnli", "runs/a"),
    ],
)
def test_a_call_with_its_own_model_or_data_has_one_outcome(call, task, model):
    found = over_tasks.run(call, PLAN, made_up)
    assert found == made_up(task, replace(call, model=model))


@pytest.mark.usefixtures("zoo")
def test_what_the_zoo_lacks_is_said():
    with pytest.raises(ValueError, match="the zoo must have a model for qnli, it has none"):
        over_tasks.run(Call(data="qnli"), PLAN, made_up)
    with pytest.raises(ValueError, match=r"a model of none for one of mnli, .*; it has none"):
        over_tasks.run(Call(), replace(PLAN, families=("none",)), made_up)


def test_one_outcome_stays_itself():
    one = made_up("sst2", Call())
    assert over_tasks.joined({"sst2": one}, ("said",)) == replace(one, header=(*one.header, "said"))
