"""`siliconbert compress`: a Hugging Face directory into one small model file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siliconbert.cli import console, names, options

EXAMPLE = (
    "Example: siliconbert compress runs/student/model sst2.safetensors --format adaptivfloat8 --data sst2"
)


def compress(
    model: Annotated[
        str,
        typer.Argument(
            help="Hugging Face directory (albert or bert), or a model of the zoo.",
            autocompletion=names.models,
        ),
    ],
    out: Annotated[Path, typer.Argument(help="The compressed file to write (.safetensors).")],
    format: Annotated[
        str,
        typer.Option(
            "--format",
            help="Number format of weights and activations.",
            autocompletion=names.of_kind("formats"),
        ),
    ] = "adaptivfloat8",
    data: Annotated[
        str,
        typer.Option(
            "--data",
            help="Task whose training sentences calibrate the activations.",
            autocompletion=names.tasks,
        ),
    ] = "sst2",
    table: Annotated[
        Path | None,
        typer.Option("--table", help="Second file, beside OUT, for the word table: models may share it."),
    ] = None,
    lut: Annotated[
        bool, typer.Option(help="Ship an exit predictor's table, trained on the training sentences.")
    ] = True,
    first: Annotated[
        int, typer.Option("--first", min=1, help="The layer after which that table predicts the exit.")
    ] = 1,
    threads: options.Threads = None,
    glue: options.Glue = None,
    zoo: options.Zoo = None,
) -> None:
    """Compress a model: weights and activations in a number format, pruned weights as a bitmask."""
    import siliconbert as sb
    from siliconbert.campaign.prediction import with_shipped_lut
    from siliconbert.models.model import CALIBRATION_SENTENCES

    fmt = sb.formats.get(format)
    loaded = sb.models.load(model, zoo=zoo)
    training = sb.data.load(data, split="train", folder=glue)
    small = loaded.quantized(fmt, training.quick(CALIBRATION_SENTENCES), threads)
    if lut and small.ramps:
        small = with_shipped_lut(small, training, threads, first)
    small.save(out, table)
    for file in (out, table):
        if file is not None:
            console.say(f"{file}: {file.stat().st_size / 2**20:.2f} MiB")
    console.say(f"{format}, calibrated on {CALIBRATION_SENTENCES} training sentences of {data}")
