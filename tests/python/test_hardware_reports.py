"""Reports of the hardware half: what is compared with the paper, and what each report must show."""

from pathlib import Path

import pytest

from siliconbert import hardware, report
from siliconbert.campaign import accelerator
from siliconbert.campaign.setup import Call

AUTHORS = Path(__file__).parents[3] / "shared" / "edgebert-sst2"


def cells(table, call=None):
    outcome = report.experiments.load(f"edgebert/{table}").run(call or Call())
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
    line = accelerator.assumed_line(hardware.names()[0])
    assert "nominal_frequency" not in line
    # Without a threshold voltage the same frequency needs less; what a rise of the rail costs is nothing.
    assert line.index("alpha") < line.index("leakage_power") < line.index("rail_capacitance")
    assert accelerator.assumed("memories", "lpddr4") == []


def test_figure_12_shows_what_features_save_and_who_has_them():
    outcome, found = cells("figure_12")
    for feature in ("model compression", "early exit assessment", "eNVM storage for embeddings"):
        assert found[feature, "edgebert"].agrees and found[feature, "saves"].ours.value > 1
    assert any(line.startswith("GOBO is marked for: nothing") for line in outcome.header)


def test_figure_8_compares_every_statement_of_the_text():
    _, found = cells("figure_8")
    for row in ("8 to 16", "16 to 32"):
        assert 3.3 < found[row, "speed_up"].ours.value < 3.8 and found[row, "speed_up"].agrees
    assert found["sst2", "span_time"].agrees and found["qqp", "sparse_energy"].paper.value == 1.7
    assert all(found[task, "optimum"].paper.value == 16 for task in ("mnli", "qqp", "sst2", "qnli"))
    most = found["tx2, slowest", "latency"].ours.value
    assert found["n = 16, dense", "latency"].ours.value < most


def test_figure_10_adds_up_to_what_was_calibrated():
    _, found = cells("figure_10")
    assert found["whole", "area"].agrees and found["whole", "power"].agrees
    shares = [c.ours.value for (_, q), c in found.items() if q == "energy_share"]
    assert sum(shares) == pytest.approx(100)


@pytest.fixture(scope="module")
def authors():
    if not AUTHORS.is_dir():
        pytest.skip("the authors' entropies (../shared/edgebert-sst2) are not here")
    return Call(authors=AUTHORS)


def test_exits_of_another_depth_are_refused(tmp_path):
    (tmp_path / "dataset_sst2_eval.txt").write_text("0.1,0.2,0.3\n0.4,0.2,0.1\n")
    with pytest.raises(ValueError, match="exits must be of 12 layers, as albert-base has; got 3 layers"):
        cells("headline", Call(authors=tmp_path))


def test_figure_9_with_the_authors_exits(authors):
    outcome, found = cells("figure_9", authors)
    assert outcome.source == "authors"
    for drop in ("1 %", "2 %", "5 %"):
        lai = [found[f"{drop}, {t} ms", "energy_lai"].ours.value for t in (50, 75, 100)]
        assert lai == sorted(lai, reverse=True)
        assert all(found[f"{drop}, {t} ms", "energy_all"].ours.value < lai[0] for t in (50, 75, 100))
    assert found["5 %, 100 ms", "voltage_all"].ours.value < found["1 %, 50 ms", "voltage_all"].ours.value


def test_figure_9_splits_the_saving_of_mnli(authors):
    _, found = cells("figure_9", authors)
    for drop in ("1 %", "2 %", "5 %"):
        shares = {q: c for (row, q), c in found.items() if row == f"mnli, 75 ms, {drop}"}
        assert sum(c.ours.value for c in shares.values()) == pytest.approx(100)
        assert shares["share_envm"].paper.value == 5 and shares["share_envm"].ours.value < 8
    assert (
        found["mnli, 75 ms, 5 %", "share_exit"].ours.value
        > found["mnli, 75 ms, 1 %", "share_exit"].ours.value
    )


def test_the_headline_is_a_range_and_names_what_moves_it(authors):
    outcome, found = cells("headline", authors)
    best = {row: c for (row, q), c in found.items() if q == "energy_base_over_lai"}
    assert {"best", "best, curve linear", "best, leakage 30 %", "best, linear regulator"} <= set(best)
    assert best["best, curve proportional"].ours.value >= best["best, curve successor"].ours.value
    assert best["best, linear regulator"].ours.value < best["best"].ours.value
    swings = [row for row, q in found if q == "swing"]
    assert len(swings) >= 4 and outcome.figures[0].name == "tornado"
    assert found["tx2, least", "energy_gpu_over_base"].ours.value < 200
