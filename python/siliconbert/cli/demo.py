"""`siliconbert demo`: EdgeBERT's two SST-2 tables in a minute, with what comes with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siliconbert.cli import console, reproduce

EXAMPLE = "Example: siliconbert demo --out demo"
MODEL, DATA = "edgebert-mini/sst2", "vader-amazon"
TABLES = ("edgebert/table_3", "edgebert/table_2")


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for figures and CSV rows.")] = Path("demo"),
) -> None:
    """Run EdgeBERT's tables 3 and 2 quickly: our small model on human-rated review sentences."""
    from siliconbert.campaign.setup import Call

    for table in TABLES:
        reproduce.show(reproduce.run(table, Call(MODEL, DATA, quick=True), out))
        console.say("")
    console.say(f"Figures and rows are in {out.resolve()}", "Next: siliconbert --help, and README.md")
