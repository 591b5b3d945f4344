"""Names -> model files: where the zoo is looked for, its index with checksums, how a copy is fetched.

A zoo is a folder with `zoo.toml`: the table [models] lists each model's files (the first is the one to open),
the table [sha256] every file's checksum.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siliconbert.data import cache
from siliconbert.models.atomic import write_atomically
from siliconbert.models.compressed import LARGEST_FILE, files_of, sha256
from siliconbert.text import parse_toml, suggestion

_INDEX = "zoo.toml"


@dataclass(frozen=True)
class Index:
    """What a zoo.toml says: model -> files, file -> SHA-256."""

    models: dict[str, list[str]]
    sha256: dict[str, str]


def zoo_folders(zoo: str | Path | None = None) -> list[Path]:
    """The folders that are searched, first to last.

    These are `zoo` alone where it is given; else $SILICONBERT_ZOO, the user's cache, the folder in the
    package (the source checkout's in an editable install), and the source checkout around the current folder.

    >>> zoo_folders("mine")
    [PosixPath('mine')]
    """
    if zoo is not None:
        return [Path(zoo)]
    own = os.environ.get("SILICONBERT_ZOO")
    here = Path.cwd()
    checkouts = [folder / "python" / "siliconbert" / "zoo" for folder in (here, *here.parents)]
    places = [*([Path(own)] if own else []), cache() / "zoo", Path(__file__).parents[1] / "zoo"]
    return [*dict.fromkeys([*places, *(folder for folder in checkouts if (folder / _INDEX).is_file())])]


def zoo_names(zoo: str | Path | None = None) -> list[str]:
    """The models that can be opened, over all folders.

    >>> "edgebert-mini/sst2" in zoo_names()
    True
    """
    found = {
        name
        for folder in zoo_folders(zoo)
        for name, files in _index(folder).models.items()
        if _all(folder, files)
    }
    return sorted(found)


def zoo_file(name: str, zoo: str | Path | None = None) -> Path:
    """The file of that model in the first folder that has all its files, checked against the index.

    errors: ValueError naming what was searched, or the file whose checksum is another

    >>> zoo_file("edgebert-mini/sst2").name
    'sst2.safetensors'
    """
    for folder in zoo_folders(zoo):
        index = _index(folder)
        files = index.models.get(name, [])
        if files and _all(folder, files):
            for file in files:
                _check(str(folder / file), index.sha256[file], sha256(folder / file))
            return folder / files[0]
    searched = ", ".join(str(folder) for folder in zoo_folders(zoo))
    known = ", ".join(zoo_names(zoo)) or "no model"
    hint = suggestion(name, zoo_names(zoo))
    raise ValueError(
        f"models.load: {name!r} was not found{hint}; the zoo was searched in {searched}, which have {known} "
        "(`siliconbert data get zoo --from DIR|URL` fetches one)"
    )


def get_zoo(
    from_: str | Path, to: str | Path | None = None, progress: Callable[[str], None] | None = None
) -> list[Path]:
    """Copies a zoo's models into the user's cache (or `to`); every file is checked before it takes its name.

    from_    : a folder, or an https: or file: address of one
    progress : called with the name of each file before it is read
    errors   : ValueError where the source has no index, lacks a file, or a checksum is another

    >>> from siliconbert import models
    >>> Path("theirs/mine").mkdir(parents=True)
    >>> models.load("edgebert-mini/sst2").save("theirs/mine/sst2.safetensors")
    >>> _ = write_index("theirs")
    >>> [path.name for path in get_zoo("theirs", to="ours")], zoo_names("ours")
    (['sst2.safetensors'], ['mine/sst2'])
    """
    source, target = str(from_), cache() / "zoo" if to is None else Path(to)
    text = _read(source, _INDEX)
    index = _parse(f"{source}/{_INDEX}", text)
    written = []
    for file in sorted({file for files in index.models.values() for file in files}):
        if progress is not None:
            progress(file)
        content = _read(source, file)
        _check(f"{source}/{file}", index.sha256[file], hashlib.sha256(content).hexdigest())
        write_atomically(target / file, [content])
        written.append(target / file)
    write_atomically(target / _INDEX, [text])
    return written


def write_index(folder: str | Path) -> Path:
    """Writes zoo.toml for the model files FAMILY/TASK.safetensors in the folder, and returns its path.

    >>> from siliconbert import models
    >>> Path("zoo/mine").mkdir(parents=True)
    >>> models.load("edgebert-mini/sst2").save("zoo/mine/sst2.safetensors")
    >>> write_index("zoo").name, zoo_names("zoo")
    ('zoo.toml', ['mine/sst2'])
    """
    folder = Path(folder)
    files = sorted(folder.glob("*/*.safetensors"))
    models, digests = [], []
    for path in files:
        file = path.relative_to(folder).as_posix()
        digests.append(f"{json.dumps(file)} = {json.dumps(sha256(path))}")
        if (needed := files_of(path)) is not None:
            names = [entry.relative_to(folder).as_posix() for entry in needed]
            models.append(f"{json.dumps(file.removesuffix('.safetensors'))} = {json.dumps(names)}")
    lines = ["# made by: siliconbert.models.write_index", "[models]", *models, "", "[sha256]", *digests, ""]
    write_atomically(folder / _INDEX, ["\n".join(lines).encode()])
    return folder / _INDEX


def _index(folder: Path) -> Index:
    path = folder / _INDEX
    return _parse(str(path), path.read_bytes()) if path.is_file() else Index({}, {})


def _parse(place: str, content: bytes) -> Index:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{place}: must be UTF-8 text ({error})") from None
    raw = parse_toml(text, place)
    models, digests = raw.get("models"), raw.get("sha256")
    if not isinstance(models, dict) or not isinstance(digests, dict):
        raise ValueError(f"{place}: must have the tables models and sha256")
    for name, files in models.items():
        if not _is_name(name) or not _are_files(files):
            raise ValueError(
                f"{place}: models must map FAMILY/TASK to files FAMILY/NAME.safetensors, got {name!r}"
            )
        if missing := [file for file in files if not isinstance(digests.get(file), str)]:
            raise ValueError(f"{place}: sha256 of {missing[0]} is missing")
    return Index(models, digests)


def _is_name(raw: str) -> bool:
    return re.fullmatch(r"[a-z0-9-]{1,100}/[a-z0-9-]{1,100}", raw) is not None


def _are_files(raw: Any) -> bool:
    # Such names cannot leave the folder.
    pattern = re.compile(r"[a-z0-9-]{1,100}/[a-z0-9-]{1,100}\.safetensors")
    return (
        isinstance(raw, list) and bool(raw) and all(isinstance(f, str) and pattern.fullmatch(f) for f in raw)
    )


def _all(folder: Path, files: list[str]) -> bool:
    return all((folder / file).is_file() for file in files)


def _check(place: str, expected: str, found: str) -> None:
    if found != expected:
        raise ValueError(f"{place}: SHA-256 must be {expected} as in {_INDEX}, got {found}")


def _read(source: str, file: str) -> bytes:
    """The file's bytes; one that is larger than a zoo file may be is refused."""
    scheme = urllib.parse.urlsplit(source).scheme
    place = f"{source.rstrip('/')}/{file}"
    try:
        if scheme in ("https", "file"):
            with urllib.request.urlopen(place, timeout=60) as answer:
                content: bytes = answer.read(LARGEST_FILE + 1)
        elif "://" in source:
            raise ValueError(
                f"get_zoo: from_ must be a folder, or an https: or file: address, got {source!r}"
            )
        else:
            with open(place, "rb") as opened:
                content = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ValueError(f"get_zoo: {place} could not be read ({error})") from None
    if len(content) > LARGEST_FILE:
        raise ValueError(f"get_zoo: {place} has more than {LARGEST_FILE} bytes")
    return content
