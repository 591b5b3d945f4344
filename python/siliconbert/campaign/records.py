"""Formats, layouts, error-correcting codes and faults as a campaign file names them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from siliconbert import faults, formats, storage


def load_cells(path: str) -> str:
    """Makes the cells of a user's file known by name."""
    faults.load_cells(Path(path))
    return path


def check_format(record: Any) -> Any:
    """The record, refused where it names no format; None is the tensor's own."""
    format_of(record)
    return record


def format_of(record: Any) -> formats.Format | None:
    """The format, not yet fitted; None for the tensor's own."""
    return None if record is None else formats.from_record(record)


def check_layout(record: Any) -> Any:
    """The record, refused where it names no layout or other options than the layout has."""
    if isinstance(record, Mapping):
        storage.layout(**{"name": None, **{str(key): value for key, value in record.items()}})
    else:
        storage.layout(record)
    return record


def check_ecc(record: Any) -> Any:
    """The record, refused where it names no error-correcting code; None is none."""
    known = list(storage.ecc_codes())
    for code in record.values() if isinstance(record, Mapping) else [record]:
        if code is not None and code not in known:
            raise ValueError(f"null, one of {', '.join(known)}, or a mapping from regions to those")
    return record


def check_gray(record: Any) -> Any:
    """The record, refused where it is not true or false, or says so for regions."""
    for flag in record.values() if isinstance(record, Mapping) else [record]:
        if not isinstance(flag, bool):
            raise ValueError("true, false, or a mapping from regions to those")
    return record


def check_fault(record: Any) -> Any:
    """The record, refused where it names no kind of fault."""
    faults.from_record(record)
    return record
