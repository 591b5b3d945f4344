"""A campaign's folder: manifest.json, config.yaml, and Parquet parts that any number of writers add to.

Nobody waits for anybody: a part has its writer's name in its own, appears by a rename, and is never changed.
A trial that two writers did is in two parts with the same row. Small parts are merged into a new one, and
removed only after that one is on the disk; whoever removes a part has its rows in a part of its own.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

from siliconbert.campaign import manifest, parts, yamlfile
from siliconbert.models.atomic import write_atomically

# Parts of one size that are merged into one of the next: a million parts become some dozens.
_TIER = 32
# A merged part of more rows than this is left alone.
_LARGEST = 200_000
# A temporary file is renamed within seconds; one this old has lost its writer.
_STALE_SECONDS = 3600.0
_GONE = (errno.ENOENT, errno.ESTALE)
# Reading many small files waits for the file system, not for a processor.
_READERS = 8
_PATIENCE = 20


class Store:
    """The folder, seen by one writer.

    damaged : names of the parts that this writer set aside
    """

    def __init__(self, folder: str | Path, mix_paths: bool = False):
        """A view of the folder, which need not exist."""
        self.folder = Path(folder)
        self.mix_paths = mix_paths
        host = re.sub("[^A-Za-z0-9]+", "-", socket.gethostname())
        self.writer = f"{host}-{os.getpid()}-{secrets.token_hex(3)}"
        self.damaged: list[str] = []
        self.manifest: dict[str, Any] | None = None
        self._count = 0
        self._tiers: dict[int, list[str]] = {}

    def open(self, expected: dict[str, Any]) -> None:
        """Checks that the folder is this campaign's, or can become it.

        expected : manifest.make's
        errors   : ValueError for a store of other code or settings, or a folder of something else
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"campaign: store must be a folder, {str(self.folder)!r} is a file")
        if (self.folder / "manifest.json").is_file():
            self.manifest = self.read_manifest()
            manifest.compare(self.folder, self.manifest, expected)
        elif self.folder.is_dir() and (
            foreign := [p.name for p in self.folder.iterdir() if p.name[0] != "."]
        ):
            raise ValueError(
                f"campaign: store {self.folder} must be new, empty or a store, "
                f"but it has no manifest.json and holds {min(foreign)!r}"
            )
        self._sweep()

    def begin(self, expected: dict[str, Any], path: str | None) -> None:
        """Makes the manifest, now that the first rows tell the numeric path; a store keeps its own."""
        if self.manifest is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _kept(self.folder / "manifest.json") as file:
                manifest.create(file, {**expected, "path": machine(path)})
            self.manifest = self.read_manifest()
            manifest.compare(self.folder, self.manifest, expected)
        if not (self.folder / "config.yaml").is_file():
            with _kept(self.folder / "config.yaml") as file:
                write_atomically(file, [yamlfile.dump(self.manifest["settings"]).encode()])
        self.check_path(path)

    def read_manifest(self) -> dict[str, Any]:
        """What the store was made by.

        errors: ValueError where the folder is not a store
        """
        path = self.folder / "manifest.json"
        if not path.is_file():
            raise ValueError(f"campaign: {self.folder} is not a store: it has no manifest.json")
        return manifest.read(path)

    def check_path(self, path: str | None) -> None:
        """Refuses rows of another library or instruction set than the store's, unless they may mix."""
        own = self.manifest and self.manifest["path"]
        if not self.mix_paths and None not in (path, own) and machine(path) != own:
            raise ValueError(
                f"campaign: store {self.folder} is of rows computed by {own}, others by {machine(path)}; "
                "their last bits may differ (--mix-paths allows both)"
            )

    def write(self, table: pa.Table) -> str:
        """Adds the rows as a new part, and returns its name."""
        name = self._name(table)
        self._put(name, table)
        self._tiers.setdefault(0, []).append(name)
        self._merge_tiers()
        return name

    def names(self) -> list[str]:
        """The parts there are."""
        try:
            return sorted(
                entry.name
                for entry in os.scandir(self._parts)
                if entry.name.endswith(parts.SUFFIX) and not entry.name.startswith(".")
            )
        except FileNotFoundError:
            return []

    def table(self, columns: Sequence[str] | None = None, aside: bool = False) -> pa.Table:
        """One row per (config, trial), in that order.

        columns : those asked for; config, trial, reason and path are always there; None for all
        aside   : whether all columns are checked and a damaged part is moved into `damaged/`; else it is
                  left out only
        errors  : ValueError naming both parts where rows of one trial differ
        """
        wanted = (
            None if columns is None else list(dict.fromkeys(["config", "trial", "reason", "path", *columns]))
        )
        found = self._all(wanted, aside)
        if wanted is not None and _has_duplicates(found.values()):
            found = self._all(None, aside)
        table = parts.merged(list(found.values()), list(found), self.mix_paths)
        return table if wanted is None else table.select(wanted)

    def news(self, seen: set[str], columns: Sequence[str]) -> pa.Table:
        """Rows of parts of other writers that are not in `seen`, which they join."""
        fresh = [name for name in self.names() if name not in seen and self.writer not in name]
        seen.update(fresh)
        # What was merged away before it was read comes again under another name.
        found = [t for t in self._read(fresh, list(columns), aside=False).values() if t is not None]
        return pa.concat_tables(found) if found else parts.empty().select(list(columns))

    def compact(self) -> None:
        """Merges all small parts, whoever wrote them; for the end of a campaign."""
        batch: list[str] = []
        rows = 0
        for name in self.names():
            if (count := _rows_in(name)) < _LARGEST // _TIER:
                batch.append(name)
                rows += count
            if rows >= _LARGEST:
                self._merge(batch)
                batch, rows = [], 0
        if len(batch) > 1:
            self._merge(batch)

    @property
    def _parts(self) -> Path:
        return self.folder / "parts"

    def _name(self, table: pa.Table) -> str:
        """Configuration, trials, number of rows, writer: all that others need to know without opening it."""
        self._count += 1
        configs = table["config"].unique().to_pylist()
        trials = table["trial"].to_pylist()
        config = configs[0] if len(configs) == 1 else f"{configs[0]}+{len(configs) - 1}"
        first = "clean" if min(trials) == parts.CLEAN else str(min(trials))
        return f"{config}.{first}-{max(trials)}.{len(table)}.{self.writer}-{self._count}{parts.SUFFIX}"

    def _put(self, name: str, table: pa.Table) -> None:
        with _kept(self._parts / name) as path:
            parts.write(path, table)

    def _merge_tiers(self) -> None:
        for tier in sorted(self._tiers):
            if len(self._tiers[tier]) >= _TIER:
                name = self._merge(self._tiers.pop(tier))
                if name is not None and _rows_in(name) < _LARGEST:
                    self._tiers.setdefault(tier + 1, []).append(name)

    def _merge(self, names: Sequence[str]) -> str | None:
        """Writes one part with the rows of these, then removes them; None where nothing is left of them."""
        read = self._read(names, None, aside=True)
        found = {name: table for name, table in read.items() if table is not None}
        if not found:
            return None
        table = parts.merged(list(found.values()), list(found), self.mix_paths)
        name = self._name(table)
        self._put(name, table)
        for old in found:
            (self._parts / old).unlink(missing_ok=True)
        return name

    def _all(self, columns: Sequence[str] | None, aside: bool) -> dict[str, pa.Table]:
        """All parts as they were at one moment: where one was merged away meanwhile, all are listed again."""
        found: dict[str, pa.Table] = {}
        for attempt in range(_PATIENCE):
            names = self.names()
            found = {name: table for name, table in found.items() if name in names}
            fresh = self._read((name for name in names if name not in found), columns, aside)
            if None not in fresh.values():
                return found | fresh
            found |= {name: table for name, table in fresh.items() if table is not None}
            # Another machine may list names for a minute that are gone (NFS).
            time.sleep(min(5.0, 0.01 * 2**attempt))
        raise OSError(f"campaign: {self._parts}: parts keep vanishing while they are read")

    def _read(
        self, names: Iterable[str], columns: Sequence[str] | None, aside: bool
    ) -> dict[str, pa.Table | None]:
        """Name -> rows, or None where someone merged the part away; damaged ones are left out."""

        def one(name: str) -> pa.Table | parts.DamagedError | None:
            try:
                return parts.read(self._parts / name, columns, whole=aside)
            except parts.DamagedError as error:
                return error
            except OSError as error:
                if error.errno in _GONE:
                    return None
                raise

        listed = list(names)
        with ThreadPoolExecutor(_READERS) as readers:
            found = dict(zip(listed, readers.map(one, listed), strict=True))
        for name, table in found.items():
            if isinstance(table, parts.DamagedError):
                self._set_aside(name, move=aside)
        return {name: table for name, table in found.items() if not isinstance(table, parts.DamagedError)}

    def _set_aside(self, name: str, move: bool) -> None:
        if name not in self.damaged:
            self.damaged.append(name)
        if move:
            (self.folder / "damaged").mkdir(exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # another writer was faster
                os.replace(self._parts / name, self.folder / "damaged" / name)

    def _sweep(self) -> None:
        """Removes temporary files that lost their writer."""
        for folder in (self.folder, self._parts):
            for path in folder.glob(".*"):
                try:
                    if path.is_file() and time.time() - path.stat().st_mtime > _STALE_SECONDS:
                        path.unlink(missing_ok=True)
                except FileNotFoundError:
                    continue


@contextlib.contextmanager
def _kept(path: Path) -> Iterator[Path]:
    """A full disk, and what else may befall the writing of a file, in one sentence."""
    try:
        yield path
    except OSError as error:
        raise OSError(
            f"campaign: {path} could not be written ({error.strerror or error}); "
            "all finished parts are kept, and the same command goes on from them"
        ) from None


def _has_duplicates(tables: Iterable[pa.Table]) -> bool:
    keys = [table.select(["config", "trial"]) for table in tables]
    if not keys:
        return False
    joined = pa.concat_tables(keys)
    return len(joined.group_by(["config", "trial"]).aggregate([])) < len(joined)


def _rows_in(name: str) -> int:
    """The number of rows, which the third last word of a part's name but its ending is."""
    words = name.split(".")
    return int(words[2]) if len(words) > 3 and words[2].isdecimal() else _LARGEST


def machine(path: str | None) -> str | None:
    """Library and instruction set of a numeric path; the number format after them is the model's."""
    return None if path is None else path.removesuffix(" bf16").removesuffix(" fp32")
