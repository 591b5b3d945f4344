"""A table that is shown and written: columns of records for people, all of them for CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """What people see of one key of the records.

    name   : the key; to: a second one, the other end of an interval
    title  : with the unit
    digits : decimals; None: four significant digits
    factor : what a value is multiplied with, 100 for a share in percent

    >>> Column("low", "interval, %", 1, 100, to="high").text({"low": 0.5, "high": 0.625})
    '50.0 .. 62.5'
    """

    name: str
    title: str
    digits: int | None = None
    factor: float = 1.0
    to: str | None = None

    def text(self, record: Record) -> str:
        """The entry as text; nothing where there is none."""
        found = self._entry(record.get(self.name))
        return found if self.to is None or not found else f"{found} .. {self._entry(record.get(self.to))}"

    def key(self, record: Record) -> float | None:
        """The number that rows are sorted by; None for text and nothing."""
        value = record.get(self.name)
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def _entry(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return str(value)
        if self.digits is None:
            return str(value) if isinstance(value, int) else f"{self.factor * value:.4g}"
        return f"{self.factor * value:.{self.digits}f}"


@dataclass(frozen=True)
class Table:
    """Records with the columns that people see, and lines that hold for all of them."""

    columns: tuple[Column, ...]
    records: Sequence[Record]
    header: tuple[str, ...] = ()

    def titles(self) -> list[str]:
        """What stands above the columns."""
        return [column.title for column in self.columns]

    def lines(self) -> list[list[str]]:
        """The entries as text."""
        return [[column.text(record) for column in self.columns] for record in self.records]

    def to_csv(self) -> str:
        """Everything in the records, in full precision; the header as comments.

        >>> print(Table((), [{"cell": "slc", "accuracy": 0.5}], ("seed 1",)).to_csv())
        # seed 1
        cell,accuracy
        slc,0.5
        <BLANKLINE>
        """
        out = io.StringIO()
        out.writelines(f"# {line}\n" for line in self.header)
        names = list(dict.fromkeys(name for record in self.records for name in record))
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_raw(record.get(name)) for name in names] for record in self.records)
        return out.getvalue()

    def to_markdown(self) -> str:
        """The columns as a pipe table below the header.

        >>> print(Table((Column("a", "a|b"),), [{"a": 0.5}]).to_markdown())
        | a\\|b |
        | ---: |
        | 0.5 |
        <BLANKLINE>
        """
        marks = ["---:" if self._is_numeric(column) else "---" for column in self.columns]
        rows = [[_markdown(entry) for entry in line] for line in [self.titles(), *self.lines()]]
        lines = [f"| {' | '.join(line)} |" for line in [rows[0], marks, *rows[1:]]]
        header = [f"- {_markdown(line)}" for line in self.header]
        return "\n".join([*header, *([""] if header else []), *lines, ""])

    def to_latex(self) -> str:
        r"""The columns as a `tabular` for the package booktabs, the header as comments.

        >>> print(Table((Column("a", "100 %"),), [{"a": 0.5}]).to_latex())
        \begin{tabular}{r}
        \toprule
        100 \% \\
        \midrule
        0.5 \\
        \bottomrule
        \end{tabular}
        <BLANKLINE>
        """
        marks = "".join("r" if self._is_numeric(column) else "l" for column in self.columns)
        rows = [" & ".join(map(_latex, line)) + r" \\" for line in [self.titles(), *self.lines()]]
        header = [f"% {_one_line(line)}" for line in self.header]
        begin, end = rf"\begin{{tabular}}{{{marks}}}", r"\end{tabular}"
        body = [r"\toprule", rows[0], r"\midrule", *rows[1:], r"\bottomrule"]
        return "\n".join([*header, begin, *body, end, ""])

    def _is_numeric(self, column: Column) -> bool:
        return all(column.key(r) is not None for r in self.records if r.get(column.name) is not None)


def _raw(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _markdown(text: str) -> str:
    """The text in a cell; nothing in it makes a link, an emphasis or HTML."""
    marked = "".join(f"\\{letter}" if letter in "\\`*_[]<>|$#~" else letter for letter in _one_line(text))
    return marked.replace("&", "&amp;")


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}


def _latex(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in _one_line(text)).replace(" .. ", "--")
