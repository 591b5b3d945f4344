"""Hooks into Sphinx: pages from the package and its data, and docstrings as we write them."""

from pathlib import Path
from typing import Any

import docstrings
import provenance
import reference
import results


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("builder-inited", _generate)
    app.connect("autodoc-process-docstring", _convert)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _generate(app: Any) -> None:
    folder = Path(app.srcdir) / "generated"
    folder.mkdir(exist_ok=True)
    for name, text in {**reference.pages(), **provenance.pages(), **results.pages()}.items():
        path = folder / f"{name}.rst"
        # A page that did not change is not read again.
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _convert(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = docstrings.to_rst(lines)
