"""Comparison, rows and figures on made-up outcomes."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from siliconbert import report
from siliconbert.campaign.outcome import Bars, Curves, Measurement, Outcome, Quantity
from siliconbert.report import comparison, plain, rows

LAYER = Quantity("ee_layer", "EE average exit layer", "layers")
PREDICTED = Quantity("lai_predicted", "LAI average predicted exit layer", "layers")
SPARSITY = Quantity("embedding_sparsity", "embedding sparsity", "%", 1)


def outcome(values, source="model", quantity=LAYER, figures=()):
    measured = tuple(
        Measurement(row, quantity, v, v - 0.1, v + 0.1)
        for row, v in zip(("1 %", "2 %", "5 %"), values, strict=True)
    )
    return Outcome("edgebert/table_3", "sst2", source, ("model: made up",), measured, figures)


def agreement(found):
    return [cell.agrees for cell in comparison.compare(found)]


def test_exact_means_the_printed_digits():
    assert agreement(outcome([4.3, 3.9449, 2.7051], "authors")) == [True, True, False]


def test_trend_means_the_same_direction():
    assert agreement(outcome([9.0, 8.0, 1.0])) == [True] * 3
    assert agreement(outcome([9.0, 9.0, 8.0])) == [True] * 3
    assert agreement(outcome([9.0, 9.0, 9.0])) == [False] * 3
    assert agreement(outcome([1.0, 2.0, 3.0])) == [False] * 3


def test_model_means_within_the_tolerance():
    for value, agrees in ((59.5, True), (60.4, True), (60.6, False)):
        one = replace(outcome([1, 2, 3]), measurements=(Measurement("model", SPARSITY, value),))
        assert agreement(one) == [agrees]


def test_one_row_is_no_trend():
    one = replace(outcome([4.0, 3.0, 2.0]), measurements=(Measurement("1 %", LAYER, 4.0),))
    assert agreement(one) == [None]
    assert rows.verdict(comparison.compare(one)[0]) == "trend"


def test_unpublished_rows_stand_alone():
    one = replace(outcome([4.0, 3.0, 2.0]), measurements=(Measurement("9 %", LAYER, 4.0),))
    (cell,) = comparison.compare(one)
    assert cell.paper is None and cell.difference is None and rows.printed(cell)[-3:] == ("", "", "")


def test_difference_is_ours_minus_theirs():
    cell = comparison.compare(outcome([4.5, 3.0, 2.0]))[0]
    assert cell.difference == pytest.approx(0.2)
    assert rows.printed(cell) == (
        "1 %", "EE average exit layer", "layers", "4.50", "4.40 .. 4.60", "4.30", "+0.20", "trend: same way"
    )  # fmt: skip


def test_doubtful_cells_bring_their_note():
    doubtful = replace(outcome([7.0, 6.0, 5.0], quantity=PREDICTED), task="qqp")
    assert [note.split(":")[0] for note in rows.notes(comparison.compare(doubtful))] == [
        "1 %, LAI average predicted exit layer",
        "2 %, LAI average predicted exit layer",
    ]


def figures():
    bars = Bars(
        "exits", "Exits", "layer", "%", np.arange(1, 4), {"a": np.array([1, 2, 3]), "b": np.array([3, 2, 1])}
    )
    line = (np.linspace(0, 1, 30), np.linspace(80, 90, 30))
    return (bars, Curves("energy", "Energy", "mJ", "%", {"a": line}, {"all layers": (1.0, 90.0)}))


def test_files_hold_rows_and_figures(tmp_path):
    made = report.make(outcome([4.0, 3.0, 2.0], figures=figures()), tmp_path / "new")
    names = [path.name for path in made.files]
    stem = "edgebert_table_3"
    assert names == [f"{stem}.csv", *(f"{stem}_{f}.{s}" for f in ("exits", "energy") for s in ("pdf", "png"))]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(names)
    assert made.files[1].read_bytes().startswith(b"%PDF") and made.files[2].read_bytes().startswith(
        b"\x89PNG"
    )
    lines = made.files[0].read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# model: made up"
    table = list(csv.DictReader(io.StringIO("\n".join(lines[1:]))))
    assert [float(row["ours"]) for row in table] == [4.0, 3.0, 2.0]
    assert table[0]["source"] == "edgebert_micro2021"


def test_same_data_same_files(tmp_path):
    first = report.make(outcome([4.0, 3.0, 2.0], figures=figures()), tmp_path / "a").files
    second = report.make(outcome([4.0, 3.0, 2.0], figures=figures()), tmp_path / "b").files
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_json_is_complete():
    document = json.loads(json.dumps(report.make(outcome([4.0, 3.0, 2.0])).json()))
    assert document["table"] == "edgebert/table_3" and document["files"] == []
    assert document["cells"][0]["paper"] == 4.3 and document["cells"][0]["agrees"] is True


def test_plain_table_is_aligned():
    text = plain.table(["row", "value"], [["1 %", "4.30"], ["15 %", "-12.5"]]).splitlines()
    assert text == ["row   value", "----  -----", "1 %    4.30", "15 %  -12.5"]


def test_a_table_without_that_name_lists_the_known_ones():
    with pytest.raises(
        ValueError, match=r"table must be one of .*edgebert/table_2.*did you mean edgebert/table_3"
    ):
        report.targets("edgebert/tabel_3", "sst2")


def families(values, width, spread=1.0):
    """One row of the table of formats, as a model of ours might give it."""
    names = ("float", "blockfloat", "integer", "posit", "adaptivfloat")
    measured = tuple(
        Measurement(
            f"ours, {width} bits", Quantity(name, name, "%"), v, v - spread, v + spread, f"{width} bits"
        )
        for name, v in zip(names, values, strict=True)
    )
    return Outcome("adaptivfloat/formats", "wmt17-en-de", "model", ("model: made up",), measured)


def test_order_means_that_no_pair_stands_clearly_the_other_way_round():
    assert agreement(families([90, 60, 70, 91, 91], 6)) == [True] * 5
    # Integer above float, which the paper puts 25.6 above it, and above block floating point: 0.74 only.
    assert agreement(families([80, 80.5, 90, 90, 90], 6)) == [False, True, False, True, True]
    assert agreement(families([89, 89, 90, 90, 90], 6)) == [True] * 5  # within the intervals


def test_order_says_nothing_where_the_paper_has_equals():
    assert agreement(families([1, 2, 3, 4, 5], 16)) == [None] * 5


def test_other_units_are_shown_and_not_subtracted():
    cell = comparison.compare(families([90, 60, 70, 91, 91], 8))[0]
    assert cell.difference is None
    assert rows.printed(cell)[-3:] == ("27.2 BLEU", "", "order: not against")
