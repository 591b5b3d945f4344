"""Which parameters and modules a user means: glob patterns, the first that matches decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from siliconbert import formats
from siliconbert.formats import Format

FormatLike = Format | str | Mapping[str, Any]


def by_pattern(what: str, given: Any) -> dict[str, Any]:
    """Pattern -> choice; a choice without a pattern is everybody's. A mapping with a family is a format."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or "family" in given:
        return {"*": given}
    if not all(isinstance(pattern, str) for pattern in given):
        raise ValueError(f"torch.wrap: {what} must map patterns to choices, got {given!r}")
    return dict(given)


def choose(patterns: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The choice of the first pattern that matches one of a thing's names; None where none does."""
    found = list(names)
    for pattern, choice in patterns.items():
        if any(fnmatchcase(name, pattern) for name in found):
            return choice
    return None


def format_of(choice: FormatLike) -> Format:
    """The format that a choice names, describes or is."""
    return choice if isinstance(choice, Format) else formats.from_record(choice)


def check_used(what: str, patterns: Mapping[str, Any], names: Iterable[Iterable[str]]) -> None:
    """Refuses a pattern that matches nothing: mostly it is a slip of the pen."""
    flat = [name for group in names for name in group]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in flat):
            known = ", ".join(flat[:8]) + (", ..." if len(flat) > 8 else "")
            raise ValueError(
                f"torch.wrap: {what} must have patterns that match some of {known}; got {pattern!r}"
            )
