"""Docstrings as this package writes them, as reStructuredText.

A line "name : text" is about an argument, a field or a topic (errors, source, returns); examples are
doctests; everything else is plain text, in which no character means anything but the backtick.
"""

import re
from collections.abc import Iterator, Sequence

_FIELD = re.compile(r"^(?P<names>[A-Za-z_*][\w.]*(?:, [\w.*]+| \.\. [\w.]+)*)\s*: +(?P<text>\S.*)$")
# What would begin an item of a list.
_LIST = re.compile(r"^([-+]|\d+\.)(?= )")


def to_rst(lines: Sequence[str]) -> list[str]:
    """The lines of a docstring, its common indentation removed.

    >>> to_rst(["Sum of x*.", "", "x : (N,)", "    float32", "errors: ValueError", "", ">>> 1 + 1", "2"])[:4]
    ['Sum of x\\\\*.', '', ':x: (N,) float32', ':errors: ValueError']
    """
    found: list[str] = []
    for block in _blocks(lines):
        found += [*_block(block), ""]
    return found


def _blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    """Runs of lines that are not empty."""
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line.rstrip())
        elif block:
            yield block
            block = []


def _block(block: list[str]) -> list[str]:
    if block[0].lstrip().startswith(">>>"):
        return [line.strip() if line.lstrip().startswith(">>>") else line for line in _flush(block)]
    if all(line.startswith("    ") for line in block):
        return ["::", "", *(f"    {line}" for line in block)]
    if any(_FIELD.match(line) for line in block):
        return list(_fields(block))
    if any(line.startswith("- ") for line in block):
        return list(_items(block))
    return [plain(line) for line in block]


def _items(block: list[str]) -> Iterator[str]:
    """The items of a list, below the lines before it, if any."""
    began = False
    for line in block:
        if line.startswith("- "):
            if not began:
                yield ""
            began = True
            yield f"- {plain(line[2:])}"
        else:
            yield f"  {plain(line)}" if began else plain(line)


def plain(line: str) -> str:
    """A whole line as text that begins no list."""
    return _LIST.sub(r"\\\1", escape(line.strip()))


def _flush(block: list[str]) -> list[str]:
    margin = min(len(line) - len(line.lstrip()) for line in block)
    return [line[margin:] for line in block]


def _fields(block: list[str]) -> Iterator[str]:
    """Every field with its continuation in one line; lines before the first one are a paragraph."""
    text: list[str] = []
    field = ""
    for line in block:
        found = _FIELD.match(line)
        if found is None:
            text.append(escape(line.strip()))
            continue
        yield from _written(field, text)
        field, text = found["names"], [escape(found["text"])]
    yield from _written(field, text)


def _written(field: str, text: list[str]) -> Iterator[str]:
    if field:
        yield f":{escape(field)}: {' '.join(text)}"
    elif text:
        yield from (*text, "")


def escape(text: str) -> str:
    """Plain text; what stands between backticks is code.

    >>> escape("a_b of `x | y`, 2*n")
    'a\\\\_b of ``x | y``, 2\\\\*n'
    """
    parts = re.split(r"`+([^`]+)`+", text)
    marked = [re.sub(r"([\\*_|`<>:\[\]])", r"\\\1", part) for part in parts[::2]]
    codes = [f"``{part.strip()}``" for part in parts[1::2]]
    # Code must stand apart from letters around it.
    return "".join(_joined(marked, codes))


def _joined(marked: list[str], codes: list[str]) -> Iterator[str]:
    yield marked[0]
    for code, text in zip(codes, marked[1:], strict=True):
        yield f"{code}\\ {text}" if text[:1].isalnum() else f"{code}{text}"
