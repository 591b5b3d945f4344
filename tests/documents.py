"""What documents show: fenced blocks, and the commands in them and in the text."""

from __future__ import annotations

import re
from pathlib import Path

_FENCED = re.compile(r"^```[\w ]+\n(.*?)^```", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"`(?:\.venv/bin/)?(siliconbert [^`]*)`")


def blocks(text: str, kind: str) -> list[str]:
    """The fenced blocks of a kind, in order."""
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def lines(text: str, kind: str) -> list[str]:
    """The lines of those blocks, which a reader copies."""
    return [line for block in blocks(text, kind) for line in block.strip().splitlines()]


def commands(path: Path) -> list[str]:
    """Those of ours in the text, and the lines of fenced blocks that are one."""
    text = path.read_text(encoding="utf-8")
    fenced = [line for block in _FENCED.findall(text) for line in block.splitlines()]
    found = [*_COMMAND.findall(_FENCED.sub("", text)), *(x for x in fenced if x.startswith("siliconbert "))]
    return [" ".join(each.split()) for each in found]
