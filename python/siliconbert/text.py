"""Text files from strangers, and the first line of what other libraries say about them."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["first_line", "read_text"]


def read_text(path: str | os.PathLike[str]) -> str:
    """The file's text, without a byte order mark.

    errors: ValueError naming the file where it is not UTF-8; OSError where it cannot be read
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: must be UTF-8 text ({error})") from None


def first_line(error: BaseException) -> str:
    """What went wrong, in one line.

    >>> first_line(ValueError("no such column\\n  in line 3"))
    'no such column'
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(":").strip()
