"""Embeddings after power-on: from ReRAM that kept them, or from DRAM through SRAM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from siliconbert.hardware.memories import Array, Dram, Transfer, memory


@dataclass(frozen=True)
class Table:
    """A pruned embedding table as it is stored: a mask bit an element and the values that are kept.

    rows, columns : of the table
    density       : kept fraction
    width         : bits of a value

    >>> 0 < Table().bytes < 30_000 * 128 * 2
    True
    """

    rows: int = 30_000
    columns: int = 128
    density: float = 0.4
    width: int = 8

    @property
    def mask_bytes(self) -> float:
        """Mask bytes of one row."""
        return self.columns / 8

    @property
    def value_bytes(self) -> float:
        """Value bytes of a mean row."""
        return self.columns * self.density * self.width / 8

    @property
    def bytes(self) -> float:
        """Bytes of the whole table."""
        return self.rows * (self.mask_bytes + self.value_bytes)


@dataclass(frozen=True)
class Memories:
    """The memories of both ways: mask and values in ReRAM; DRAM, and the SRAM that it fills.

    >>> Memories.get().dram.name
    'lpddr4'
    """

    mask: Array
    values: Array
    dram: Dram
    sram: Array

    @classmethod
    def get(cls, arrays: str = "typical", dram: str = "corrected") -> Memories:
        """The catalogue's, SLC for the mask and MLC2 for the values; readings as memory() takes them."""
        found = [memory(name, arrays) for name in ("rram-slc", "rram-mlc2", "sram")]
        mask, values, sram = (array for array in found if isinstance(array, Array))
        main = memory("lpddr4", dram)
        assert isinstance(main, Dram)
        return cls(mask, values, main, sram)


@dataclass(frozen=True)
class PowerOn:
    """Both ways, step by step; times add up but for what the SRAM hides behind the DRAM.

    reram, conventional : step -> Transfer

    >>> found = power_on(Table(), Memories.get())
    >>> sorted(found.reram), found.energy_ratio > 1
    (['mask', 'values'], True)
    """

    reram: dict[str, Transfer]
    conventional: dict[str, Transfer]

    def seconds(self, hide_sram: bool) -> tuple[float, float]:
        """Seconds of ReRAM and of the conventional way; hide_sram: SRAM keeps up with the DRAM's bursts."""
        late = {k: t for k, t in self.conventional.items() if not (hide_sram and k.startswith("SRAM"))}
        return _sum([t.seconds for t in self.reram.values()]), _sum([t.seconds for t in late.values()])

    @property
    def joules(self) -> tuple[float, float]:
        """Dynamic energy of ReRAM and of the conventional way, J."""
        return (
            _sum([t.joules for t in self.reram.values()]),
            _sum([t.joules for t in self.conventional.values()]),
        )

    @property
    def energy_ratio(self) -> float:
        """How many times more energy the conventional way takes."""
        ours, theirs = self.joules
        return theirs / ours

    def latency_ratio(self, hide_sram: bool = True) -> float:
        """How many times longer the conventional way takes."""
        ours, theirs = self.seconds(hide_sram)
        return theirs / ours


def power_on(table: Table, memories: Memories, tokens: int | None = None) -> PowerOn:
    """Reading embeddings after power-on: ReRAM against DRAM read, SRAM write and SRAM read.

    tokens : what is read where it lies: None for the whole table, else so many rows (a sentence's tokens).
             The conventional way loads the whole table in both cases, because it has to have it
    source : edgebert_micro2021, Sec. 8.3, Figure 11

    >>> whole = power_on(Table(), Memories.get())
    >>> round(whole.reram["mask"].accesses + whole.reram["values"].accesses)
    252000
    """
    # A whole table is one long record; single rows start new accesses.
    records, rows = (1, table.rows) if tokens is None else (tokens, 1)
    needed = table.mask_bytes + table.value_bytes
    m = memories
    return PowerOn(
        {
            "mask": m.mask.read(rows * table.mask_bytes, records),
            "values": m.values.read(rows * table.value_bytes, records),
        },
        {
            "DRAM read": m.dram.read(table.bytes),
            "SRAM write": m.sram.write(table.bytes),
            "SRAM read": m.sram.read(rows * needed, records),
        },
    )


def from_dram_only(table: Table, memories: Memories, tokens: int) -> Transfer:
    """A sentence's rows straight from DRAM, nothing kept: the way that needs no SRAM.

    >>> from_dram_only(Table(), Memories.get(), tokens=128).accesses > 0
    True
    """
    return memories.dram.read(table.mask_bytes + table.value_bytes, tokens)


def rows_joules(table: Table, embeddings: str, tokens: int) -> dict[str, float]:
    """Energy of a sentence's rows, J, under the memory that has them: "reram" or "dram"; the other's is 0."""
    if embeddings not in ("reram", "dram"):
        raise ValueError(f"parts: embeddings must be reram or dram, got {embeddings!r}")
    memories = Memories.get()
    if embeddings == "dram":
        return {"reram": 0.0, "dram": from_dram_only(table, memories, tokens).joules}
    read = power_on(table, memories, tokens).reram
    return {"reram": _sum([t.joules for t in read.values()]), "dram": 0.0}


def _sum(numbers: Sequence[float]) -> float:
    return float(sum(numbers))
