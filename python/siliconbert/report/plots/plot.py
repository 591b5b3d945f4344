"""A figure that draws itself, on a page or into files of a paper's column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from siliconbert.report import style

Record = dict[str, Any]


@dataclass(frozen=True)
class Plot:
    """A figure that draws itself; height: times that of its size."""

    name: str
    title: str
    caption: str
    draw: Callable[[Axes], None]
    height: float = 1.0

    def save(self, folder: Path, size: str = "single") -> list[Path]:
        """Draws it as PDF and SVG into the folder, in one of style.SIZES."""
        with style.drawing(folder / self.name, size, self.height, (".pdf", ".svg")) as (axes, paths):
            self.draw(axes)
        return paths
