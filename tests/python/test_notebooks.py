"""Every notebook runs from top to bottom in the Python that runs the tests, and is committed as it ran."""

import json
import re
import sys
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.notebooks import execute, paths, without_text

MOST_BYTES = 300_000
FOREIGN = re.compile(r"/(home|root|tmp|work|Users)/|\d{4}-\d\d-\d\dT\d\d")


def cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_notebook_runs(path, vader_amazon):
    for cell in execute(path).cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", f"{cell.source}\n{output.text}"


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_notebook_is_committed_as_it_ran(path):
    shown = [output for cell in cells(path) for output in cell.outputs]
    assert shown, f"python -m tests.notebooks --write {path.stem}"
    assert not any(cell.execution_count or cell.metadata for cell in cells(path))
    assert not any(output.output_type == "error" or output.get("name") == "stderr" for output in shown)
    assert path.stat().st_size < MOST_BYTES
    assert not FOREIGN.search(path.read_text(encoding="utf-8"))


def test_there_are_ten_in_order():
    assert [int(path.stem.split("_")[0]) for path in paths()] == list(range(1, 11))


def test_text_is_taken_out_of_a_picture():
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + b"crc."

    start, end = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"13 bytes here"), chunk(b"IEND", b"")
    assert without_text(start + chunk(b"tEXt", b"Software\0x") + end) == start + end


def test_the_check_for_foreign_text_can_fail():
    assert FOREIGN.search(json.dumps("/home/me/runs")) and FOREIGN.search("2026-01-02T03:04")
