"""Where every number is from: the catalogue's quantities by record."""

from collections.abc import Iterator

from docstrings import escape
from tables import table, title

from siliconbert import catalog

KINDS = (
    "cells", "memories", "accelerators", "actions", "devices", "fpga", "shells", "processors", "networks",
)  # fmt: skip
_INTRO = """Every number that the models compute with, as it stands in the catalogue: its value, its unit, and
the place it was read in. "assumed" numbers have no published source; the note gives the reason, and tables
that rest on one say so. ``siliconbert list KIND --sources`` prints the same.
"""


def pages() -> dict[str, str]:
    """Name of the page -> its text."""
    parts = [title("Provenance"), _INTRO]
    for kind in KINDS:
        if catalog.quantities(kind):
            parts += [title(kind, "-"), *_records(kind)]
    parts += [title("Sources", "-"), _sources()]
    return {"provenance": "\n".join(parts)}


def _records(kind: str) -> Iterator[str]:
    columns = ("number", "value", "unit", "source", "where", "note")
    for name, record in catalog.records(kind).items():
        rows = [
            (key, _value(q.value), q.unit, q.source, q.where, q.note)
            for key, q in record.items()
            if isinstance(q, catalog.Quantity)
        ]
        if rows:
            yield f"**{escape(name)}**\n"
            yield table(columns, rows, (16, 16, 8, 16, 22, 22))


def _value(value: object) -> str:
    if isinstance(value, (list, tuple)):
        shown = ", ".join(_value(each) for each in value[:8])
        return f"{shown}, ... ({len(value)} values)" if len(value) > 8 else shown
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sources() -> str:
    rows = [(key, str(paper.get("title", "")), _place(paper)) for key, paper in catalog.papers().items()]
    return table(("key", "title", "in"), rows, (20, 50, 30))


def _place(paper: dict[str, object]) -> str:
    return ", ".join(str(value) for key, value in paper.items() if key in ("venue", "id"))
