"""The command line: help, exit codes, and the whole chain on a tiny model made here."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from siliconbert import catalog, data, models
from siliconbert.campaign import setup
from tiny_model import LAYERS, write_tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A folder with a tiny random ALBERT (`model`) and SST-2 files of made-up sentences (`glue`)."""
    return write_tiny(tmp_path_factory.mktemp("tiny"))


def test_list_knows_the_catalogue(run):
    code, out, _ = run("list", "--json")
    found = json.loads(out)
    assert code == 0
    assert set(found["cells"]) == set(catalog.records("cells"))
    assert set(found["data"]) == set(data.names())
    assert "edgebert/table_3" in found["tables"]
    code, out, _ = run("list", "cells")
    assert code == 0 and "rram-mlc3" in out


def test_list_shows_every_number_with_its_source(run):
    code, out, _ = run("list", "accelerators", "--sources", "--json")
    found = json.loads(out)["accelerators"]
    assert code == 0 and len(found) == len(catalog.quantities("accelerators"))
    assert all(n["unit"] and n["source"] and n["node"] for n in found)
    code, out, _ = run("list", "--sources")
    assert code == 0 and "edgebert_micro2021" in out and "22 nm" in out
    code, _, err = run("list", "data", "--sources")
    assert code == 2 and "kind must be one of formats, cells, accelerators" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["list", "cell"],
            "models, data, tables; got 'cell' (did you mean cells?)",
        ),
        (["reproduce", "edgebert/table3"], "got 'edgebert/table3' (did you mean edgebert/table_3?)"),
        (
            ["reproduce", "edgebert/table_3", "--authors", "nowhere"],
            "--authors must be a folder with dataset_sst2_eval.txt",
        ),
        (["data", "get", "zoo"], "zoo needs --from DIR or --from URL"),
        (["data", "get", "vader-amazon", "--from", "x"], "--from goes with zoo only"),
        (["data", "get", "nothing"], "task must be one of"),
        (["train"], "recipe must be a file, got nothing; --plan lists"),
        (["train", "nowhere.yaml"], "recipe must be a file, got 'nowhere.yaml'"),
        (["evaluate", "edgebert-mini/sst3", "--data", "sst2"], "edgebert-mini/sst3"),
        (["evaluate", "edgebert-mini/sst2", "--data", "sst3"], "task must be one of"),
        (["compress", "nowhere", "out.safetensors", "--format", "adaptivefloat8"], "adaptivfloat8"),
    ],
)
def test_wrong_calls_are_one_sentence_and_exit_code_2(arguments, sentence, run, tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SILICONBERT_GLUE", str(tiny / "glue"))
    code, out, err = run(*arguments)
    assert code == 2 and out == ""
    assert (
        sentence in err
        and err.startswith("siliconbert: ")
        and err.count("\n") == 1
        and "Traceback" not in err
    )
    assert list(tmp_path.iterdir()) == []


def test_missing_torch_is_one_sentence(run, tmp_path, monkeypatch):
    monkeypatch.setattr("siliconbert.extras.find_spec", lambda name: None)
    (tmp_path / "r.yaml").write_text("phase: x\n")
    code, _, err = run("train", tmp_path / "r.yaml")
    assert code == 1 and "pip install 'siliconbert[train]'" in err and err.count("\n") == 1


def test_train_plan_lists_the_recipes(run):
    pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")
    code, out, _ = run("train", "--plan")
    assert code == 0 and out.index("teacher-sst2") < out.index("edgebert-mini-sst2")
    code, out, _ = run("train", "--plan", "--jobs", 3)
    assert code == 0 and re.search(
        r"recipes in all: [0-9.]+ hours with --jobs 1, [0-9.]+ hours with --jobs 3", out
    )


def test_evaluate_gives_every_exit(run, tiny):
    arguments = ["evaluate", tiny / "model", "--data", "sst2", "--glue", tiny / "glue", "--threshold", 0.5]
    code, out, err = run(*arguments, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert [(row["layer"], row["metric"]) for row in found["metrics"]] == [
        (i, "accuracy") for i in (1, 2, 3, 4)
    ]
    assert all(row["low"] <= row["value"] <= row["high"] for row in found["metrics"])
    assert 1 <= found["early_exit"]["average_layer"] <= LAYERS
    code, out, _ = run(*arguments)
    assert code == 0 and "custom split" not in out and "60 sentences" in out


def test_compress_then_evaluate(run, tiny, tmp_path):
    small = tmp_path / "small.safetensors"
    call = ["compress", tiny / "model", small, "--data", "sst2", "--glue", tiny / "glue"]
    code, _, err = run(*call, "--first", 3)
    assert code == 2 and "first must be in 1..2, got 3" in err and not small.exists()
    code, out, err = run(*call, "--first", 2)
    assert code == 0 and "adaptivfloat8" in out, err
    assert models.load(small).card["lut"]["first"] == 2
    code, out, err = run("evaluate", small, "--data", "sst2", "--glue", tiny / "glue", "--quick", "--json")
    assert code == 0 and len(json.loads(out)["metrics"]) == LAYERS, err


def test_reproduce_table_3(run, tiny, tmp_path):
    arguments = [
        "reproduce",
        "edgebert/table_3",
        "--model",
        tiny / "model",
        "--glue",
        tiny / "glue",
        "--quick",
    ]
    code, out, err = run(*arguments, "--json", "--out", tmp_path / "out")
    assert code == 0, err
    found = json.loads(out)
    cells = {(cell["row"], cell["quantity"]): cell for cell in found["cells"]}
    for row in ("1 %", "2 %", "5 %"):
        assert 1 <= cells[row, "ee_layer"]["ours"] <= LAYERS
        assert cells[row, "lai_layer"]["ours"] <= cells[row, "lai_predicted"]["ours"]
        assert cells[row, "energy_ee_own"]["ours"] < 1.01 * cells["model", "energy_base_own"]["ours"]
    assert cells["1 %", "ee_layer"]["paper"] == 4.3 and cells["1 %", "ee_layer"]["compare"] == "trend"
    assert any("training split" in line for line in found["header"])
    assert any("assumed" in line for line in found["header"])
    assert all(Path(path).is_file() for path in found["files"]) and len(found["files"]) == 5
    code, out, _ = run(*arguments)
    assert code == 0 and "EE average exit layer" in out


def test_reproduce_table_2_the_same_twice(run, tiny):
    arguments = [
        "reproduce",
        "edgebert/table_2",
        "--model",
        tiny / "model",
        "--glue",
        tiny / "glue",
        "--trials",
        "3",
    ]
    code, out, err = run(*arguments, "--json")
    assert code == 0, err
    cells = {(cell["row"], cell["quantity"]): cell for cell in json.loads(out)["cells"]}
    assert cells["rram-slc", "events"]["ours"] == 0
    assert cells["rram-slc", "accuracy_mean"]["ours"] == cells["no faults", "accuracy_clean"]["ours"]
    assert cells["rram-mlc3", "events_expected"]["ours"] > cells["rram-mlc2", "events_expected"]["ours"]
    assert run(*arguments, "--json", "--threads", "1")[1] == out


def test_quick_is_said_and_bounded():
    assert setup.Call(quick=True).count_of_trials() == 10 and setup.Call().count_of_trials() == 100
    assert setup.Call(quick=True, trials=3).count_of_trials() == 3


def test_the_module_is_the_command():
    command = [sys.executable, "-m", "siliconbert.cli", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr


def test_evaluate_writes_answers_and_compares_with_them(run, tiny):
    path = tiny / "answers.csv"
    call = ["evaluate", tiny / "model", "--data", "sst2", "--glue", tiny / "glue"]
    assert run(*call, "--predictions", path)[0] == 0
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "sentence,label,layer_1,layer_2,layer_3,layer_4"
    cells = [line.split(",") for line in lines[1:]]
    flipped = [f"{i},{y},0,0,0,{y}" for i, y, *_ in cells]
    wrong = sum(y != answers[-1] for _, y, *answers in cells)
    path.write_text("\n".join([lines[0], *flipped]))
    code, out, _ = run(*call, "--against", path, "--json")
    assert code == 0 and json.loads(out)["against"]["lost"] == wrong
    path.write_text("\n".join([lines[0], *flipped[1:]]))
    code, _, err = run(*call, "--against", path)
    assert code == 2 and "answers.csv: must be of the same" in err
