"""Silicon of a stored tensor: its cells at the catalogue's densities."""

from __future__ import annotations

from siliconbert import faults
from siliconbert.storage import Image

MEBIBYTE = 2**20  # the catalogue does not say which MB; 2^20 bytes is what memory compilers mean


def by_region(image: Image) -> dict[str, float]:
    """mm^2 of each region: cells times the area of one, a cell of b bits being b / 8 bytes of the density."""
    found = {}
    for region in image.image.regions:
        cell = faults.cell(region.map.cell)
        found[region.name] = region.cells * cell.bits / 8 / MEBIBYTE * cell.area_mm2_per_mb
    return found


def total(image: Image) -> float:
    """mm^2 of the whole image, check bits included."""
    return sum(by_region(image).values())


def read_latency_ns(image: Image) -> float:
    """Nanoseconds of the slowest cell that holds values."""
    regions = [region for region in image.image.regions if region.name.split(".")[0] == "values"]
    return max(faults.cell(region.map.cell).read_latency_ns for region in regions)
