"""Tables of reStructuredText from plain text."""

import csv
import io
from collections.abc import Iterable, Sequence

from docstrings import escape


def title(text: str, mark: str = "=") -> str:
    """A heading."""
    return f"{text}\n{mark * len(text)}\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int] | None = None) -> str:
    """A table whose entries are text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([escape(_line(entry)) for entry in row] for row in [columns, *rows])
    body = "".join(f"   {line}\n" for line in out.getvalue().splitlines())
    how = f"   :widths: {' '.join(map(str, widths))}\n" if widths else "   :widths: auto\n"
    return f".. csv-table::\n   :header-rows: 1\n{how}\n{body}\n"


def _line(text: str) -> str:
    return " ".join(str(text).split())
