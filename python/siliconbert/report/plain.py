"""A table as plain text in aligned columns, for files and pipes."""

from __future__ import annotations

from collections.abc import Sequence


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], last: Sequence[bool] = ()) -> str:
    """Columns as wide as their longest entry; numbers to the right, words to the left.

    last: for every row whether a blank line follows it

    >>> print(table(["row", "value"], [["a", "1.5"], ["bc", "12.5"]]))
    row  value
    ---  -----
    a      1.5
    bc    12.5
    """
    lines = [list(columns), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    right = [all(_numeric(row[i]) for row in rows) for i in range(len(columns))]
    text = [_line(line, widths, right) for line in lines]
    gaps = [*last, *[False] * (len(rows) - len(last))]
    body = [line + "\n" * gap for line, gap in zip(text[1:], gaps, strict=True)]
    return "\n".join([text[0], _line(["-" * w for w in widths], widths, right), *body])


def _line(entries: Sequence[str], widths: list[int], right: list[bool]) -> str:
    padded = [e.rjust(w) if r else e.ljust(w) for e, w, r in zip(entries, widths, right, strict=True)]
    return "  ".join(padded).rstrip()


def _numeric(text: str) -> bool:
    try:
        return not text or float(text) is not None
    except ValueError:
        return False
