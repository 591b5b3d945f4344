"""The experiments: every printed cell is sourced, every task list loads, the authors' files agree."""

from pathlib import Path

import pytest

from siliconbert import catalog, report
from siliconbert.campaign.setup import Call
from siliconbert.report import published
from siliconbert.text import parse_toml, read_text

AUTHORS = Path(__file__).parents[3] / "shared" / "edgebert-sst2"
TASKS = ("mnli", "qqp", "sst2", "qnli")


def printed_tables():
    for path in sorted(report.experiments.root().glob("*/published.toml")):
        raw = parse_toml(read_text(path), str(path))
        yield from ((f"{path.parent.name}/{name}", table) for name, table in raw.items())


@pytest.mark.parametrize(("name", "table"), list(printed_tables()))
def test_every_cell_has_a_quantity_and_a_source(name, table):
    for row in table["rows"]:
        unknown = set(row) - set(table["quantities"]) - {"task", "row", "notes", "readings"}
        assert not unknown, f"{name}: {unknown}"
        doubts = set(row.get("notes", {})) | set(row.get("readings", {}))
        assert doubts <= set(row), f"{name}: a doubt about a cell that is not there"
    keys = [(row["task"], row["row"]) for row in table["rows"]]
    assert len(keys) == len(set(keys))
    for task in {row["task"] for row in table["rows"]}:
        for source in ("model", "authors"):
            for target in published.targets(name, task, source).values():
                assert (
                    target.source in catalog.papers() and target.where and target.compare in published.KINDS
                )


@pytest.mark.parametrize("table", report.experiments.names())
def test_every_task_list_loads_and_says_what_it_is(table):
    module = report.experiments.load(table)
    assert callable(module.run) and module.__doc__


@pytest.mark.parametrize("task", TASKS)
def test_edgebert_cells_are_all_there(task):
    two = published.targets("edgebert/table_2", task)
    assert len(two) == 3 * 2 + 2 and ("albert-base table", "footprint_kept") in two
    assert (f"{task} rram-mlc3", "accuracy_min") in published.targets("edgebert/table_2", "*")
    three = published.targets("edgebert/table_3", task)
    assert len([key for key in three if key[0] in ("1 %", "2 %", "5 %")]) == 3 * 4


def test_incomplete_records_are_named(tmp_path, monkeypatch):
    folder = tmp_path / "edgebert"
    folder.mkdir()
    (folder / "table_9.py").write_text("")
    record = 'digits = 2, source = "edgebert_micro2021", where = "Table 9"'
    monkeypatch.setattr(report.experiments, "root", lambda: tmp_path)
    for rest, match in (
        ('compare = "trend"', "unit missing"),
        ('unit = "%", compare = "model"', "or model, relative or order with a tolerance; got 'model'"),
        ('unit = "%", compare = "close"', "compare must be exact, trend, or model"),
    ):
        rows = '[[table_9.rows]]\ntask = "sst2"\nrow = "a"\nx = 1.0\n'
        (folder / "published.toml").write_text(f"[table_9.quantities]\nx = {{ {record}, {rest} }}\n{rows}")
        with pytest.raises(ValueError, match=match):
            published.targets("edgebert/table_9", "sst2")


@pytest.mark.skipif(
    not AUTHORS.is_dir(), reason="the authors' entropies (../shared/edgebert-sst2) are not here"
)
def test_authors_files_give_the_printed_exit_layers():
    outcome = report.experiments.load("edgebert/table_3").run(Call(authors=AUTHORS))
    cells = report.make(outcome).cells
    assert [f"{cell.ours.value:.2f}" for cell in cells] == ["4.30", "7.78", "3.94", "4.91", "2.70", "3.65"]
    assert all(cell.paper.compare == "exact" and cell.agrees for cell in cells)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("0.1, x\n", "must be comma-separated entropies"),
        ("0.1, nan\n", "must be finite"),
        ("0.1, -0.2\n", "not negative"),
    ],
)
def test_wrong_entropy_files_are_refused(tmp_path, text, match):
    (tmp_path / "dataset_sst2_eval.txt").write_text(text)
    with pytest.raises(ValueError, match=match):
        report.experiments.load("edgebert/table_3").run(Call(authors=tmp_path))


def test_a_folder_without_the_files_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"--authors must be a folder with dataset_sst2_eval.txt"):
        report.experiments.load("edgebert/table_3").run(Call(authors=tmp_path))
