"""Reports of FQ-BERT's accelerator: what is compared with the paper, and what each report must tell."""

import pytest

from siliconbert import report
from siliconbert.campaign.setup import Call


def cells(table):
    outcome = report.experiments.load(f"fq_bert/{table}").run(Call())
    made = report.make(outcome)
    return outcome, {(c.ours.row, c.ours.quantity.name): c for c in made.cells}


def test_table_3_meets_every_latency_and_count():
    outcome, found = cells("table_3")
    designs = ("ZCU102 (8, 16)", "ZCU102 (16, 8)", "ZCU111 (16, 16)")
    for row in designs:
        cell = found[row, "latency"]
        assert abs(cell.difference) <= 0.005 * cell.paper.value
        assert all(found[row, name].agrees for name in ("latency", "dsp", "ff", "lut"))
    assert found[designs[0], "bram18"].agrees and found[designs[2], "bram18"].agrees is None
    told = "\n".join(outcome.header)
    assert "latency: 2 constants met 2 points" in told and "-0.18 %" in told
    assert told.count("no point is left to test them") == 2 and "bus_bytes" in told


def test_table_4_prints_both_kinds_of_ratios():
    outcome, found = cells("table_4")
    for other, rounded, exact in (("CPU", 28.91, 30.03), ("GPU", 12.72, 12.68)):
        row = f"ZCU111 over {other}"
        assert found[row, "latency_ratio"].agrees and found[row, "efficiency_ratio"].agrees
        assert found[row, "efficiency_ratio"].ours.value == pytest.approx(rounded, abs=0.005)
        assert found[row, "efficiency_ratio_exact"].ours.value == pytest.approx(exact, abs=0.005)
        assert not found[row, "efficiency_ratio_exact"].agrees
    assert found["ZCU102 over GPU", "latency_ratio"].ours.value < 1
    for row in ("CPU", "GPU", "ZCU102", "ZCU111"):
        assert all(found[row, name].agrees for name in ("latency", "power", "efficiency"))
    assert "thermal design power" in " ".join(outcome.header)


def test_lengths_say_what_was_measured():
    outcome, found = cells("lengths")
    linear, ours = (
        found["ZCU111, bert-base, 512 tokens", q].ours.value for q in ("latency_linear", "latency")
    )
    assert ours > linear == pytest.approx(4 * 23.79)
    assert found["ZCU111, bert-base, 16 tokens", "waiting"].ours.value > 0
    assert ("ZCU111, bert-base, 128 tokens", "waiting") not in found
    assert "bert-base at 128 tokens only" in " ".join(outcome.header)
    assert [figure.name for figure in outcome.figures] == ["lengths"]


def test_the_plan_shows_faster_designs_and_their_range():
    outcome, found = cells("plan")
    fuller = found["ZCU102, in range, up to 100 %", "latency"].ours.value
    assert fuller < found["ZCU102, the paper's", "latency"].ours.value
    assert found["ZCU102, in range, up to 100 %", "in_range"].ours.value == 1
    for row in {row for row, _ in found}:
        assert all(found[row, f"{what}_share"].ours.value <= 100 for what in ("dsp", "lut", "bram18"))
        assert found[row, "faster"].ours.value >= 1
    assert found["ZCU111, any size", "in_range"].ours.value == 0
    told = "\n".join(outcome.header)
    assert (
        "ZCU111, any size: " in told and "up to 76.9 % of a board" in told and "is to keep the clock" in told
    )
