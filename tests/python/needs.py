"""Material that a machine may lack: its tests skip there, and only there."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def skipped_where(lacking: str) -> Iterator[None]:
    """Skips where what is inside says that something is lacking; any other complaint fails."""
    try:
        yield
    except ValueError as error:
        if lacking not in str(error):
            raise
        pytest.skip(str(error))
