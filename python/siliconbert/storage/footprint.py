"""The two sizes that go by the name of a bitmask-encoded table."""

from __future__ import annotations

from siliconbert.storage.formulas import bits

__all__ = ["footprint_note"]


def footprint_note(rows: int, columns: int, density: float, width: int) -> str:
    """One line on what a table takes in the bitmask layout, and what it would take at one bit more a value.

    The public encoder's mask has one bit an element. EdgeBERT states 1.73 MB for ALBERT's word table at a
    density of 0.4 (MICRO 2021), which fits one bit more a kept value and no mask.

    >>> footprint_note(30_000, 128, 0.4, 8)
    'bitmask: 2.016 MB (1.923 MiB); at 9 bits a kept value and no mask: 1.728 MB (1.648 MiB); MB = 10^6 bytes'
    """
    stored = bits("bitmask", rows, columns, width, density=density)
    nine = stored["values"] // width * (width + 1)
    return (
        f"bitmask: {_size(sum(stored.values()))}; "
        f"at {width + 1} bits a kept value and no mask: {_size(nine)}; MB = 10^6 bytes"
    )


def _size(stored_bits: int) -> str:
    return f"{stored_bits / 8e6:.3f} MB ({stored_bits / 8 / 2**20:.3f} MiB)"
