"""Flipped and stuck bits, mixed faults, bits of activations in flight: the twin of the core's faults."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from siliconbert.reference.philox import ACTIVATION_FAULT, FAULT, MIXED_FAULT, Draws, gap, philox, uniform

BLOCK = 131072  # codes that share one address

Event = tuple[int, int, int, int]  # region, cell, stored, read


class Region(NamedTuple):
    """Codes and how their bits lie in cells; bits are numbered from the lowest."""

    name: str
    codes: NDArray[Any]
    bit_order: Sequence[int]  # highest stored bit first
    cell_bits: Sequence[int]
    fields: Mapping[str, Sequence[int]] = {}
    plane: Sequence[int] = ()  # the value's bit that is bit i of the codes
    gray: bool = False

    def cell(self, number: int) -> tuple[int, list[int]]:
        """The code of a cell and its bits of that code, highest first."""
        code, place = divmod(number, len(self.cell_bits))
        first = sum(self.cell_bits[:place])
        return code, list(self.bit_order[first : first + self.cell_bits[place]])

    def level(self, number: int) -> int:
        """The level of a cell."""
        code, bits = self.cell(number)
        return _level([int(self.codes[code]) >> bit & 1 for bit in bits], self.gray)


def chosen(
    regions: Sequence[Region], names: Sequence[str] = (), fields: Sequence[str] = (), bits: Sequence[int] = ()
) -> list[tuple[int, list[int]]]:
    """(region, its code bits that may change in stored order) of every region that has some."""
    wanted = names or (("values",) if fields or bits else [region.name for region in regions])
    found = []
    for number, region in enumerate(regions):
        if not any(f"{region.name}.".startswith(f"{name}.") for name in wanted):
            continue
        of_fields = {bit for field in fields for bit in region.fields.get(field, ())}
        own = list(region.plane) or list(range(len(region.bit_order)))
        may = of_fields | {i for i, bit in enumerate(own) if bit in bits}
        slots = [bit for bit in region.bit_order if bit in may or not (fields or bits)]
        if slots:
            found.append((number, slots))
    return found


def bit_flips(
    tensor: str, regions: Sequence[Region], seed: int, trial: int, rate: float, **choice: Any
) -> list[Event]:
    """Events where every chosen bit flips with probability `rate`."""
    return _events(regions, _hits(tensor, regions, seed, trial, rate, choice))


def stuck_at(
    tensor: str, regions: Sequence[Region], seed: int, trial: int, rate: float, value: int, **choice: Any
) -> list[Event]:
    """Events where every chosen bit is stuck at `value` with probability `rate`."""
    stuck = _hits(tensor, regions, seed, trial, rate, choice)
    return _events(regions, ((r, c, b) for r, c, b in stuck if (int(regions[r].codes[c]) >> b) & 1 != value))


def flip_count(
    tensor: str, regions: Sequence[Region], seed: int, trial: int, count: int, **choice: Any
) -> list[Event]:
    """Events where exactly `count` chosen bits of all regions flip."""
    bits = [
        (r, code, bit)
        for r, slots in chosen(regions, **choice)
        for code in range(len(regions[r].codes))
        for bit in slots
    ]
    stay = count > len(bits) // 2
    drawn = set(
        distinct(Draws(seed, FAULT, tensor, "", trial), 0, len(bits), len(bits) - count if stay else count)
    )
    return _events(regions, (bit for i, bit in enumerate(bits) if (i in drawn) != stay))


def distinct(
    draws: Draws, element: int, size: int, count: int, allowed: Container[int] | None = None
) -> list[int]:
    """`count` different numbers below `size`, as drawn: 64 bits cut to the width of size - 1."""
    mask = (1 << (size - 1).bit_length()) - 1
    found: dict[int, None] = {}
    index = 0
    while len(found) < count:
        w = draws(element, index)
        number = (w[0] << 32 | w[1]) & mask
        if number < size and (allowed is None or number in allowed):
            found.setdefault(number)
        index += 1
    return list(found)


def part_seed(seed: int, part: int) -> int:
    """The seed of a part of a mixed fault."""
    w = philox((part, 0, MIXED_FAULT, 0), (seed & 0xFFFFFFFF, seed >> 32))
    return int(w[1]) << 32 | int(w[0]) if part else seed


def mixed(
    tensor: str, regions: Sequence[Region], seed: int, trial: int, parts: Sequence[Callable[..., list[Event]]]
) -> list[Event]:
    """Events of parts that are called as part(tensor, regions, seed, trial), one after another."""
    now = [region._replace(codes=region.codes.copy()) for region in regions]
    cells = set()
    for number, part in enumerate(parts):
        for r, cell, _, read in part(tensor, now, part_seed(seed, number), trial):
            cells.add((r, cell))
            code, bits = now[r].cell(cell)
            for i, bit in enumerate(reversed(bits)):
                held = (read ^ (read >> 1)) if now[r].gray else read
                now[r].codes[code] = int(now[r].codes[code]) & ~(1 << bit) | (held >> i & 1) << bit
    both = [(r, cell, regions[r].level(cell), now[r].level(cell)) for r, cell in sorted(cells)]
    return [event for event in both if event[2] != event[3]]


def activation_flips(
    place: str, bits: Sequence[int], count: int, rate: float, seed: int, trial: int, sentence: int
) -> list[tuple[int, int]]:
    """(element, bit) among `count` values whose `bits` may flip."""
    draws = Draws(seed, ACTIVATION_FAULT, place, "", trial)
    found = _block_hits(draws, sentence, count * len(bits), rate)
    return [(hit // len(bits), sorted(bits)[hit % len(bits)]) for hit in found]


def _hits(
    tensor: str, regions: Sequence[Region], seed: int, trial: int, rate: float, choice: Mapping[str, Any]
) -> Iterator[tuple[int, int, int]]:
    """(region, code, bit) of every hit."""
    for r, slots in chosen(regions, **choice):
        draws = Draws(seed, FAULT, tensor, regions[r].name, trial)
        for block, first in enumerate(range(0, len(regions[r].codes), BLOCK)):
            codes = min(BLOCK, len(regions[r].codes) - first)
            for hit in _block_hits(draws, block, codes * len(slots), rate):
                yield r, first + hit // len(slots), slots[hit % len(slots)]


def _block_hits(draws: Draws, element: int, size: int, rate: float) -> Iterator[int]:
    at, index = 0, 0
    while rate > 0:
        w = draws(element, index)
        at += gap(uniform(w[0], w[1]), math.log1p(-rate)) if rate < 1 else 0
        if at >= size:
            return
        yield at
        at, index = at + 1, index + 1


def _events(regions: Sequence[Region], flips: Iterator[tuple[int, int, int]]) -> list[Event]:
    """One event a cell of the bits that change."""
    changed: dict[tuple[int, int], set[int]] = {}
    for r, code, bit in flips:
        region = regions[r]
        cells = range(code * len(region.cell_bits), (code + 1) * len(region.cell_bits))
        cell = next(number for number in cells if bit in region.cell(number)[1])
        changed.setdefault((r, cell), set()).add(bit)
    events = []
    for (r, number), flipped in sorted(changed.items()):
        code, bits = regions[r].cell(number)
        read = [int(regions[r].codes[code]) >> bit & 1 ^ (bit in flipped) for bit in bits]
        events.append((r, number, regions[r].level(number), _level(read, regions[r].gray)))
    return events


def _level(bits: Sequence[int], gray: bool) -> int:
    level = last = 0
    for bit in bits:
        last = last ^ bit if gray else bit
        level = 2 * level + last
    return level
