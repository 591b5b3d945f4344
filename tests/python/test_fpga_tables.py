"""CBBP's FPGA tables: every printed latency and DSP row is met, the misprint is shown."""

import pytest

from siliconbert import catalog, report
from siliconbert.campaign import fpga_platforms, language_speed
from siliconbert.campaign.language_speed import Speed
from siliconbert.campaign.setup import Call


@pytest.fixture
def cells():
    return lambda table: report.make(report.experiments.load(table).run(Call())).cells


def test_table_1(cells):
    found = {(c.ours.row, c.ours.quantity.name): c for c in cells("cbbp/table_1")}
    printed = report.published.targets("cbbp/table_1", "*")
    assert set(printed) <= set(found)
    for (_, name), cell in found.items():
        if cell.paper is not None and name in ("latency", "dsp"):
            share = {"latency": 0.001, "dsp": 0.015}[name]
            assert cell.ours.value == pytest.approx(cell.paper.value, rel=share) and cell.agrees
    # The misprint, and nothing else, is outside.
    assert [key for key, cell in found.items() if cell.agrees is False] == [("total", "lut")]
    term = {name: found["MM1, of it row_registers", name].ours.value for name in ("ff", "lut")}
    assert term == {"ff": 116_332, "lut": 112_088}
    assert found["MM1, rows of X, Q, K and V in registers", "ff"].ours.value == 102_400
    whole = "2 encoders, decoder"
    assert found[f"{whole}, printed, of the device", "lut_share"].ours.value == pytest.approx(72.9, abs=0.05)
    assert found[whole, "bram18"].ours.value == 5760


def test_budget_and_beyond(cells):
    budget = {(c.ours.row, c.ours.quantity.name): c.ours.value for c in cells("cbbp/budget")}
    assert min(n for (_, name), n in budget.items() if name == "gap") >= -1e-9
    assert max(n for (_, name), n in budget.items() if name == "used") <= 100
    assert budget["dsp 3368, exact", "latency"] == pytest.approx(10.2944, abs=1e-4)
    ways = {(c.ours.row, c.ours.quantity.name): c.ours.value for c in cells("cbbp/beyond")}
    alike, whole = "as much as the design: ", "whole board: "
    assert ways[alike + "in series", "latency"] == pytest.approx(10.3456)
    assert ways[alike + "pipeline of 3", "throughput"] == pytest.approx(9259, abs=1)
    assert ways[alike + "one encoder unit", "latency"] < ways[alike + "in series", "latency"]
    for way in ("in series", "pipeline of 3", "one encoder unit"):
        assert ways[whole + way, "interval"] <= ways[alike + way, "interval"]
        assert ways[whole + way + ", 16 bits", "interval"] < ways[whole + way, "interval"]


def test_table_2(cells, monkeypatch):
    speed = Speed(1120, 300.0, 100.0, 1e-7, ("a", "b"))
    monkeypatch.setattr(fpga_platforms, "_speeds", lambda *_: {"32 windows of 35": speed})
    found = {(c.ours.row, c.ours.quantity.name): c for c in cells("cbbp/table_2")}
    assert all(found[key].agrees for key in report.published.targets("cbbp/table_2", "*"))
    assert found["CSCB over dense, 32 windows of 35", "speedup"].ours.value == 3
    assert found["this machine, CSCB, 32 windows of 35", "throughput"].ours.value == pytest.approx(11_200)


def test_both_engines_run_the_same_network(monkeypatch):
    record = catalog.records("networks")["cbbp-wikitext2"]
    sizes = {"hidden": 64, "ffn": 32, "heads": 2, "layers": 2, "outputs": 300, "density": 0.25}
    small = record | {k: catalog.Quantity(v, "1", "assumed", note="a test") for k, v in sizes.items()}
    monkeypatch.setattr(catalog, "_ADDED", {"networks": {"small": small}})
    model = language_speed.network("small", positions=5)
    speed = language_speed.measure(model, windows=2, length=5, repeats=1, threads=1)
    assert speed.words == 10 and speed.difference < 1e-5
    assert speed.dense_ms > 0 and speed.sparse_ms > 0 and "blocks" in speed.paths[1]
