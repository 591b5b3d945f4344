"""`reproduce --all`: a line a table, what is outside is shown. What a folder of results says of itself."""

import json

import pytest

from siliconbert import report
from siliconbert.report import on_file, published

TABLE = '''"""What it is."""
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity

{extra}


def run(call):
    {guard}
    values = {{"first": 1.0, "second": {second}}}
    found = [Measurement(row, Quantity("x", "an x", "ms", 1), value) for row, value in values.items()]
    return Outcome("{paper}/{name}", "*", "authors" if call.authors else "model", ("a header",), tuple(found))
'''
TARGETS = """
[{name}]
{headline}
[{name}.quantities]
x = {{ unit = "ms", digits = 1, source = "cbbp_isqed2021", where = "1", compare = "model", tolerance = 0.5 }}
[[{name}.rows]]
task = "*"
row = "first"
x = 1.2
[[{name}.rows]]
task = "*"
row = "second"
x = 2.0
"""
HEADLINE = 'headline = { task = "*", row = "second", quantity = "x" }'


@pytest.fixture
def experiments(tmp_path, monkeypatch):
    """Three tables of one paper and one of another: within, outside, without material."""
    root = tmp_path / "experiments"
    tables = {
        "one/good": {"second": 2.0, "guard": "", "extra": "WITH_AUTHORS = True"},
        "one/missed": {"second": 9.0, "guard": "", "extra": ""},
        "one/lacking": {"second": 0.0, "guard": "raise ValueError('no data here')", "extra": ""},
        "two/broken": {"second": 0.0, "guard": "raise RuntimeError('it broke')", "extra": ""},
    }
    for table, parts in tables.items():
        paper, name = table.split("/")
        (root / paper).mkdir(parents=True, exist_ok=True)
        (root / paper / f"{name}.py").write_text(TABLE.format(paper=paper, name=name, **parts))
        with (root / paper / "published.toml").open("a") as file:
            headline = HEADLINE if name == "missed" else ""
            file.write(TARGETS.format(name=name, headline=headline))
    monkeypatch.setattr(report.experiments, "root", lambda: root)
    return root


@pytest.fixture
def run(run, experiments):
    return run


def test_every_table_is_a_line_and_misses_are_shown(run):
    code, out, err = run("reproduce", "one", "--all")
    assert code == 0 and err == ""
    lines = {line.split()[0]: line for line in out.splitlines()[:4]}
    assert lines["one/good"].split()[1:7] == ["1.0", "1.2", "model:", "within", "2", "within,"]
    assert lines["one/missed"].split()[1:5] == ["9.0", "2.0", "model:", "outside"]
    assert "1 within, 1 outside" in lines["one/missed"] and "second, an x, ms" in lines["one/missed"]
    assert "not run" in lines["one/lacking"] and "no data here" in lines["one/lacking"]
    (outside,) = (line for line in out.split("Outside of their tolerance")[1].splitlines() if "+7.0" in line)
    assert outside.split()[:2] == ["one/missed", "second"]
    assert "2 of 3 tables made" in out and "3 within their tolerance, 1 outside, 0 undecided" in out


def test_the_same_as_one_document(run):
    code, out, _ = run("reproduce", "one", "--all", "--json")
    found = json.loads(out)
    assert code == 0 and (found["within"], found["outside"], found["undecided"]) == (3, 1, 0)
    tables = {each["table"]: each for each in found["tables"]}
    assert tables["one/lacking"]["reason"] == "no data here"
    assert tables["one/missed"]["headline"]["ours"] == 9.0
    assert [cell["row"] for cell in tables["one/missed"]["outside"]] == ["second"]


def test_a_failure_of_the_work_is_no_missing_material(run):
    code, _, err = run("reproduce", "--all")
    assert (code, err) == (1, "siliconbert: it broke\n")


def test_the_authors_files_give_lines_of_their_own(run, tmp_path):
    code, out, _ = run("reproduce", "one", "--all", "--authors", tmp_path, "--out", tmp_path / "out")
    assert code == 0 and "one/good, authors" in out
    assert (tmp_path / "out" / "one_good.csv").is_file()
    assert on_file.read(tmp_path / "out" / "authors")["one/good"]["command"].endswith("--authors DIR")


def test_a_folder_of_results_says_how_it_was_made(run, tmp_path, experiments):
    folder = experiments / "one" / "results"
    on_file.note(folder, "one/lacking", {"open": "it lacks data"})
    assert run("reproduce", "one/missed", "--trials", 3, "--quick", "--out", folder)[0] == 0
    entry = on_file.read(folder)["one/missed"]
    assert entry["command"] == "siliconbert reproduce one/missed --trials 3 --quick"
    assert (entry["within"], entry["outside"], entry["undecided"]) == (1, 1, 0) and entry[
        "minutes"
    ] >= 0 <= entry["core_minutes"]
    code, out, _ = run("list", "tables", "--json")
    tables = json.loads(out)["tables"]
    assert code == 0 and tables["one/missed"] == {"title": "What it is.", **entry}
    assert tables["one/lacking"]["open"] == "it lacks data" and tables["one/good"]["open"] == "not run yet"
    out = run("list", "tables")[1]
    assert "none: it lacks data" in out and "--trials 3 --quick" in out
    (folder / on_file.NAME).write_text("[]")
    code, _, err = run("list", "tables")
    assert code == 2 and "index.json: must hold an entry a table" in err


def test_a_headline_must_be_a_printed_cell(experiments):
    path = experiments / "one" / "published.toml"
    path.write_text(path.read_text().replace('row = "second", quantity', 'row = "third", quantity'))
    with pytest.raises(ValueError, match="missed: headline must be a printed cell"):
        published.headline("one/missed")


@pytest.mark.parametrize("table", report.experiments.names())
def test_every_printed_table_has_a_headline(table):
    paper, name = table.split("/")
    printed = published._tables(report.experiments.folder(paper) / "published.toml")
    if printed.get(name, {}).get("rows"):
        names, quantity = published.headline(table)
        assert quantity in printed[name]["quantities"] and names


@pytest.mark.parametrize("table", report.experiments.names())
def test_every_table_has_rows_on_file_or_the_reason_why_not(table):
    paper, name = table.split("/")
    folder = report.experiments.results(paper)
    entry = on_file.read(folder)[table]
    if "open" in entry:
        assert len(entry["open"]) > 10
        return
    rows = (folder / f"{paper}_{name}.csv").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("# ") for line in rows) and not any("quick" in line for line in rows)
    assert entry["command"].startswith(f"siliconbert reproduce {table}") and entry.get("core_minutes", 0) >= 0
    assert "--quick" not in entry["command"]


def test_no_rows_are_on_file_without_an_entry():
    for folder in report.experiments.root().glob("*/results"):
        entries = {
            table.replace("/", "_") for table, entry in on_file.read(folder).items() if "open" not in entry
        }
        tables = {path.stem for path in folder.glob(f"{folder.parent.name}_*.csv")}
        assert tables == entries
