"""Options that several commands share, so that one word means one thing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="At most 400 fixed sentences and 10 trials; the output says so.")
]
Glue = Annotated[
    Path | None,
    typer.Option(
        "--glue",
        help="Folder of GLUE folders, such as SST-2/dev.tsv; default: $SILICONBERT_GLUE, ../shared/glue.",
    ),
]
Zoo = Annotated[
    Path | None,
    typer.Option(
        "--zoo", help="Folder of models; default: $SILICONBERT_ZOO, the user cache, the installed models."
    ),
]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads; default: all. No result depends on it.")
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Results and errors only: no progress, no remarks of the library."),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Also progress where there is no terminal, time, memory, and where errors arose.",
    ),
]
