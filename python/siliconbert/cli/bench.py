"""`siliconbert bench`: how fast ours is, beside its peers, in one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from siliconbert.cli import console, options

if TYPE_CHECKING:
    from siliconbert.bench.trace import Result, Timing

app = typer.Typer(help="Time ours and its peers in one run.", invoke_without_command=True)


@app.callback()
def all_(
    context: typer.Context,
    peers: Annotated[
        bool, typer.Option("--peers", help="Time the peers too (needs the extra `bench`).")
    ] = False,
) -> None:
    """Time ours and its peers in one run; without a command, everything."""
    if context.invoked_subcommand is None:
        trace(peers=peers)


@app.command("trace", epilog="Example: siliconbert bench trace --peers")
def trace(
    peers: Annotated[
        bool,
        typer.Option("--peers", help="Also time the EdgeBERT-style loop (needs PyTorch and transformers)."),
    ] = False,
    sentences: Annotated[int, typer.Option("--sentences", min=1, help="At most so many sentences.")] = 872,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Alternating repeats.")] = 3,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of ours and of the peer.")] = 2,
    glue: options.Glue = None,
    json: options.Json = False,
) -> None:
    """Sentences per second of a trace: ALBERT-base shape, all twelve exits in one pass."""
    from siliconbert.bench import trace as bench

    with console.told():
        result = bench.run(peers=peers, sentences=sentences, repeats=repeats, threads=threads, glue=glue)
    if json:
        console.show_json(result.json())
    else:
        _show(result)


def _show(result: Result) -> None:
    console.say(*result.header)
    rows = [_row(timing) for timing in result.timings]
    console.show_table("Trace", ["what", "sentences/s", "spread", "over the peer", "floor", ""], rows)
    console.say("", *result.footer)


def _row(timing: Timing) -> list[str]:
    ratio = "" if timing.ratio is None else f"{timing.ratio:.1f}x"
    floor = "" if timing.floor is None else f"{timing.floor:.0f}x"
    spread = f"{timing.low:.1f} .. {timing.high:.1f}"
    return [timing.name, f"{timing.median:.1f}", spread, ratio, floor, timing.verdict]
