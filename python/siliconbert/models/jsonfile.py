"""JSON from strangers: one sentence says what is wrong and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_json(path: Path) -> Config:
    """The object in the file."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    return parse_json(str(path), path.read_bytes())


def parse_json(place: str, text: bytes) -> Config:
    """The object in the text; `place` opens the error sentences."""
    try:
        found = json.loads(text.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{place}: not valid JSON ({error})") from None
    return Config(place, found)


class Config:
    """A JSON object whose keys are checked as they are asked for; errors name place and key."""

    def __init__(self, place: str, values: Any):
        """Refuses values that are not a JSON object."""
        if not isinstance(values, dict):
            raise ValueError(f"{place}: must be a JSON object, got {type(values).__name__}")
        self.place = place
        self.values: dict[str, Any] = values

    def require(self, holds: bool, key: str, rule: str) -> None:
        """Raises unless the rule holds."""
        if not holds:
            got = repr(self.values[key])[:80] if key in self.values else "nothing"
            raise ValueError(f"{self.place}: {key} must be {rule}, got {got}")

    def only(self, *known: str) -> None:
        """Refuses keys that are not known."""
        if unknown := set(self.values) - set(known):
            raise ValueError(f"{self.place}: keys must be among {', '.join(known)}; got {min(unknown)!r}")

    def integer(self, key: str, least: int = 1) -> int:
        """An integer of at least `least`."""
        value = self.values.get(key)
        self.require(type(value) is int and value >= least, key, f"an integer of at least {least}")
        assert isinstance(value, int)
        return value

    def text(self, key: str) -> str:
        """A text."""
        value = self.values.get(key)
        self.require(isinstance(value, str), key, "text")
        return str(value)

    def choice(self, key: str, known: tuple[str, ...]) -> str:
        """One of the known words."""
        value = self.values.get(key)
        self.require(isinstance(value, str) and value in known, key, f"one of {', '.join(known)}")
        return str(value)

    def fraction(self, key: str) -> float:
        """A number above 0 and below 1."""
        value = self.values.get(key)
        self.require(isinstance(value, float) and 0 < value < 1, key, "a number above 0 and below 1")
        assert isinstance(value, float)
        return value

    def part(self, key: str) -> Config:
        """The object under the key."""
        self.require(isinstance(self.values.get(key), dict), key, "an object")
        return Config(f"{self.place}: {key}", self.values[key])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found
