"""Names of lines, bars and points: what differs between them, in few letters that can be printed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from siliconbert.campaign import grid
from siliconbert.campaign.results import varying
from siliconbert.report.plots.plot import Record
from siliconbert.report.stored import Stored

_LONGEST = 54  # letters
_CHOICE = ("fields", "bits", "regions", "places")  # what says which bits a fault may hit
# What a dash stands for, where it says something.
_NONE = {"exit": "all layers", "format": "own format"}
# Keys whose values speak for themselves.
_PLAIN = ("kind ", "rule ", "family ", "name ", "* ")


def once(records: Sequence[Record]) -> list[Record]:
    """One record a configuration: accelerators change no accuracy."""
    return list({record["config"]: record for record in reversed(records)}.values())[::-1]


def labels(records: Sequence[Record], names: Iterable[str]) -> list[str]:
    """For every record what tells it from the others in these names.

    >>> labels([{"cells": "values mlc3, * slc"}, {"cells": "values mlc2, * slc"}], ["cells"])
    ['values mlc3', 'values mlc2']
    """
    words = {
        name: _words(name, {str(r.get(name)) for r in records}) for name in varying(records, list(names))
    }
    return [
        "; ".join(filter(None, (w[str(r.get(name))] for name, w in words.items()))) or "-" for r in records
    ]


def _words(name: str, values: set[str]) -> dict[str, str]:
    """Every value without the parts that all have."""
    parts = {value: value.split(", ") for value in values}
    known = [set(each) for value, each in parts.items() if value not in ("-", "None")]
    common = set.intersection(*known) if len(known) > 1 else set()
    found = {}
    for value, each in parts.items():
        kept = [part for part in each if part not in common] or each
        found[value] = _NONE.get(name, "") if value in ("-", "None") else ", ".join(map(_bare, kept))
    return found


def _bare(part: str) -> str:
    for key in _PLAIN:
        part = part.removeprefix(key)
    return part


def faults(stored: Stored) -> dict[str, dict[str, Any]]:
    """Label of a fault -> its record, where it is one with options."""
    found: dict[str, dict[str, Any]] = {x["fault"]: {} for x in stored.manifest["points"].values()}
    for record in stored.manifest["settings"]["faults"]:
        if isinstance(record, dict):
            found[grid.text(record)] = {**record, "rate": _rate(record.get("rate"))}
    return found


def _rate(value: Any) -> float | None:
    """A rate above 0; as text too, which YAML makes of 1e-6."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if 0.0 < found <= 1.0 else None


def target(fault: Mapping[str, Any]) -> str:
    """Which bits a fault may hit, or nothing where it may hit all."""
    chosen = [(name, grid.text(fault[name])) for name in _CHOICE if fault.get(name)]
    return cut("; ".join(f"bit {text}" if name == "bits" else text for name, text in chosen))


def without(fault: Mapping[str, Any], *names: str) -> str:
    """A fault in words, some options left out."""
    return grid.text({key: value for key, value in fault.items() if key not in names})


def elsewhere(fault: Mapping[str, Any]) -> str:
    """A fault in words, but for the bits that it may hit."""
    return without(fault, *_CHOICE)


def cut(text: str, most: int = _LONGEST) -> str:
    """At most so many letters, each of which can be printed and means itself.

    A label that starts with _ would be left out of a legend, and what stands between dollars is a formula.
    """
    plain = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    plain = plain if len(plain) <= most else f"{plain[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
    return (f" {plain}" if plain.startswith("_") else plain).replace("$", r"\$")


def folded(label: str, width: int = 30) -> str:
    """The label in two lines of so many letters.

    >>> folded("integer, width 4; prediction, threshold 0.2")
    'integer, width 4; prediction,\\nthreshold 0.2'
    """
    return "\n".join(textwrap.wrap(label, width, max_lines=2, placeholder="\N{HORIZONTAL ELLIPSIS}"))


def shortened(found: Mapping[str, Any], most: int = _LONGEST) -> dict[str, Any]:
    """The same entries under labels that fit and differ."""
    short: dict[str, Any] = {}
    for label, entry in found.items():
        name, i = cut(label, most), 2
        while name in short:
            name, i = f"{cut(label, most - 4)} ({i})", i + 1
        short[name] = entry
    return short


def confidence(stored: Stored) -> str:
    """That of the intervals, in words."""
    return f"{100 * stored.manifest['settings']['trials']['confidence']:g} %"
