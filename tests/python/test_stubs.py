"""The committed type stubs of the extension are what its signatures say."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests import stubs  # noqa: E402

pytest.importorskip("pybind11_stubgen", reason="needs pybind11-stubgen, which writes the stubs")


def said(folder):
    """What each stub says, whatever the order and the layout of its lines."""
    files = {path.relative_to(folder): path for path in folder.rglob("*.pyi")}
    return {name: sorted(statements(path.read_text(encoding="utf-8"))) for name, path in files.items()}


def statements(text):
    for node in ast.parse(text).body:
        # The formatter and the linter sort imports and __all__, and spaces at the end of lines go.
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.AnnAssign):
            yield "\n".join(line.rstrip() for line in ast.unparse(node).splitlines())


def test_the_stubs_are_those_of_the_extension(tmp_path):
    fresh, committed = said(stubs.write(tmp_path)), said(stubs.COMMITTED)
    assert fresh.keys() == committed.keys()
    for name, lines in fresh.items():
        assert lines == committed[name], f"{name} is not what the extension says: run `make stubs`"


def test_a_changed_signature_would_be_seen():
    assert list(statements("def f(x: int) -> int: ...")) != list(statements("def f(x: int) -> float: ..."))
    assert list(statements("import a\ndef f(\n x: int) -> int:\n  ...")) == ["def f(x: int) -> int:\n    ..."]
