"""Rows of language models, and the tables and curve made of them."""

import json
from dataclasses import replace

import pytest

from siliconbert import report
from siliconbert.campaign import language_runs, language_table
from siliconbert.campaign.language_runs import LanguageRun
from siliconbert.campaign.setup import Call

DENSE = LanguageRun("d", 1, "causal", "dense", False, False, 0.0, 1.0, 8, 0.25, 0.1, 400, 200.0, 0.18)
CUT = replace(
    DENSE, name="p", pattern="16x16 column", admm=True, cut=True, ratio=0.9, kept=0.1, accuracy=0.24
)
PLAN = language_table.Plan("cbbp/figure_7", 0.9, {"16x16 column": "16x16 at 0.9", "4x4 column": "4x4 at 0.9"})


def written(folder, runs):
    path = folder / language_table.ROWS
    with open(path, "w") as file:
        language_runs.write(runs, file, ["trained on a made-up machine"])
    return folder


def values(outcome):
    return {(m.row, m.quantity.name): m for m in outcome.measurements}


def test_rows_are_read_as_they_were_written(tmp_path):
    header, runs = language_runs.read(written(tmp_path, [DENSE, CUT]) / language_table.ROWS)
    assert header == ["trained on a made-up machine"]
    assert runs == [DENSE, CUT]


def test_a_wrong_file_is_named(tmp_path):
    path = written(tmp_path, [DENSE]) / language_table.ROWS
    path.write_text(path.read_text().replace("0.25", "much"))
    with pytest.raises(ValueError, match=r"language_models\.csv: line 3 must hold a LanguageRun"):
        language_runs.read(path)
    path.write_text("name,seed\n")
    with pytest.raises(ValueError, match=r"columns must be those of a LanguageRun, got \['name', 'seed'\]"):
        language_runs.read(path)


def test_the_interval_is_that_of_the_mean_of_windows():
    assert DENSE.interval.high - DENSE.accuracy == pytest.approx(1.96 * 0.1 / 20, rel=1e-4)


def test_runs_are_told_apart_by_their_cards(tmp_path):
    block = {"density": 0.1, "end": 0, "pattern": {"kind": "block", "shape": [4, 16], "balance": "row"}}
    first = {"phase": "language", "seed": 3, "causal": False, "epochs": 8}
    second = first | {"epochs": 6, "admm": {"rho": 1}, "density": {"decoder": block}}
    third = first | {"epochs": 4, "density": {"decoder": block}}
    found = {"accuracy": 0.5, "deviation": 0.1, "windows": 9, "perplexity": 7.0}
    found |= {"bigram": {"accuracy": 0.2}, "densities": {"decoder": 0.1}}
    chain = [first, second, third]
    for i, name in enumerate(["dense", "admm", "pruned"]):
        card = {"name": name, "held_out": found, "stages": [{"recipe": recipe} for recipe in chain[: i + 1]]}
        (tmp_path / name / "model").mkdir(parents=True)
        (tmp_path / name / "model" / "card.json").write_text(json.dumps(card))
    curve = {"name": "curve", "stages": [{"recipe": recipe} for recipe in chain]}
    curve["curve"] = [{"name": f"curve-{d}", "density": d, **found} for d in (0.5, 0.02)]
    (tmp_path / "curve" / "model").mkdir(parents=True)
    (tmp_path / "curve" / "model" / "card.json").write_text(json.dumps(curve))
    runs = {run.name: run for run in language_runs.collect(tmp_path)}
    assert [runs[n].epochs for n in ("dense", "admm", "pruned", "curve-0.02")] == [8, 14, 18, 18]
    assert [(runs[n].admm, runs[n].cut) for n in ("dense", "admm", "pruned")] == [
        (False, False),
        (True, False),
        (True, True),
    ]
    assert runs["pruned"].pattern == "16x4 column"  # (inputs, outputs), as the paper has it
    assert (runs["pruned"].ratio, runs["curve-0.02"].ratio) == (0.9, 0.98)
    assert runs["dense"].attention == "unmasked"
    with pytest.raises(ValueError, match="must hold finished runs"):
        language_runs.collect(tmp_path / "dense")


def test_a_table_has_means_of_seeds_and_shares_of_the_dense_accuracy(tmp_path):
    runs = [DENSE, replace(DENSE, seed=2, accuracy=0.27), CUT, replace(CUT, seed=2, accuracy=0.25)]
    runs.append(replace(DENSE, epochs=18, accuracy=0.9))  # not what pruning started from
    found = values(language_table.comparison(PLAN, Call(), written(tmp_path, runs)))
    assert found["bigram model", "accuracy"].value == pytest.approx(18)
    assert found["causal dense, 8 epochs, 2 seeds", "accuracy"].value == pytest.approx(26)
    row = "causal 16x16 column, 8 epochs, 2 seeds"
    assert found[row, "share"].value == pytest.approx(100 * 0.245 / 0.26)
    assert found[row, "accuracy"].beside == "16x16 at 0.9"
    assert found[row, "accuracy"].low == pytest.approx(24.5 - 12.7062 * 0.5)  # the t of 2 seeds
    assert found["causal dense, 18 epochs, 1 seed", "accuracy"].low < 90


def test_a_curve_has_its_points_in_order_from_the_dense_model_on(tmp_path):
    points = [replace(CUT, name=f"lm-curve-{r}", ratio=r, accuracy=0.3 - r / 10) for r in (0.95, 0.5, 0.9)]
    outcome = language_table.curves(PLAN, Call(), written(tmp_path, [DENSE, *points]))
    assert [m.row.split()[-1] for m in outcome.measurements] == ["0.5", "0.9", "0.95"]
    assert [m.beside for m in outcome.measurements] == [None, "16x16 at 0.9", None]
    x, y = outcome.figures[0].series["causal, 16x16 column"]
    assert x.tolist() == [0, 0.5, 0.9, 0.95]
    assert y == pytest.approx([25, 25, 21, 20.5])
    cells = report.make(outcome).cells
    assert [cell.paper is not None for cell in cells] == [False, True, False]


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(ValueError, match=r"must be in .*gone/language_models\.csv; or give --model RUNS"):
        language_table.curves(PLAN, Call(), tmp_path / "gone")
    with pytest.raises(ValueError, match="cbbp/figure_7 needs rows of a curve in"):
        language_table.curves(PLAN, Call(), written(tmp_path, [DENSE]))
