"""A figure as SVG inside a page: text stays text, black is the page's own colour, no address anywhere."""

from __future__ import annotations

import io
import re
import warnings
from html import escape

import matplotlib as mpl
from matplotlib.figure import Figure

from siliconbert.report import style


def inline(figure: Figure, label: str, salt: str) -> str:
    """An <svg> element as wide as its place.

    label : what it shows, for those who do not see it
    salt  : another one for every figure of a page, so that names within them differ
    """
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": salt}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(out, format="svg", transparent=True, metadata=style.METADATA[".svg"])
    text = out.getvalue()
    (box,) = re.findall(r'viewBox="([\d. ]+)"', text)[:1]
    body = text[text.index(">", text.index("<svg")) + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'(<(?:g|text)) id="[^"]*"', r"\1", body).replace("xlink:href=", "href=")
    body = body.replace("#000000", "currentColor").replace(style.GRID, "var(--grid)")
    return f'<svg viewBox="{box}" role="img" fill="currentColor" aria-label="{escape(label)}">{body}'
