"""Every table of a paper that was reproduced: ours, the paper's, the difference, and how it was made."""

from pathlib import Path

from docstrings import escape, plain
from tables import table, title

from siliconbert.report import experiments, on_file
from siliconbert.report.rows import COLUMNS, read_csv, said

_INTRO = """Our results as they lie in ``experiments/PAPER/results``, beside what the papers print. How a cell
is compared was set before the first result: *exact* by the printed digits, *model* and *relative* within a
tolerance, *trend* and *order* by direction, where our model stands in for one that is not public. A missed
target is shown as missed.
"""
# Rows on the page that stand beside nothing printed; all are in the file.
_ALONE = 12


def pages() -> dict[str, str]:
    """Name of a page -> its text: one a paper, and the list of them."""
    names = experiments.names()
    papers = experiments.papers()
    made = on_file.committed()
    found = {
        f"results_{paper}": _paper(paper, [n for n in names if n.split("/")[0] == paper], made)
        for paper in papers
    }
    rows = "".join(f"   results_{paper}\n" for paper in papers)
    found["results"] = f"{title('Results')}\n{_INTRO}\n.. toctree::\n   :maxdepth: 2\n\n{rows}"
    return found


def _paper(paper: str, names: list[str], made: dict[str, dict]) -> str:
    return "\n".join([title(paper), *(_table(name, made.get(name, {})) for name in names)])


def _table(name: str, entry: dict) -> str:
    paper, _ = experiments.split(name)
    path = experiments.results(paper) / f"{name.replace('/', '_')}.csv"
    command = entry.get("command", f"siliconbert reproduce {name}")
    minutes = f"{entry['minutes']:g} minutes" if "minutes" in entry else "minutes not recorded"
    head = [title(name.split("/")[1], "-"), f"``{command}`` ({minutes})\n"]
    if "stale" in entry:
        head.append(f"{escape(str(entry['stale']))}\n")
    if not path.is_file():
        return "\n".join([*head, escape(entry.get("open", "No result is stored.")) + "\n"])
    return "\n".join([*head, *_stored(path)])


def _stored(path: Path) -> list[str]:
    header, rows = read_csv(path)
    beside = [row for row in rows if row["paper"]]
    alone = [row for row in rows if not row["paper"]]
    shown = beside or alone[:_ALONE]
    left = len(rows) - len(shown)
    notes = "".join(f"- {plain(line)}\n" for line in header)
    place = f"{path.parent.parent.name}/results/{path.name}"
    more = f"{left} more rows, which the paper does not print, are in ``{place}``.\n"
    return [notes, table(COLUMNS, [_row(row) for row in shown]), more if left else "", *_kept(shown)]


def _kept(rows: list[dict[str, str]]) -> list[str]:
    """How many of the compared cells came out."""
    said = [row["agrees"] for row in rows if row["agrees"]]
    if not said:
        return []
    count = said.count("True")
    return [f"Of {len(said)} cells that could be compared, {count} came out as the paper has them.\n"]


def _row(row: dict[str, str]) -> tuple[str, ...]:
    interval = f"{_number(row['low'])} .. {_number(row['high'])}" if row["low"] and row["high"] else ""
    verdict = said(row["compare"], row["agrees"] == "True") if row["agrees"] else row["compare"]
    paper = _number(row["paper"]) + (f" (or {row['readings']})" if row.get("readings") else "")
    numbers = (_number(row["ours"]), interval, paper, _number(row["difference"], "+"))
    return (row["row"], row["quantity"], row["unit"], *numbers, verdict)


def _number(text: str, sign: str = "") -> str:
    return f"{float(text) + 0.0:{sign}.5g}" if text else ""
