"""What objects show in a notebook: compact tables, all text escaped."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import siliconbert as sb
from siliconbert import html

MOST_CHARACTERS = 12_000


class _Balanced(HTMLParser):
    """Every element is closed in its order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check(shown, *words):
    parser = _Balanced()
    parser.feed(shown)
    parser.close()
    assert not parser.open and len(shown) < MOST_CHARACTERS
    text = re.sub("<[^>]*>", " ", shown)
    for word in words:
        assert word in text


@pytest.fixture(scope="module")
def model():
    return sb.models.load("edgebert-mini/sst2")


@pytest.fixture(scope="module")
def sentences():
    labels = np.array([1, 0, 1])
    return sb.data.Data("t", "dev", ["good <b>", "bad & worse", "great"], labels, ("no", "yes"), "made up")


def test_text_is_escaped_and_long_tables_are_cut():
    shown = html.table("<t>", ["a&b"], [["<script>"]] * 50, "x < y\nz")
    check(shown, "&lt;script&gt;", "and 10 more rows", "x &lt; y")
    assert "<script" not in shown and "&lt;t&gt;" in shown
    assert "and 20 more rows" in html.table("wide", ["a"] * 10, [[1] * 10] * 50)


def test_numbers_stand_right_and_words_left():
    shown = html.table("t", ["n", "word"], [[1234567, "a"], [0.25, "b"]])
    assert shown.count('align="right"') == 3 and "1,234,567" in shown


@pytest.mark.parametrize("name", sb.formats.names())
def test_every_format(name):
    fmt = sb.formats.get(name)
    check(fmt._repr_html_(), "bits of a code")
    fitted = sb.formats.fit(np.random.default_rng(1).standard_normal((8, 64)), fmt)
    check(fitted._repr_html_(), "fitted")


@pytest.mark.parametrize("name", sb.faults.names())
def test_every_cell(name):
    check(sb.faults.cell(name)._repr_html_(), name, "source")


def test_image():
    w = np.random.default_rng(1).standard_normal((8, 16)).astype(np.float32)
    fmt = sb.formats.get("adaptivfloat8")
    check(sb.storage.store(w, w > 0, fmt, ecc="parity", name="<w>")._repr_html_(), "mask.check", "&lt;w&gt;")
    check(sb.formats.search(w, 4)[0]._repr_html_(), "SQNR")


def test_data_and_models(model, sentences):
    check(sentences._repr_html_(), "good &lt;b&gt;", "made up", "3 sentences")
    check(model._repr_html_(), "heads off", "negative, positive")
    stored = model.store("embeddings.word")
    check(stored._repr_html_(), "in memory")
    trace = stored.trace(sentences)
    check(trace._repr_html_(), "mean entropy")
    check(stored.trials(sb.faults.CellMisread(), sentences, trials=range(2))._repr_html_(), "in values")


def test_costs():
    machine = sb.hardware.accelerator("edgebert-12nm")
    check(machine._repr_html_(), "sram")
    check(machine.layer("albert-base")._repr_html_(), "multiply-accumulates")
    check(machine.sentences("albert-base", [2, 9], [3, 12])._repr_html_(), "voltage, V")
    check(machine.timeline("albert-base", 2, 2)._repr_html_(), "settle")
    check(sb.hardware.accelerator("fq-bert-zcu111").inference()._repr_html_(), "sentences a second")


def test_plans():
    check(sb.schedule.allocate("cbbp-wikitext2", budget={"dsp": 3000})._repr_html_(), "mm4", "optimum")
    check(sb.schedule.allocate("cbbp-wikitext2", budget={"dsp": 3})._repr_html_(), "no plan")


def test_tables_of_ones_own():
    found = sb.report.Sheet("sizes", ["layout", "bits"], [["dense", 64]], "a note")
    check(found._repr_html_(), "dense", "a note")
    assert "dense" in repr(found) and "a note" in repr(found)


def test_report():
    found = sb.report.reproduce("fq_bert/table_3")
    check(found._repr_html_(), "ours", "paper")


def test_rows_on_file(monkeypatch, tmp_path):
    found = sb.report.committed("edgebert/table_2")
    check(found._repr_html_(), "accuracy_mean", "model:")
    monkeypatch.setattr(sb.report.experiments, "results", lambda paper: tmp_path)
    with pytest.raises(ValueError, match="no rows of edgebert/table_2 came with the package"):
        sb.report.committed("edgebert/table_2")
