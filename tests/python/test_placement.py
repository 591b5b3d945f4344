"""Placement of bit planes: areas add up, forecasts rank, and only what a campaign has shown is chosen."""

from dataclasses import replace
from functools import cache

import pytest

from siliconbert import campaign, faults, report, storage
from siliconbert.campaign import (
    area,
    assignments,
    footprint,
    over_tasks,
    placement,
    placement_table,
    storage_faults,
)
from siliconbert.campaign.assignments import PLANES, Candidate
from siliconbert.campaign.outcome import Outcome
from siliconbert.campaign.setup import Call, prepare
from siliconbert.report import figures
from test_sensitivity import TENSOR, data, model
from tiny_model import write_tiny

CELLS = ("rram-slc", "rram-mlc2", "rram-mlc3")
OPTIONS = {
    "fmt": "adaptivfloat8",
    "max_drop": 0.1,
    "trials": 200,
    "finalists": 4,
    "map_trials": 6,
    "threads": 2,
}


@cache
def found():
    return campaign.place(model(), data(), CELLS, **OPTIONS)


def test_every_assignment_is_a_candidate_once():
    assert len(found().candidates) == (len(CELLS) * 2) ** len(PLANES)
    labels = {each.label for each in found().candidates}
    assert len(labels) == len(found().candidates)
    assert "sign slc, exponent mlc2, mantissa mlc3 + ECC, mask slc" in labels
    areas = [each.area for each in found().candidates]
    assert areas == sorted(areas)


def test_the_chosen_one_is_the_smallest_that_was_shown():
    best = found().chosen
    assert best is not None and best.drop.high < 0.1 and best.trials <= 200
    shown = [each for each in found().tested if each.within(0.1)]
    assert best.area == min(each.area for each in shown)
    surest = next(
        each for each in found().candidates if set(each.cells.values()) == {"rram-slc"} and not each.ecc
    )
    assert best.area < surest.area


def test_campaigns_go_along_the_front_until_one_fails():
    tested = found().tested
    assert 2 <= len(tested) <= 4 and all(each in found().front for each in tested)
    by_area = [each.within(0.1) for each in tested]
    assert all(by_area[1:])  # only the smallest may have failed
    forecasts = [each.forecast for each in found().front]
    assert forecasts == sorted(forecasts, reverse=True)


@pytest.mark.parametrize("number", [0, 500, 1295])
def test_areas_and_misreads_are_those_of_the_stored_image(number):
    each = found().candidates[number]
    cells = {**each.cells, "*": "rram-slc"}
    image = model().store(TENSOR, "adaptivfloat8", cells=cells, ecc=each.ecc or None, gray=True).image
    parameters = area.by_region(image)["parameters"]
    assert each.area == pytest.approx(area.total(image) - parameters)
    misread = faults.expected(image, faults.CellMisread())
    assert each.expected == pytest.approx(sum(misread.values()) - misread["parameters"], rel=1e-6)


def test_what_a_code_leaves_is_what_decoding_leaves():
    image = (
        model().store(TENSOR, "adaptivfloat8", cells={"*": "rram-mlc3"}, ecc="secded-72-64", gray=True).image
    )
    clean = {region.name: number for number, region in enumerate(image.image.regions)}
    left, misread = 0, 0
    for trial in range(300):
        _, events = faults.inject(image, faults.CellMisread(), 3, trial)
        rest, _ = storage.after_ecc(image, events)
        left += (rest["region"] == clean["values"]).sum()
        misread += (events["region"] == clean["values"]).sum() + (
            events["region"] == clean["values.check"]
        ).sum()
    forecast = assignments.left_by(misread / 300, image.bits["values"], "secded-72-64")
    # Within a factor: a code may change a third bit, and check bits are among the wrong ones.
    assert 0.5 < forecast / (left / 300) < 2.0
    assert assignments.left_by(5.0, 640, "parity") == 5.0


def test_nothing_is_chosen_where_nothing_is_shown():
    none = campaign.place(
        model(), data(), ("rram-mlc3",), ecc=(), **{**OPTIONS, "max_drop": 0.001, "trials": 20}
    )
    assert none.chosen is None and len(none.tested) == 1 and not none.tested[0].within(0.001)
    assert "chosen" not in none.figure().marks


def test_the_same_call_places_the_same():
    assert campaign.place(model(), data(), CELLS, **{**OPTIONS, "threads": 1}) == found()


def test_the_front_beside_the_paper(tmp_path):
    figure = found().figure()
    assert set(figure.marks) == {"chosen", "EdgeBERT"}
    assert [path.suffix for path in figures.save(figure, tmp_path / "front")] == [".pdf", ".png"]


def test_finalists_are_the_surest_and_those_near_the_limit():
    front = [Candidate({"mask": str(i)}, {}, 1.0 + i, 0.0, 10.0**-i) for i in range(8)]
    picked = assignments.chosen_for_trial(front, 0.01, 4)
    assert [each.forecast for each in picked] == [1e-7, 1e-4, 1e-3, 1e-2]
    assert assignments.chosen_for_trial(front[-1:], 0.01, 4) == front[-1:]


def test_a_lost_share_outside_0_and_1_is_refused():
    with pytest.raises(ValueError, match=r"campaign.place: max_drop must be in \(0, 1\), got 1.0"):
        campaign.place(model(), data(), max_drop=1.0)


def test_rows_say_what_was_tried():
    rows = placement_table._rows("x", found().chosen)
    assert [row.quantity.name for row in rows] == [
        "area",
        "accuracy_drop",
        "trials",
        "events_expected",
        "forecast",
    ]
    drop = rows[1]
    assert drop.low <= drop.value <= drop.high < 10


def test_a_cell_without_a_density_is_refused(monkeypatch):
    bare = replace(faults.cell("rram-slc"), area_mm2_per_mb=float("nan"))
    monkeypatch.setattr(placement.faults, "cell", lambda name: bare)
    with pytest.raises(ValueError, match="cells must have a density, rram-slc has none"):
        campaign.place(model(), data(), ("rram-slc",))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("tiny"))


def test_the_experiment_has_rows_header_and_figures(tiny, tmp_path):
    call = Call(model=str(tiny / "model"), glue=tiny / "glue", quick=True, threads=2)
    outcome = report.experiments.load("edgebert/placement").run(call)
    made = report.make(outcome, tmp_path)
    cells = {(cell.ours.row, cell.ours.quantity.name): cell for cell in made.cells}
    reference = cells[placement_table.REFERENCE, "accuracy_drop"]
    assert reference.paper.value == 0.0 and reference.ours.low <= reference.ours.value <= reference.ours.high
    assert ("mask", "loss_per_flip") in cells
    # 60 sentences cannot tell a loss of 1 point from none.
    assert "chosen: no assignment was shown to lose less" in outcome.header
    assert [path.name for path in made.files if path.suffix == ".png"] == [
        "edgebert_placement_placement.png",
        "edgebert_placement_sensitivity.png",
    ]


def test_table_2_of_several_tasks_names_them_in_its_rows(tiny, monkeypatch):
    monkeypatch.setattr(over_tasks.models, "zoo_names", lambda zoo: ["a/mnli-split", "a/sst2", "b/sst2"])
    monkeypatch.setattr(
        storage_faults, "chosen", lambda call, task: prepare(str(tiny / "model"), "sst2", glue=call.glue)
    )
    plan = storage_faults.Plan(TENSOR, "adaptivfloat8", ("rram-slc", "rram-mlc3"), "rram-slc")
    call = Call(glue=tiny / "glue", trials=3)
    tasks = over_tasks.Plan(("mnli", "qqp", "sst2"), ("a",), "sst2")
    outcome = storage_faults.run("edgebert/table_2", call, plan, tasks)
    assert outcome.task == "*" and outcome.header[-1] == "no model in the zoo for a: qqp"
    assert [figure.name for figure in outcome.figures] == ["errors_mnli", "errors_sst2"]
    cells = {(cell.ours.row, cell.ours.quantity.name): cell for cell in report.make(outcome).cells}
    assert cells["mnli rram-mlc3", "accuracy_min"].paper.value == 85.25
    assert cells["sst2 rram-mlc3", "accuracy_min"].paper.value == 90.83


def test_a_zoo_without_any_of_the_models_is_refused(monkeypatch):
    monkeypatch.setattr(over_tasks.models, "zoo_names", lambda zoo: ["b/sst2"])
    with pytest.raises(ValueError, match="the zoo must have a model of a for one of mnli, sst2; it has none"):
        storage_faults.run(
            "edgebert/table_2", Call(), None, over_tasks.Plan(("mnli", "sst2"), ("a",), "sst2")
        )


def test_both_footprints_of_alberts_table():
    empty = Outcome("edgebert/table_2", "sst2", "model", (), ())
    found = footprint.add(empty, "albert-base table", footprint.Table(30_000, 128, 0.4, 8))
    cells = {cell.ours.quantity.name: cell for cell in report.make(found).cells}
    assert cells["footprint_bitmask"].ours.value == 2.016 and not cells["footprint_bitmask"].agrees
    assert cells["footprint_kept"].ours.value == 1.728 and cells["footprint_kept"].agrees
