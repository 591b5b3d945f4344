"""Small tables for notebooks: what `_repr_html_` of an object returns. All text is escaped."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["record", "table", "text"]

_MOST_ROWS = 40
_MOST_CELLS = 300


def text(value: Any) -> str:
    """A value as a cell of a table shows it: numbers with four digits, none where there is nothing to say.

    >>> [text(x) for x in (1234567, 0.123456, 1e-12, float("nan"), None, ("a", 2))]
    ['1,234,567', '0.1235', '1e-12', '', '', 'a, 2']
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int) or (hasattr(value, "dtype") and getattr(value.dtype, "kind", "") in "iu"):
        return f"{int(value):,}"
    if isinstance(value, float) or hasattr(value, "dtype"):
        number = float(value)
        return f"{number:,.0f}" if 1e4 <= abs(number) < 1e15 else f"{number:.4g}"
    if isinstance(value, tuple | list):
        return ", ".join(map(text, value))
    return str(value)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], note: str = "") -> str:
    """A table with a caption; of more than 40 rows, or more than 300 cells, the first rows.

    >>> table("t", ["a<b"], [[1.5]])[:37]
    '<table><caption align="left"><b>t</b>'
    """
    most = min(_MOST_ROWS, _MOST_CELLS // max(1, len(columns)))
    left = len(rows) - most
    more = [f"and {left:,} more rows"] if left > 0 else []
    numeric = [all(_is_number(row[i]) for row in rows) for i in range(len(columns))]
    body = "".join(_row("td", row, numeric) for row in rows[:most])
    head = _row("th", columns, numeric) if any(columns) else ""
    below = "<br>".join(escape(line) for line in [*more, *note.splitlines()])
    return (
        f'<table><caption align="left"><b>{escape(title)}</b></caption>'
        f"<thead>{head}</thead><tbody>{body}</tbody></table>" + (f"<small>{below}</small>" if below else "")
    )


def record(title: str, values: Mapping[str, Any], note: str = "") -> str:
    """A table of names and values; a value of None is left out."""
    return table(
        title, ["", ""], [(name, text(value)) for name, value in values.items() if value is not None], note
    )


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return _reads_as_number(value)
    return value is None or isinstance(value, int | float) or hasattr(value, "dtype")


def _reads_as_number(text: str) -> bool:
    try:
        return not text or float(text) is not None
    except ValueError:
        return False


def _row(tag: str, entries: Sequence[Any], numeric: Sequence[bool]) -> str:
    cells = (
        f'<{tag} align="{"right" if right else "left"}">{escape(text(entry))}</{tag}>'
        for entry, right in zip(entries, numeric, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"
