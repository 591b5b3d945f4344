"""One look for all figures: small, light, colour-blind safe, the same in PDF and PNG."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from siliconbert.models.atomic import write_atomically

# M. Okabe and K. Ito, Color Universal Design (2008): told apart with every kind of colour vision.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_SETTINGS: dict[Any, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "font.size": 8,
    "axes.titlesize": 9,
    "grid.color": "0.9",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "pdf.fonttype": 42,  # TrueType: text stays text
    "savefig.dpi": 200,
}


@contextmanager
def drawing(path: Path) -> Iterator[tuple[Axes, list[Path]]]:
    """Axes to draw on; afterwards `path` exists as PDF and PNG, whose paths are in the list."""
    paths: list[Path] = []
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(4.6, 3.0), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure.subplots(), paths
        for suffix in (".pdf", ".png"):
            # No date inside: the same data give the same file.
            metadata = {"CreationDate": None} if suffix == ".pdf" else None
            drawn = io.BytesIO()
            figure.savefig(drawn, format=suffix[1:], metadata=metadata)
            write_atomically(path.with_suffix(suffix), [drawn.getvalue()])
            paths.append(path.with_suffix(suffix))
