"""One look for all figures: small, light, colour-blind safe, the same in PDF, SVG and PNG."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from siliconbert.models.atomic import write_atomically

# M. Okabe and K. Ito, Color Universal Design (2008): told apart with every kind of colour vision.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
# Of a map: grows evenly in lightness, for every kind of colour vision (Nunez et al., PLOS ONE 13, 2018).
MAP = "cividis"
GRID = "#e6e6e6"
# Width and height in inches: one and two columns of an IEEE paper, and what lies between.
SIZES = {"single": (3.5, 2.6), "middle": (4.6, 3.0), "double": (7.16, 3.4)}

_SETTINGS: dict[Any, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=COLOURS),
    "figure.constrained_layout.use": True,
    "figure.figsize": SIZES["middle"],
    "font.size": 8,
    "axes.titlesize": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "pdf.fonttype": 42,  # TrueType: text stays text
    "svg.fonttype": "none",
    "svg.hashsalt": "siliconbert",
    "savefig.dpi": 200,
    "legend.fontsize": 6.5,
}
# No date inside: the same data give the same file.
METADATA: dict[str, dict[str, Any]] = {
    ".pdf": {"CreationDate": None},
    ".svg": dict.fromkeys(("Creator", "Date", "Format", "Type")),
}


def use() -> None:
    """Gives figures of one's own the same look: pyplot's, from here on, in a notebook say."""
    mpl.rcParams.update(_SETTINGS)


@contextmanager
def canvas(size: str = "middle", height: float = 1.0) -> Iterator[Figure]:
    """An empty figure of a named size, `height` times as high; within, everything is drawn in this style.

    errors: ValueError for another size
    """
    if size not in SIZES:
        raise ValueError(f"report.style: size must be one of {', '.join(SIZES)}; got {size!r}")
    width, inches = SIZES[size]
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(width, inches * height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure


@contextmanager
def drawing(
    path: Path, size: str = "middle", height: float = 1.0, suffixes: Sequence[str] = (".pdf", ".png")
) -> Iterator[tuple[Axes, list[Path]]]:
    """Axes to draw on; afterwards `path` exists with each suffix, whose paths are in the list."""
    paths: list[Path] = []
    with canvas(size, height) as figure:
        yield figure.subplots(), paths
        for suffix in suffixes:
            drawn = io.BytesIO()
            figure.savefig(drawn, format=suffix[1:], metadata=METADATA.get(suffix))
            write_atomically(path.with_suffix(suffix), [drawn.getvalue()])
            paths.append(path.with_suffix(suffix))


def legend(axes: Axes, columns: int | None = None) -> None:
    """The legend below the axes, never over the data; in two columns where its entries are short."""
    handles, labels = axes.get_legend_handles_labels()
    if not labels:
        return
    columns = columns or (2 if max(map(len, labels)) <= 22 else 1)
    assert isinstance(axes.figure, Figure)
    axes.figure.legend(handles, labels, loc="outside lower center", ncols=columns)
