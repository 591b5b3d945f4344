"""Which numbers of a record no publication gives."""

from __future__ import annotations

from siliconbert import catalog


def assumed(kind: str, name: str) -> list[str]:
    """Keys of a record's numbers whose source is "assumed"."""
    return [key for record, key, q in catalog.quantities(kind) if record == name and q.source == "assumed"]


def assumed_line(accelerator: str) -> str:
    """One line that names an accelerator's assumed numbers."""
    keys = ", ".join(assumed("accelerators", accelerator))
    return f"assumed, not published: {keys} of {accelerator} (siliconbert list accelerators --sources)"
