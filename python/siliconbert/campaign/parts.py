"""The files of a store: Parquet parts that appear complete or not at all, and that prove they are whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import parquet

from siliconbert.models.atomic import write_atomically

SUFFIX = ".parquet"
_COUNTS = pa.map_(pa.string(), pa.int64())

# One row per (config, trial). Trial -1 is the configuration itself: its answers without faults and what is
# known of it (`notes`), or the reason why it cannot be. A trial with a reason failed and has no answers.
SCHEMA = pa.schema(
    [
        ("config", pa.string()),
        ("trial", pa.int64()),
        ("reason", pa.string()),
        ("sentences", pa.int64()),
        ("correct", pa.int64()),
        ("bits", pa.large_binary()),
        ("layers", pa.large_binary()),
        ("predicted", pa.large_binary()),
        ("events", pa.int64()),
        ("events_by_region", _COUNTS),
        ("ecc", _COUNTS),
        ("nonfinite", pa.int64()),
        ("rerun", pa.int64()),
        ("path", pa.string()),
        ("notes", pa.string()),
        ("seconds", pa.float64()),
        ("host", pa.string()),
    ]
)
CLEAN = -1


def bytes_of(chunk: pa.Array) -> NDArray[np.uint8]:
    """All bytes of a chunk of a column of large_binary, without a Python object a row."""
    if not len(chunk) or chunk.buffers()[2] is None:
        return np.zeros(0, np.uint8)
    ends = np.frombuffer(chunk.buffers()[1], np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
    return np.frombuffer(chunk.buffers()[2], np.uint8)[ends[0] : ends[-1]]


def column_bytes(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    """The same of a whole column."""
    return np.concatenate([np.zeros(0, np.uint8), *(bytes_of(chunk) for chunk in column.chunks)])


# Two rows of one trial must agree in all columns but these.
_FREE = ("seconds", "host")
_CHECKED = ("config", "trial", "reason", "sentences", "correct")
_REPEATED = ["config", "reason", "path", "notes", "host"]
SAME = [name for name in SCHEMA.names if name not in _FREE]


class DamagedError(ValueError):
    """A part that is not what was written."""


def rows(records: Sequence[dict[str, Any]]) -> pa.Table:
    """Records as a table; what a record does not name is null."""
    columns = {name: [_plain(record.get(name)) for record in records] for name in SCHEMA.names}
    return pa.table(columns, schema=SCHEMA)


def _plain(value: Any) -> Any:
    """Counts by name in a fixed order, so that equal rows are equal bit for bit."""
    return sorted(value.items()) if isinstance(value, dict) else value


def empty() -> pa.Table:
    """A table without rows."""
    return SCHEMA.empty_table()


def write(path: Path, table: pa.Table) -> None:
    """Writes the table under a temporary name, syncs it, and renames it."""
    out = pa.BufferOutputStream()
    parquet.write_table(table, out, compression="zstd", write_page_checksum=True, use_dictionary=_REPEATED)
    write_atomically(path, [out.getvalue()])


def read(path: Path, columns: Sequence[str] | None = None, whole: bool = True) -> pa.Table:
    """The rows of a part, or some columns of them.

    whole  : whether all columns are checked, or those asked for and the numbers of right answers
    errors : DamagedError; OSError where the file cannot be read at all
    """
    # What the disk says and what the content says stay apart: Arrow raises OSError for both.
    content = pa.py_buffer(path.read_bytes())
    asked = list(SCHEMA.names if columns is None else columns)
    try:
        opened = parquet.ParquetFile(content, page_checksum_verification=True)
        needed = SCHEMA.names if whole else list(dict.fromkeys([*asked, *_CHECKED]))
        found = opened.read(columns=needed).select(needed)
        found = found.cast(pa.schema([SCHEMA.field(name) for name in needed]))
        _check_rows(found, answers=whole)
        return found.select(asked)
    except (pa.ArrowException, OSError, KeyError, ValueError, RuntimeError) as error:
        raise DamagedError(f"{path.name}: {' '.join(str(error).split())[:120]}") from None


def _check_rows(table: pa.Table, answers: bool) -> None:
    """ValueError unless every row has its place, and its answers where it has no reason for having none."""
    good = table.filter(table["reason"].is_null())
    result = ["sentences", "correct", "bits"] if answers else ["sentences", "correct"]
    needed = [table["config"], table["trial"], *(good[name] for name in result)]
    if any(column.null_count for column in needed):
        raise ValueError("a row lacks what it must have")
    sentences, correct = (good[name].to_numpy() for name in ("sentences", "correct"))
    if (sentences < 1).any() or (correct < 0).any() or (correct > sentences).any():
        raise ValueError("a row has more right answers than sentences")
    if answers and (pc.binary_length(good["bits"]).to_numpy() != -(-sentences // 8)).any():
        raise ValueError("a row's answers are not as many as its sentences")


def merged(tables: Sequence[pa.Table], names: Sequence[str], mix_paths: bool = False) -> pa.Table:
    """One row per (config, trial), in that order, from the parts of these names.

    A row that failed gives way to one that did not. Of identical rows one is taken.

    errors: ValueError naming both parts where two rows of one trial differ
    """
    numbers = [pa.array([i] * len(table), pa.int64()) for i, table in enumerate(tables)]
    joined = pa.concat_tables(tables) if tables else empty()
    part = pa.chunked_array(numbers, pa.int64())
    failed = joined["reason"].is_valid()
    keyed = joined.append_column("_part", part).append_column("_failed", failed)
    order = ["config", "trial", "_failed", "path", "reason"]
    keyed = keyed.sort_by([(name, "ascending") for name in order]).combine_chunks()
    return _distinct(keyed, names, mix_paths).drop_columns(["_part", "_failed"])


def _distinct(table: pa.Table, names: Sequence[str], mix_paths: bool) -> pa.Table:
    if len(table) < 2:
        return table
    configs = table["config"].combine_chunks().dictionary_encode().indices.to_numpy()
    trials = table["trial"].to_numpy()
    again = np.concatenate([[False], (configs[1:] == configs[:-1]) & (trials[1:] == trials[:-1])])
    if not again.any():
        return table
    first = np.maximum.accumulate(np.where(again, 0, np.arange(len(again))))
    _agree(table.take(first[again]), table.take(np.flatnonzero(again)), names, mix_paths)
    return table.filter(pa.array(~again))


def _agree(kept: pa.Table, dropped: pa.Table, names: Sequence[str], mix_paths: bool) -> None:
    """Refuses pairs of results that differ, unless their paths do and may."""
    columns = [name for name in SAME if name in kept.column_names]
    for one, other in zip(kept.to_pylist(), dropped.to_pylist(), strict=True):
        if other["reason"] is not None:  # no result: who failed how is not compared
            continue
        if mix_paths and one["path"] != other["path"]:
            continue
        if differing := [name for name in columns if one[name] != other[name]]:
            raise ValueError(
                f"campaign: two rows of configuration {one['config']}, trial {one['trial']} differ in "
                f"{', '.join(differing)}: one is in {names[one['_part']]}, the other in "
                f"{names[other['_part']]}"
            )
