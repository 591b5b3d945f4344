"""Reports of the hardware half: what is compared with the paper, and what each report must show."""

import pytest

from siliconbert import hardware, report
from siliconbert.campaign import assumptions
from siliconbert.campaign.setup import Call


def cells(table):
    outcome = report.experiments.load(f"edgebert/{table}").run(Call())
    made = report.make(outcome)
    return outcome, {(c.ours.row, c.ours.quantity.name): c for c in made.cells}


def test_table_4_reads_what_is_printed_and_says_what_follows():
    outcome, found = cells("table_4")
    printed = [cell for (row, _), cell in found.items() if row == "as printed"]
    assert len(printed) == 4 and all(cell.agrees for cell in printed)
    step = found["0.5 to 0.8 V", "slew"].ours.value
    assert step == pytest.approx(6 * 3.8) and step < found["0.5 to 0.8 V", "settled"].ours.value
    assert found["nominal, 0.8 V", "load"].ours.value < 200
    assert found["0.5 V", "passed"].ours.value == pytest.approx(62)
    assert "inputs of the model" in " ".join(outcome.header)


def test_figure_7_shows_the_choice_what_fits_and_the_timeline():
    outcome, found = cells("figure_7")
    needed = {c.ours.value for (row, q), c in found.items() if row.startswith("curve") and q == "frequency"}
    assert len(needed) == 1  # the frequency does not depend on the curve
    assert found["curve alpha-power", "voltage"].agrees is not None
    dense, heads_off = (
        found[f"all layers, {off} heads off, SFU after PU", "latency"].ours.value for off in ("no", 8)
    )
    assert heads_off < dense
    assert found["all layers, 8 heads off, SFU after PU", "fits"].ours.value == 1
    assert found["1. layer 1", "voltage"].ours.value == 0.8
    assert found["12. idle", "voltage"].ours.value == 0.5
    assert found["12. idle", "start"].ours.value == pytest.approx(50)
    assert [figure.name for figure in outcome.figures] == ["timeline", "curves"]


def test_figure_11_shows_both_readings_and_what_the_claims_need():
    _, found = cells("figure_11")
    whole = [found[f"whole table, {r}", "energy_ratio"] for r in ("typical", "best for ReRAM")]
    assert all(not cell.agrees and cell.ours.value < 1000 for cell in whole)
    ratios = [found[f"128 rows, {r} for ReRAM", "energy_ratio"].ours.value for r in ("worst", "best")]
    assert ratios[0] < 66_000 < ratios[1]
    assert found["128 rows, typical", "latency_ratio"].agrees
    have, need = (found[f"whole table: {w}", "per_bit"].ours.value for w in ("as it is", "for the claims"))
    assert have / need == pytest.approx(66_000 / found["whole table, typical", "energy_ratio"].ours.value)


def test_assumed_numbers_are_named():
    line = assumptions.assumed_line(hardware.names()[0])
    assert "alpha" in line and "nominal_frequency" not in line
    assert assumptions.assumed("memories", "lpddr4") == []


def test_figure_12_shows_what_features_save_and_who_has_them():
    outcome, found = cells("figure_12")
    for feature in ("model compression", "early exit assessment", "eNVM storage for embeddings"):
        assert found[feature, "edgebert"].agrees and found[feature, "saves"].ours.value > 1
    assert any(line.startswith("GOBO is marked for: nothing") for line in outcome.header)
