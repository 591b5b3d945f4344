"""`siliconbert report`: a campaign's store as a page, as tables and as figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from siliconbert.cli import console, options

EXAMPLE = "Example: siliconbert report runs/faults --html faults.html --csv faults.csv"

Html = Annotated[Path | None, typer.Option("--html", help="One page with everything; needs no network.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="All records, in full precision.")]
Markdown = Annotated[Path | None, typer.Option("--markdown", help="The table for a text.")]
Latex = Annotated[Path | None, typer.Option("--latex", help="The table for a paper (package booktabs).")]
Figures = Annotated[Path | None, typer.Option("--figures", help="Folder for the figures as PDF and SVG.")]
Size = Annotated[
    str,
    typer.Option("--size", help="Of those: single (3.5 in, one column), middle (4.6 in), double (7.16 in)."),
]


def report(
    store: Annotated[Path, typer.Argument(help="Folder that `siliconbert run --store` filled.")],
    html: Html = None,
    csv: Csv = None,
    markdown: Markdown = None,
    latex: Latex = None,
    figures: Figures = None,
    size: Size = "single",
    json: options.Json = False,
) -> None:
    """Report what a campaign's store holds as a page, tables and figures; with no option, print the table."""
    from siliconbert.campaign import results
    from siliconbert.models.atomic import write_atomically
    from siliconbert.report import pages, plots, stored, style

    if size not in style.SIZES:
        raise ValueError(f"report: --size must be one of {', '.join(style.SIZES)}; got {size!r}")
    found = stored.read(store)
    table = results.table(found.manifest, found.records)
    makers: list[tuple[Path | None, Callable[[], str]]] = [
        (html, lambda: pages.page(found)),
        (csv, table.to_csv),
        (markdown, table.to_markdown),
        (latex, table.to_latex),
    ]
    written = []
    for path, make in makers:
        if path is not None:
            write_atomically(path, [make().encode()])
            written.append(path)
    if figures is not None:
        written += [path for plot in plots.plots(found) for path in plot.save(figures, size)]
    if json:
        shown = {"store": str(store), "rows": found.rows, "files": [str(path) for path in written]}
        console.show_json({**shown, "records": found.records})
    elif written:
        console.say(*(f"written: {path}" for path in written))
    else:
        console.say(*table.header)
        console.show_table(str(store), table.titles(), table.lines())
