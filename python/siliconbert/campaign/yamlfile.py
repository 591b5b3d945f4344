"""YAML from strangers: safe, each key once, and 1e-6 is a number."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """PyYAML's safe loader without two of its surprises."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """A mapping in which no key occurs twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for i, key in enumerate(keys):
            if key in keys[:i]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} occurs twice", node.value[i][0].start_mark
                )
        return super().construct_mapping(node, deep)


# YAML 1.1 wants a point in a number with an exponent; without this rule `rate: 1e-6` would be text.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read(path: Path) -> Any:
    """What the file holds.

    errors: ValueError with one sentence naming file, line and column
    """
    if not path.is_file():
        raise ValueError(f"campaign: {path}: no such file")
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"campaign: {path.name}: not valid YAML ({_problem(error)})") from None


def dump(value: Any) -> str:
    """The value as YAML, keys in their order."""
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100))


def _problem(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    text = getattr(error, "problem", None) or " ".join(str(error).split())
    return text if mark is None else f"{text}, line {mark.line + 1}, column {mark.column + 1}"
