"""How many bytes a pruned table takes: as the bitmask layout stores it, and as 9 bits a kept value."""

from __future__ import annotations

from dataclasses import dataclass, replace

from siliconbert import storage
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity

BITMASK = Quantity("footprint_bitmask", "stored as values and bitmask", "MB", 3)
KEPT = Quantity("footprint_kept", "one bit more than its code for each kept value", "MB", 3)


@dataclass(frozen=True)
class Table:
    """A matrix, the share of its values that are kept, and bits of a code."""

    rows: int
    columns: int
    density: float
    width: int


def add(outcome: Outcome, row: str, table: Table) -> Outcome:
    """The outcome with both sizes, in 10^6 bytes, as one more row, and a line that says what they are."""
    stored = storage.bits("bitmask", table.rows, table.columns, table.width, table.density)
    kept = stored["values"] // table.width
    line = (
        f"footprint: {table.rows} x {table.columns} values, {100 * table.density:g} % kept; a bitmask has "
        "one bit for every value, kept or not; the paper's size fits one more bit for every kept value"
    )
    sizes = ((BITMASK, sum(stored.values())), (KEPT, kept * (table.width + 1)))
    found = tuple(Measurement(row, quantity, bits / 8e6) for quantity, bits in sizes)
    return replace(outcome, header=(*outcome.header, line), measurements=(*outcome.measurements, *found))
