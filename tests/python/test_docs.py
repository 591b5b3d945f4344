"""The pages of docs/: their examples run, their commands and files exist, docstrings become clean text."""

import doctest
import importlib
import re
import sys
from pathlib import Path

import pytest

from siliconbert import catalog

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
sys.path.insert(0, str(ROOT / "docs" / "_ext"))


def name(path):
    return path.stem


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_the_examples_of_a_page_run(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some write files
    monkeypatch.setattr(catalog, "_ADDED", {})  # and add records
    blocks = re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    page = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, path.name, str(path), 0)
    assert doctest.DocTestRunner().run(page).failed == 0


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_files_that_a_page_names_exist(path):
    text = path.read_text(encoding="utf-8")
    for found in re.findall(r"`((?:experiments|cpp|python|catalog|notebooks)/[\w/.-]*[\w/])`", text):
        if "PAPER" not in found:
            assert (ROOT / found).exists() or (ROOT / "python" / "siliconbert" / found).exists(), found


@pytest.mark.parametrize("module", ["docstrings", "tables"])
def test_the_extension_explains_itself(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_pages_are_made_from_the_catalogue_and_the_results():
    provenance, results = (importlib.import_module(each).pages() for each in ("provenance", "results"))
    assert "rram-mlc3" in provenance["provenance"] and "assumed" in provenance["provenance"]
    assert "same way" in results["results_edgebert"] and "differs" not in provenance
