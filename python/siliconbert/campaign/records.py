"""Formats, layouts, error-correcting codes and faults as a campaign file names them."""

from __future__ import annotations

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
    """The record, refused where it names no layout."""
    if record not in storage.layouts():
        raise ValueError(f"one of {', '.join(storage.layouts())}")
    return record


def layout_of(record: Any) -> Any:
    """The layout."""
    return record


def check_ecc(record: Any) -> Any:
    """The record, refused where it names no error-correcting code; None is none."""
    return record


def check_fault(record: Any) -> Any:
    """The record, refused where it names no kind of fault."""
    faults.from_record(record)
    return record
