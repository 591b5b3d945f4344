"""Plans in other tools' words, and `siliconbert schedule`."""

import json

import pytest

from siliconbert import cli, schedule
from siliconbert.schedule import allocate, reports

LM = "cbbp-wikitext2"
PAPER = {"mm1": 64, "attention": 8, "mm2": 32, "add_norm": 4, "mm3": 32, "mm4": 256}


def test_finn_reports_add_up():
    plan = allocate(LM, budget={}, fixed=PAPER, memory="bram18")
    found = reports.finn(plan)
    cycles = found["estimate_layer_cycles.json"]
    assert len(cycles) == 2 * 5 + 1 and cycles["mm4_0"] == 345_600
    # Add-norm is one unit that runs twice.
    assert cycles["add_norm_1"] == 2 * 32_096
    network = found["estimate_network_performance.json"]
    assert network["critical_path_cycles"] == sum(cycles.values())
    assert network["estimated_latency_ns"] == pytest.approx(plan.latency_ms * 1e6)
    assert network["estimated_throughput_fps"] == pytest.approx(32e8 / 345_600)
    resources = found["estimate_layer_resources.json"]
    names = {"BRAM_18K": "bram18", "DSP": "dsp", "FF": "ff", "LUT": "lut", "URAM": "uram"}
    assert resources["total"] == {key: plan.resources[r] for key, r in names.items()}
    # 2,000 words of 32 bits in banks of four blocks of 512 x 36.
    assert resources["mm2_0"]["BRAM_efficiency"] == pytest.approx(2000 * 32 / (4 * 512 * 36))
    assert resources["attention_0"]["BRAM_efficiency"] == 1


def test_hls4ml_keys_hold_text():
    report = reports.hls4ml(allocate(LM, budget={}, fixed=PAPER, memory="bram18"))
    assert report["CSynthesisReport"]["BestLatency"] == "1034560"
    assert report["CSynthesisReport"]["IntervalMax"] == "345600"
    assert report["CSynthesisReport"]["AvailableLUT"] == "1182240"
    assert report["VivadoSynthReport"]["DSP48E"] == "3374"
    assert all(isinstance(v, str) for part in report.values() for v in part.values())


def test_nothing_is_written_for_a_plan_that_does_not_fit(tmp_path):
    with pytest.raises(ValueError, match="plan must fit its budget, got: dsp is 209 short"):
        reports.write(allocate(LM, budget={"dsp": 100}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(["schedule", *arguments])
    out, err = capsys.readouterr()
    return left.value.code, out, err


def test_command(capsys, tmp_path):
    code, out, _ = run(capsys, LM, "--budget", "dsp=3368", "--all-policies", "--memory", "none")
    assert code == 0 and all(policy in out for policy in schedule.POLICIES) and "10.2944" in out
    code, out, _ = run(capsys, LM, "--fixed", "mm1=64", "--json", "--out", str(tmp_path / "x"))
    found = json.loads(out)
    assert code == 0 and found["parallelism"]["mm1"] == 64 and found["gap"] == 0
    assert json.loads((tmp_path / "x" / "plan.json").read_text()) == found
    code, out, _ = run(capsys, "bert-base", "--layout", "reuse", "--density", "0.1", "--clock", "200")
    assert code == 0 and "stays at" in out


def test_command_says_what_is_wrong(capsys, tmp_path):
    code, out, _ = run(capsys, LM, "--budget", "dsp=100")
    assert code == 1 and "dsp is 209 short" in out
    for arguments, sentence in (
        ((LM, "--budget", "dsp"), "--budget must be NAME=NUMBER, got 'dsp'"),
        ((LM, "--fixed", "mm1=1.5"), "--fixed must be a whole number"),
        (("lstm",), "model must be one of"),
        ((LM, "--arithmetic", "int4"), "arithmetic must be one of"),
        ((LM, "--own", str(tmp_path / "none.toml")), "path must be a readable text file"),
    ):
        code, _, err = run(capsys, *arguments)
        assert code == 2 and sentence in err
