"""How surviving weights lie in memory: layouts, regions, cells, error-correcting codes, and the way back."""

from siliconbert.storage.ecc import after_ecc, ecc_codes
from siliconbert.storage.formulas import bits, breakeven
from siliconbert.storage.image import Image, repair_kinds
from siliconbert.storage.layout import Layout, LayoutLike, layout, layouts
from siliconbert.storage.storing import EDGEBERT_CELLS, regions, store

__all__ = [
    "EDGEBERT_CELLS",
    "Image",
    "Layout",
    "LayoutLike",
    "after_ecc",
    "bits",
    "breakeven",
    "ecc_codes",
    "layout",
    "layouts",
    "regions",
    "repair_kinds",
    "store",
]
