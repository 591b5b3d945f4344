"""`siliconbert export`: a model as a Hugging Face directory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siliconbert.cli import console, options

EXAMPLE = "Example: siliconbert export edgebert-mini/sst2 sst2-for-transformers"


def export(
    model: Annotated[str, typer.Argument(help="A model of the zoo, a compressed file, or a directory.")],
    out: Annotated[Path, typer.Argument(help="The directory to write; new or empty.")],
    zoo: options.Zoo = None,
) -> None:
    """Write a model as a Hugging Face directory: weights decoded to plain safetensors."""
    import siliconbert as sb

    with console.told():
        sb.models.load(model, zoo=zoo).save_huggingface(out)
    for file in sorted(out.iterdir()):
        console.say(f"{file}: {file.stat().st_size / 2**20:.2f} MiB")
