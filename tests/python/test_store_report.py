"""The report of a store: page, tables and figures of made-up campaigns; bad stores in one sentence."""

import base64
import csv
import hashlib
import html
import io
import json
import re
import shutil
import subprocess
import time

import pytest

import made_stores
from siliconbert import cli
from siliconbert.campaign import results
from siliconbert.report import pages, plots, stored, style
from siliconbert.report.plots import labels
from siliconbert.report.plots.fronts import front
from siliconbert.tables import Column, Table

HOSTILE = '</td><script>alert("1")</script> $\\frac{$ | & _x \x07'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small store with every kind of row, one label of which is out for harm."""
    place = tmp_path_factory.mktemp("stores") / "made <up>"
    faults = [*made_stores.RATES[:3], *made_stores.PLACES[4:7]]
    made_stores.write(place, faults, trials=3, sentences=40, formats=[None], orders=(None, HOSTILE))
    return place


@pytest.fixture(scope="module")
def store(folder):
    return stored.read(folder)


@pytest.fixture(scope="module")
def text(store):
    return pages.page(store)


def leaves(*arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(["report", *map(str, arguments)])
    return left.value.code


def test_the_page_has_every_part(text, store):
    for part in ("Figures", "Results", "What was run", "Resolved configuration", "portable", "assumed"):
        assert part in text
    assert text.count("<tr>") == 1 + len(store.records) == 73
    names = [plot.name for plot in plots.plots(store)]
    assert names == ["rates_1", "rates_2", "configurations", "sensitivity", "exits", "front_energy_mj",
                     "front_latency_ms", "front_area_mm2", "energy"]  # fmt: skip
    assert text.count("<svg ") == len(names)


def test_the_page_needs_nothing_else(text):
    assert not re.search(
        r"(?:https?:)?//[a-z]|<link|<img|<image|@import|url\((?!#)", text.split("<script>")[0]
    )
    assert len(re.findall(r'(?:src|href)="(?!#)', text)) == 0
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text


def test_names_within_the_figures_do_not_collide(text):
    found = re.findall(r' id="([^"]+)"', text)
    assert len(found) == len(set(found))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', text)) <= set(found)


def test_what_the_store_says_is_text(text):
    assert "<script>alert" not in text and "\x07" not in text
    assert "&lt;/td&gt;&lt;script&gt;" in text and "made &lt;up&gt;" in text


def test_the_same_store_gives_the_same_page(text, store):
    assert pages.page(store) == text


def test_many_rows_are_cut_and_said(store, monkeypatch):
    monkeypatch.setattr(pages, "MOST_ROWS", 5)
    cut = pages.page(store)
    assert cut.count("<tr>") == 6 and "The first 5 of 72 rows" in cut and "--csv" in cut


def test_tables_hold_what_the_summary_says(folder, store, tmp_path, capsys):
    paths = {kind: tmp_path / "out" / f"t.{kind}" for kind in ("csv", "md", "tex")}
    assert leaves(folder, "--csv", paths["csv"], "--markdown", paths["md"], "--latex", paths["tex"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"written: {path}" for path in paths.values()]
    lines = [line for line in paths["csv"].read_text().split("\n") if not line.startswith("#")]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    assert [float(row["accuracy"]) for row in rows] == [record["accuracy"] for record in store.records]
    assert json.loads(rows[0]["energy_parts"]) == store.records[0]["energy_parts"]
    assert rows[-1]["order"] == HOSTILE
    table = paths["md"].read_text().splitlines()
    body = [line for line in table if line.startswith("|")]
    assert len(body) == 2 + 72
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in body}) == 1
    assert not re.search(r"(?<!\\)<", "".join(body))
    latex = paths["tex"].read_text()
    assert latex.count(r"\\") == 73 and r"\textbackslash{}frac\{\$" in latex


def test_figures_are_vectors_of_a_column(folder, tmp_path):
    assert leaves(folder, "--figures", tmp_path, "--size", "double") == 0
    found = sorted(path.name for path in tmp_path.iterdir())
    assert len(found) == 18 and {name.split(".")[1] for name in found} == {"pdf", "svg"}
    width = re.search(r'width="([\d.]+)pt"', (tmp_path / "exits.svg").read_text())
    assert float(width[1]) == pytest.approx(72 * style.SIZES["double"][0], abs=0.01)
    assert (tmp_path / "exits.pdf").read_bytes().startswith(b"%PDF")


def test_without_options_the_table_is_printed(folder, capsys):
    assert leaves(folder) == 0
    assert "95 % interval" in capsys.readouterr().out
    assert leaves(folder, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["records"]) == 72


def test_energy_parts_add_up(store):
    for record in store.records:
        assert sum(record["energy_parts"].values()) == pytest.approx(record["energy_mj"])


def spoil(folder, change):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


CHANGES = {
    "no manifest": lambda m: m.clear(),
    "no tensor": lambda m: m["settings"].pop("tensor"),
    "labels without a name": lambda m: [labels.pop("fault") for labels in m["points"].values()],
    "a label that is a number": lambda m: [x.update(order=7) for x in m["points"].values()],
    "no points": lambda m: m["points"].clear(),
    "an accelerator without a name": lambda m: m["settings"].update(accelerators=[{"n": 16}]),
    "trials that are none": lambda m: m["settings"].update(trials={"most": "x"}),
    "faults that are none": lambda m: m["settings"].update(faults=3),
    "code that is a list": lambda m: m.update(code=[]),
    "a time that is none": lambda m: m.update(created=["now"]),
    "versions that are none": lambda m: m.update(versions="x"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_store_that_no_campaign_wrote_is_refused(name, folder, tmp_path, capsys):
    shutil.copytree(folder, tmp_path / "s")
    spoil(tmp_path / "s", CHANGES[name])
    out = tmp_path / "page.html"
    assert leaves(tmp_path / "s", "--html", out) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("siliconbert: ") and printed.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize("name", ["missing", "file", "empty"])
def test_what_is_no_store_is_refused(name, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    assert leaves(tmp_path / name, "--html", tmp_path / "page.html") == 2
    assert "is not a store" in capsys.readouterr().err
    assert leaves(tmp_path / name, "--size", "huge") == 2
    assert "--size must be one of single, middle, double" in capsys.readouterr().err


def test_a_store_without_rows_has_a_page(tmp_path):
    made_stores.write(tmp_path / "s", made_stores.RATES[:1], trials=2, sentences=8, exits=[None])
    for part in (tmp_path / "s" / "parts").iterdir():
        part.unlink()
    text = pages.page(stored.read(tmp_path / "s"))
    assert "nothing to draw" in text and "4 configurations are not finished" in text


def test_fronts_and_labels():
    assert front([(1, 1), (1, 2), (2, 2), (3, 5)]) == [1, 3]
    same = [{"fault": "kind a, rate 1"}, {"fault": "kind b, rate 1"}]
    assert labels.labels(same, ["fault"]) == ["a", "b"]
    assert list(labels.shortened({"x" * 80: 1, "x" * 81: 2}, 20)) == ["x" * 19 + "…", "x" * 15 + "… (2)"]
    assert labels.cut("_hidden") == " _hidden" and labels.cut("$x$") == r"\$x\$"


def test_a_table_without_rows():
    table = Table((Column("a", "a"),), [])
    assert table.to_csv() == "\n" and table.to_markdown().count("\n") == 2 and "toprule" in table.to_latex()


def test_the_table_shows_only_what_differs(store):
    names = [column.name for column in results.table(store.manifest, store.records).columns]
    assert names[:4] == ["cells", "order", "fault", "exit"] and "format" not in names


BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Clicks the title of a column twice, and looks whether anything stands outside the window.
MEASURE = """
const buttons = [...document.querySelectorAll("th button")];
const column = buttons.findIndex((button) => button.textContent.startsWith("mean"));
const rows = () => [...document.querySelectorAll("tbody tr")];
const read = () => rows().map((row) => Number(row.cells[column].textContent));
buttons[column].click();
const up = read();
buttons[column].click();
const outside = [...document.querySelectorAll("body *")].filter((element) =>
  !element.closest(".scroll, pre, svg") && element.getBoundingClientRect().right > innerWidth + 0.5);
parent.document.documentElement.dataset.measured = JSON.stringify({
  width: innerWidth, page: document.documentElement.scrollWidth, up: up, down: read(),
  outside: outside.map((element) => element.outerHTML.slice(0, 80)),
  requests: performance.getEntriesByType("resource").map((entry) => entry.name),
});
"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here (apt-get install chromium)")
@pytest.mark.parametrize("width", [400, 1280])
def test_a_browser_shows_it_without_a_complaint(width, text, tmp_path):
    digest = base64.b64encode(hashlib.sha256(MEASURE.encode()).digest()).decode()
    measured = text.replace("script-src ", f"script-src 'sha256-{digest}' ")
    measured = measured.replace("</body>", f"<script>{MEASURE}</script></body>")
    # A window is never as narrow as a telephone's; a frame can be.
    frame = (
        f'<iframe width="{width}" height="900" style="border:0" srcdoc="{html.escape(measured)}"></iframe>'
    )
    path = tmp_path / "page.html"
    path.write_text(f'<!DOCTYPE html><meta charset="utf-8">{frame}', encoding="utf-8")
    found = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--window-size=1400,1000", "--enable-logging=stderr", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    assert ":CONSOLE" not in found.stderr, found.stderr
    seen = json.loads(html.unescape(re.search(r'data-measured="([^"]*)"', found.stdout)[1]))
    assert seen["width"] == width
    assert seen["page"] <= width and seen["outside"] == [] and seen["requests"] == []
    assert seen["up"] == sorted(seen["up"]) and seen["down"] == sorted(seen["up"], reverse=True)


@pytest.mark.long
@pytest.mark.parametrize("trials", [461, 4629], ids=["1e5", "1e6"])
def test_many_rows_make_a_page_of_the_usual_size(trials, tmp_path, capsys):
    formats = [None, *({"family": "integer", "width": width} for width in range(2, 10))]
    made_stores.write(tmp_path / "s", made_stores.RATES, trials, sentences=872, formats=formats)
    begun = time.perf_counter()
    assert leaves(tmp_path / "s", "--html", tmp_path / "page.html") == 0
    taken, bytes_ = time.perf_counter() - begun, (tmp_path / "page.html").stat().st_size
    assert bytes_ < 1_000_000
    with capsys.disabled():
        print(f"\n{216 * (trials + 1):,} rows: {taken:.1f} s, a page of {bytes_ / 1e3:.0f} kB")
