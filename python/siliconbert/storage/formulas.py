"""How many bits a layout takes, by formula: nothing is stored."""

from __future__ import annotations

import numpy.typing as npt

from siliconbert.storage.ecc import ecc_codes
from siliconbert.storage.kept import Kept, at_density, grid, of_mask
from siliconbert.storage.layout import Layout, LayoutLike, as_layout, layout

__all__ = ["bits", "breakeven"]


def bits(
    layout: LayoutLike,
    rows: int,
    columns: int,
    width: int,
    density: float | None = None,
    mask: npt.ArrayLike | None = None,
    ecc: str | None = None,
) -> dict[str, int]:
    """Stored bits by region, parameters of the format not counted; regions of no bits are left out.

    layout  : see storage.layout
    width   : bits of a value
    density : kept share, 0..1: of the elements (coo, csr, bitmask, rle: the expected padding of kept elements
              that are independent), of each bank (csb, rounded up), of the blocks (bsr, block_bitmap), of
              the blocks in every block column (cscb: rounded down, at least one); dense and nm do not depend
              on it
    mask    : bool (rows, columns) instead of a density; the result is that of the stored image in one-bit
              cells
    ecc     : name of a code that protects every region; its check bits are regions "R.check"
    errors  : ValueError

    >>> bits("bitmask", 30_000, 128, width=8, density=0.4)
    {'values': 12288000, 'mask': 3840000}
    >>> bits({"name": "csr", "index_bits": 32}, 800, 800, width=32, density=0.1)
    {'values': 2048000, 'index': 2048000, 'pointer': 25632}
    """
    how = as_layout(layout)
    if min(rows, columns, width) < 1:
        raise ValueError(
            f"storage.bits: rows, columns and width must be at least 1, got {rows}, {columns} and {width}"
        )
    if density is not None and mask is None:
        kept = at_density(rows, columns, density)
    elif mask is not None and density is None:
        kept = of_mask(rows, columns, mask)
    else:
        raise ValueError("storage.bits: one of density and mask must be given")
    found = {"values": 0, **_PARTS[how.name](how, rows, columns, width, kept)}
    plain = {region: count for region, count in found.items() if count or region == "values"}
    return plain if ecc is None else plain | _check_bits(plain, ecc)


def breakeven(layout: LayoutLike, rows: int, columns: int, width: int) -> float:
    """The largest density, 0..1, at which a layout takes no more bits than dense storage; 0 if there is none.

    Density is that of `bits`, of nm n / m, in steps of one element, block or value of a bank.

    >>> breakeven("bitmask", 30_000, 128, width=8)
    0.875
    """
    how = as_layout(layout)
    steps = _steps(how, rows, columns)
    low, high = -1, steps  # the bits grow with the density
    while low < high:
        middle = (low + high + 1) // 2
        if sum(_at_step(how, rows, columns, width, middle, steps).values()) <= rows * columns * width:
            low = middle
        else:
            high = middle - 1
    return max(low, 0) / steps


def _at_step(how: Layout, rows: int, columns: int, width: int, step: int, steps: int) -> dict[str, int]:
    if how.name == "nm" and step > 0:
        how = layout("nm", **{**dict(how.options), "n": step})
    elif how.name == "nm":
        return {}
    return bits(how, rows, columns, width, density=step / steps)


def _steps(how: Layout, rows: int, columns: int) -> int:
    if how.name in ("csb", "nm"):
        return int(how["bank" if how.name == "csb" else "m"])
    if how.name in ("bsr", "block_bitmap", "cscb"):
        high, wide = grid(rows, columns, how["block"])
        return high if how.name == "cscb" else high * wide
    return rows * columns


def _check_bits(regions: dict[str, int], ecc: str) -> dict[str, int]:
    known = ecc_codes()
    if ecc not in known:
        raise ValueError(f"storage.bits: ecc must be one of {', '.join(known)}; got {ecc!r}")
    code = known[ecc]
    return {f"{name}.check": -(-count // code.data_bits) * code.check_bits for name, count in regions.items()}


def _lg(how: Layout, count: int) -> int:
    """Bits of an index that tells `count` things apart."""
    asked = how["index_bits"]
    return (count - 1).bit_length() if asked is None else int(asked)


# Each takes (layout, rows, columns, width, kept); names as in the image.


def _dense(how: Layout, m: int, n: int, w: int, kept: Kept) -> dict[str, int]:
    return {"values": m * n * w}


def _bitmask(how: Layout, m: int, n: int, w: int, kept: Kept) -> dict[str, int]:
    nnz = kept.values()
    pointer = m * _lg(how, nnz + 1) if how["restart"] == "row" else 0
    return {"values": nnz * w, "mask": m * n, "pointer": pointer}


def _coo(how: Layout, m: int, n: int, w: int, kept: Kept) -> dict[str, int]:
    nnz = kept.values()
    return {"values": nnz * w, "index.row": nnz * _lg(how, m), "index.column": nnz * _lg(how, n)}


def _csr(how: Layout, m: int, n: int, w: int, kept: Kept) -> dict[str, int]:
    nnz = kept.values()
    return {"values": nnz * w, "index": nnz * _lg(how, n), "pointer": (m + 1) * _lg(how, nnz + 1)}


def _rle(how: Layout, m: int, n: int, w: int, kept: Kept) -> dict[str, int]:
    g = how["run_bits"]
    stored = kept.values() + kept.run_padding(2**g - 1)
    return {"values": stored * w, "count": stored * g}


def _csb(how: Layout, m: int, n: int, w: int, kept: Kept) -> dict[str, int]:
    per_bank = kept.fullest_bank(how["bank"]) if how["kept"] is None else how["kept"]
    return _banks(how, m, -(-n // how["bank"]), per_bank, w, how["bank"])


def _nm(how: Layout, m: int, n: int, w: int, kept: Kept) -> dict[str, int]:
    return _banks(how, m, -(-n // how["m"]), how["n"], w, how["m"])


def _banks(how: Layout, rows: int, banks: int, kept: int, w: int, bank: int) -> dict[str, int]:
    stored = rows * banks * kept
    return {"values": stored * w, "index": stored * _lg(how, bank)}


def _bsr(how: Layout, m: int, n: int, w: int, kept: Kept) -> dict[str, int]:
    (r, c), (R, C) = how["block"], grid(m, n, how["block"])
    Z = kept.blocks((r, c))
    return {"values": Z * r * c * w, "index": Z * _lg(how, C), "pointer": (R + 1) * _lg(how, Z + 1)}


def _cscb(how: Layout, m: int, n: int, w: int, kept: Kept) -> dict[str, int]:
    (r, c), (R, C) = how["block"], grid(m, n, how["block"])
    Z = C * (kept.blocks_in_column((r, c)) if how["kept"] is None else how["kept"])
    return {"values": Z * r * c * w, "index": Z * _lg(how, R)}


def _block_bitmap(how: Layout, m: int, n: int, w: int, kept: Kept) -> dict[str, int]:
    (r, c), (R, C) = how["block"], grid(m, n, how["block"])
    return {"values": kept.blocks((r, c)) * r * c * w, "mask": R * C}


_PARTS = {
    "bitmask": _bitmask,
    "block_bitmap": _block_bitmap,
    "bsr": _bsr,
    "coo": _coo,
    "csb": _csb,
    "cscb": _cscb,
    "csr": _csr,
    "dense": _dense,
    "nm": _nm,
    "rle": _rle,
}
