"""Text from strangers: files, misspelt names, and the first line of what other libraries say."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["first_line", "is_file_name", "parse_toml", "read_text", "suggestion"]

_LONGEST_NAME = 255  # bytes; Linux's file systems


def read_text(path: str | os.PathLike[str]) -> str:
    """The file's text, without a byte order mark.

    errors: ValueError naming the file where it is not UTF-8; OSError where it cannot be read
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: must be UTF-8 text ({error})") from None


def parse_toml(text: str, place: str) -> dict[str, Any]:
    """The tables of a TOML file.

    place  : the file's name, which opens the sentence of an error
    errors : ValueError where the text is no TOML, or nested too deeply to read

    >>> parse_toml("rows = 8", "mine.toml")
    {'rows': 8}
    """
    try:
        found: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"{place}: the file must be TOML: {first_line(error)}") from None
    return found


def is_file_name(name: str) -> bool:
    """Whether the name is of a file in the folder in which it stands: a path would read files unasked for.

    >>> is_file_name("model.safetensors"), is_file_name("../model.safetensors")
    (True, False)
    """
    # What is printable has no lone surrogate, so it can be encoded.
    plain = name.isprintable() and Path(name).name == name and name not in ("", "..")
    return plain and len(name.encode()) <= _LONGEST_NAME


def first_line(error: BaseException) -> str:
    """What went wrong, in one line.

    >>> first_line(ValueError("no such column\\n  in line 3"))
    'no such column'
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(":").strip()


def suggestion(name: str, known: Iterable[str]) -> str:
    """The likeliest of the known names for a misspelt one, as the end of a sentence; nothing if none is.

    >>> suggestion("Cell", ["cells", "models"])
    ' (did you mean cells?)'
    """
    names = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), names)
    close.sort(key=lambda each: not each.startswith(name.lower()))
    return f" (did you mean {names[close[0]]}?)" if close else ""
