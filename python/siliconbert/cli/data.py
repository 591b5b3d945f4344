"""`siliconbert data get`: fetch what does not come with the package, and check it."""

from __future__ import annotations

from typing import Annotated

import typer

from siliconbert.cli import command, console, names

EXAMPLE = "Example: siliconbert data get vader-amazon"
app = typer.Typer(
    cls=command.Group, help="Fetch data sets and models.", epilog=EXAMPLE, invoke_without_command=True
)


@app.callback()
def _alone(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@command.add(app, "get", EXAMPLE)
def get(
    name: Annotated[
        str,
        typer.Argument(
            help="vader-amazon (through pip), or zoo (all models).",
            autocompletion=names.among("vader-amazon", "zoo"),
        ),
    ],
    source: Annotated[
        str | None,
        typer.Option("--from", help="zoo only: the folder or URL the models come from; there is no default."),
    ] = None,
) -> None:
    """Fetch a data set, or the models of the zoo, into the user cache; checksums are verified."""
    from siliconbert import data, models

    if name != "zoo":
        if source is not None:
            raise ValueError(f"data get: --from goes with zoo only, got {name!r}")
        console.say(str(data.get(name)))
        return
    if source is None:
        raise ValueError(
            "data get: zoo needs --from DIR or --from URL, since the models have no default host"
        )
    console.say(*(str(path) for path in models.get_zoo(source)))
