"""Changes to valid inputs: of bytes, of text, of JSON trees, of safetensors headers, of Parquet tables."""

from __future__ import annotations

import json
import re
import struct
from random import Random
from typing import Any

NUMBERS = ("-1", "0", "1", "2", "7", "255", "256", "65536", "2147483648", "4294967296", "9223372036854775808",
           "-9223372036854775809", "1" + "0" * 30, "0.5", "-0.0", "1e-320", "1e308", "1e999", "nan", "inf",
           "-inf", "007", "0x10", "1_0", "1,5", "٣")  # fmt: skip
WORDS = ("", "x", "null", "true", "no", "~", "é\n", "../x", "/", ".", "\x00", "\ufeff", "a" * 300, "%s", "{}",
         "[]", "*", "&a", "!!python/object:os.system", "<<", "'", '"', "# ", ": ", "- ", "\t", "\r\n",
         "\x85")  # fmt: skip
VALUES: tuple[Any, ...] = (None, True, False, -1, 0, 1, 2, 16, 17, 255, 2**16, 2**24, 2**31, 2**32, 2**63,
          2**64, -(2**63) - 1, 10**30, 0.5, -0.0, 1e-320, 1e308, float("nan"), float("inf"), "", "x", "é\n",
          "../x", "\x00", "\ud800", [], {}, [[]], {"": None}, [1, 2], ["x"], "1", "nan")  # fmt: skip
_TOKEN = re.compile(r"[A-Za-z_][\w.-]*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\s+|.")


def binary(rng: Random, data: bytes) -> bytes:
    """One to four changes of bytes."""
    for _ in range(rng.randint(1, 4)):
        data = rng.choice(_BINARY)(rng, data)
    return data


def text(rng: Random, data: bytes) -> bytes:
    """Changes of words, numbers and lines; now and then of bytes."""
    if rng.random() < 0.15:
        return binary(rng, data)
    found = data.decode("utf-8", "replace")
    for _ in range(rng.randint(1, 3)):
        found = rng.choice((_token, _token, _token, _lines))(rng, found)
    return found.encode("utf-8", "surrogatepass")


def json_text(rng: Random, data: bytes) -> bytes:
    """Changes of the tree that the text holds, or of the text."""
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return text(rng, data)
    if rng.random() < 0.2:
        return text(rng, data)
    for _ in range(rng.randint(1, 2)):
        tree = grown(rng, tree)
    return json.dumps(tree).encode()


def safetensors(rng: Random, data: bytes) -> bytes:
    """Changes of the header, which stays readable, of the JSON in its metadata, or of bytes."""
    header = _header(data)
    if header is None or rng.random() < 0.2:
        return binary(rng, data)
    start = 8 + struct.unpack("<Q", data[:8])[0]
    notes = header.get("__metadata__")
    if isinstance(notes, dict) and notes and rng.random() < 0.5:
        key = rng.choice(sorted(notes))
        if isinstance(notes[key], str):
            notes[key] = json_text(rng, notes[key].encode()).decode("utf-8", "replace")
    elif rng.random() < 0.5:
        header = grown(rng, header)
    else:
        return data[:start] + binary(rng, data[start:])
    packed = json.dumps(header).encode()
    return struct.pack("<Q", len(packed)) + packed + data[start:]


def parquet(rng: Random, data: bytes) -> bytes:
    """Changes of bytes, or of columns and of the notes in the schema."""
    if rng.random() < 0.4:
        return binary(rng, data)
    import pyarrow as pa
    from pyarrow import parquet as files

    try:
        table = files.read_table(pa.BufferReader(data))
        notes = dict(table.schema.metadata or {})
    except (pa.ArrowException, OSError, ValueError):
        return binary(rng, data)
    names = table.column_names
    change = rng.randrange(5)
    if change == 0 and names:
        table = table.drop_columns(rng.choice(names))
    elif change == 1 and names:
        values = [rng.choice((None, "x", b"x", 1, 2**63 - 1, float("nan"), [1.0], {"a": 1}))] * len(table)
        table = table.set_column(rng.randrange(len(names)), rng.choice(names), pa.array(values))
    elif change == 2 and names:
        table = table.rename_columns([*names[1:], rng.choice((names[0], "", "logit_1_9", "entropy_x"))])
    elif change == 3:
        table = table.slice(0, rng.randrange(len(table) + 1))
    for key in notes:
        if rng.random() < 0.5:
            notes[key] = json_text(rng, notes[key])
    sink = pa.BufferOutputStream()
    files.write_table(table.replace_schema_metadata(notes), sink)
    return sink.getvalue().to_pybytes()


def grown(rng: Random, tree: Any) -> Any:
    """The tree with one node replaced, removed, renamed or repeated."""
    if rng.random() < 0.2 or not isinstance(tree, (dict, list)) or not tree:
        return rng.choice(VALUES)
    changed: Any = tree.copy()
    key = rng.choice(sorted(changed)) if isinstance(changed, dict) else rng.randrange(len(changed))
    if rng.random() < 0.6:
        changed[key] = grown(rng, changed[key])
    elif isinstance(changed, list):
        changed.insert(key, rng.choice([changed[key], *VALUES]))
    elif rng.random() < 0.5:
        del changed[key]
    else:
        changed[rng.choice((key + "x", key.upper(), "", "shape", "version"))] = changed[key]
    return changed


def _header(data: bytes) -> dict[str, Any] | None:
    try:
        (length,) = struct.unpack("<Q", data[:8])
        found = json.loads(data[8 : 8 + length])
    except (ValueError, struct.error, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _token(rng: Random, found: str) -> str:
    tokens = _TOKEN.findall(found) or [""]
    place = rng.randrange(len(tokens))
    new = rng.choice((rng.choice(NUMBERS), rng.choice(WORDS), rng.choice(tokens), ""))
    tokens[place] = new if rng.random() < 0.7 else tokens[place] + new
    return "".join(tokens)


def _lines(rng: Random, found: str) -> str:
    lines = found.split("\n")
    place, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(4):
        case 0:
            del lines[place]
        case 1:
            lines.insert(place, lines[other])
        case 2:
            lines[place], lines[other] = lines[other], lines[place]
        case 3:
            lines = lines[:place]
    return "\n".join(lines)


def _flip(rng: Random, data: bytes) -> bytes:
    place = rng.randrange(len(data)) if data else 0
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :] if data else b"\0"


def _put(rng: Random, data: bytes) -> bytes:
    place = rng.randint(0, len(data))
    new = rng.choice((b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\xff" * 8, b"\0" * 8, rng.randbytes(4)))
    return data[:place] + new + data[place + len(new) * rng.randint(0, 1) :]


def _cut(rng: Random, data: bytes) -> bytes:
    place = rng.randint(0, len(data))
    return data[:place] + data[place + rng.choice((1, 2, 8, 64, len(data))) :]


def _repeat(rng: Random, data: bytes) -> bytes:
    place, end = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
    target = rng.randint(0, len(data))
    return data[:target] + data[place : min(end, place + 256)] + data[target:]


_BINARY = (_flip, _flip, _put, _put, _cut, _repeat)
