"""A user's own formats, from TOML files that nobody has checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from siliconbert import catalog
from siliconbert.catalog import own
from siliconbert.formats.catalogue import make

_TEXTS = ("title", "source")


def load_formats(path: str | Path) -> list[str]:
    """Adds the formats of a file to those known by name, for get() and everything that goes by it.

    path   : .toml, one table a format: family, the options of its class (see formats.families() and make()),
             source (who says so) and perhaps title; a list of up to 256 entries makes any codebook
    errors : ValueError, one sentence with file and format; then no format is added. A known name may only be
             given again with the same options

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "mine.toml"
    >>> _ = file.write_text('[af10]\\nfamily = "adaptivfloat"\\nwidth = 10\\nsource = "ours"\\n')
    >>> load_formats(file)
    ['af10']
    """
    file, known = Path(path), catalog.records("formats")
    made: dict[str, dict[str, Any]] = {}
    for name, raw in own.read("formats.load_formats", file).items():
        place = f"{file.name}: {name}"
        for key in ("source", "family"):
            if not isinstance(raw.get(key), str) or not raw[key].strip():
                raise ValueError(f"{place}.{key}: must be text, got {raw.get(key)!r}")
        options = {key: value for key, value in raw.items() if key not in (*_TEXTS, "family")}
        try:
            make(raw["family"], **options)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
        made[name] = {"title": str(raw.get("title", "")), "source": raw["source"], "family": raw["family"]}
        made[name] |= options
        if name in known and known[name] != made[name]:
            raise ValueError(f"{place}: name must be new, or have the options it already has; got others")
    catalog.add("formats", made)
    return list(made)
