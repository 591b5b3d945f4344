"""`siliconbert bench`: how fast ours is, beside its peers, in one run."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siliconbert.cli import command, console, options

if TYPE_CHECKING:
    from siliconbert.bench.result import Result, Timing

Sentences = Annotated[int, typer.Option("--sentences", min=1, help="At most so many sentences.")]
Repeats = Annotated[int, typer.Option("--repeats", min=1, help="Repeats, of all that is timed in turn.")]
Threads = Annotated[int, typer.Option("--threads", min=1, help="Threads of ours and of the peers.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Folder for the rows as NAME_CLASS.csv, by class of processor, and figures."),
]

app = typer.Typer(
    cls=command.Group,
    help="Time ours and its peers in one run; without a command, everything.",
    epilog="Example: siliconbert bench trace --peers",
    invoke_without_command=True,
)


@app.callback()
@command.shared
def all_(
    context: typer.Context,
    peers: Annotated[
        bool, typer.Option("--peers", help="Time the peers too (needs the extra `bench`).")
    ] = False,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """Time ours and its peers in one run; without a command, everything."""
    if context.invoked_subcommand is not None:
        return
    with console.together() if json else nullcontext():
        trace(peers=peers, out=out, json=json)
        trace(spans=True, out=out, json=json)
        campaign(peers=peers, out=out, json=json)
        reuse(out=out, json=json)
        exit_(out=out, json=json)
        breakdown(out=out, json=json)
        dse(out=out, json=json)
        integer(peers=peers, out=out, json=json)
        schedule(peers=peers, out=out, json=json)
        cscb(peers=peers, out=out, json=json)
        quantize(peers=peers, out=out, json=json)
        threads(out=out, json=json)
        growth(out=out, json=json)


@command.add(app, "trace", "Example: siliconbert bench trace --peers")
def trace(
    peers: Annotated[
        bool,
        typer.Option("--peers", help="Also time the EdgeBERT-style loop, PyTorch and ONNX Runtime."),
    ] = False,
    spans: Annotated[
        bool,
        typer.Option("--spans", help="Instead: attention spans against none, sentences of 128 tokens."),
    ] = False,
    sentences: Sentences = 872,
    repeats: Repeats = 3,
    threads: Threads = 2,
    glue: options.Glue = None,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """Sentences per second of a trace: ALBERT-base shape, all twelve exits in one pass."""
    if spans:
        return _spans(sentences, repeats, out, json)
    from siliconbert.bench import trace as bench

    with console.told():
        result = bench.run(peers=peers, sentences=sentences, repeats=repeats, threads=threads, glue=glue)
    _show(result, json, out, "trace", "Trace", "sentences/s", "ours is faster by", 1)


def _spans(sentences: int, repeats: int, out: Path | None, json: bool) -> None:
    from siliconbert.bench import spans as bench

    with console.told():
        result = bench.run(sentences, repeats)
    _show(result, json, out, "spans", "Attention spans", "s/sentence", "faster by", 3)


@command.add(app, "campaign", "Example: siliconbert bench campaign --peers")
def campaign(
    peers: Annotated[
        bool,
        typer.Option("--peers", help="Also run a plain PyTorch loop (needs PyTorch and transformers)."),
    ] = False,
    sentences: Sentences = 872,
    trials: Annotated[int, typer.Option("--trials", min=1, help="Trials of ours in one repeat.")] = 10,
    repeats: Repeats = 3,
    threads: Threads = 2,
    model: Annotated[
        str, typer.Option("--model", help="A zoo model, or the shape of albert-base with random weights.")
    ] = "albert-base",
    glue: options.Glue = None,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """Seconds a trial of a memory-fault campaign: EdgeBERT's Table 2 with three bits a cell."""
    from siliconbert.bench import campaign as bench

    with console.told():
        result = bench.run(peers, sentences, trials, repeats, threads, glue, model)
    _show(result, json, out, "campaign", "Campaign", "s/trial", "ours is faster by", 2)


@command.add(app, "reuse", "Example: siliconbert bench reuse")
def reuse(
    sentences: Sentences = 872,
    trials: Annotated[int, typer.Option("--trials", min=1, help="Trials in one repeat.")] = 100,
    repeats: Repeats = 3,
    threads: Threads = 2,
    glue: options.Glue = None,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """What it saves to run only the sentences that a fault touches, and to skip trials without events."""
    from siliconbert.bench import reuse as bench

    with console.told():
        result = bench.run(sentences, trials, min(3, trials), repeats, threads, glue)
    _show(result, json, out, "reuse", "Reuse", "s/trial", "faster by", 4)


@command.add(app, "exit", "Example: siliconbert bench exit --threads 1")
def exit_(
    sentences: Sentences = 872,
    repeats: Repeats = 3,
    threads: Threads = 2,
    glue: options.Glue = None,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """Milliseconds a sentence that leaves early, beside all layers with and without their exits."""
    from siliconbert.bench import early_exit as bench

    with console.told():
        result = bench.run(sentences, repeats, threads, glue)
    _show(result, json, out, "exit", "Early exit", "ms/sentence", "over the last layer alone", 3)


@command.add(app, "breakdown", "Example: siliconbert bench breakdown --threads 1")
def breakdown(
    sentences: Sentences = 872,
    repeats: Repeats = 3,
    threads: Threads = 2,
    glue: options.Glue = None,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """Where the time of a trace goes: products, what lies between them, products by themselves."""
    from siliconbert.bench import breakdown as bench

    with console.told():
        result = bench.run(sentences, repeats, threads, glue)
    _show(result, json, out, "breakdown", "Breakdown", "ms/sentence", "into the limit", 3)


@command.add(app, "dse", "Example: siliconbert bench dse")
def dse(
    histograms: Annotated[int, typer.Option("--histograms", min=1, help="Exit histograms of a grid.")] = 4096,
    repeats: Repeats = 5,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """Design points a second on one thread: a point is the full cost of a histogram of exits."""
    from siliconbert.bench import dse as bench

    with console.told():
        result = bench.run(histograms, repeats)
    _show(result, json, out, "dse", "Design-space exploration", "10^6 points/s", "over the floor", 1)


@command.add(app, "integer", "Example: siliconbert bench integer --peers")
def integer(
    peers: Annotated[
        bool,
        typer.Option("--peers", help="Also time dynamic int8 of ONNX Runtime and PyTorch."),
    ] = False,
    sentences: Sentences = 128,
    repeats: Repeats = 5,
    threads: Threads = 2,
    glue: options.Glue = None,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """Milliseconds a sentence of BERT-base in integers (w8/a8): 128 tokens, and real lengths."""
    from siliconbert.bench import integer as bench

    with console.told():
        result = bench.run(peers, sentences, repeats, threads, glue)
    _show(result, json, out, "integer", "Integer BERT-base", "ms/sentence", "ours is faster by", 1)


@command.add(app, "schedule", "Example: siliconbert bench schedule --peers")
def schedule(
    peers: Annotated[
        bool, typer.Option("--peers", help="Also solve it as an integer program (needs the package highspy).")
    ] = False,
    repeats: Repeats = 5,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """How long the exact scheduler takes, the gap it proves, and what the greedy policies find."""
    from siliconbert.bench import schedule as bench

    with console.told():
        result = bench.run(peers, repeats)
    _show(result, json, out, "schedule", "Schedule", "ms", "into the limit", 2)


@command.add(app, "cscb", "Example: siliconbert bench cscb --peers")
def cscb(
    peers: Annotated[bool, typer.Option("--peers", help="Also time SciPy's BSR (needs SciPy).")] = False,
    repeats: Repeats = 5,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """Milliseconds of products with column balanced block-sparse weights, beside the dense product."""
    from siliconbert.bench import cscb as bench

    with console.told():
        result = bench.run(peers, repeats)
    _show(result, json, out, "cscb", "Column balanced blocks", "ms", "ours is faster by", 3)


@command.add(app, "quantize", "Example: siliconbert bench quantize --peers")
def quantize(
    peers: Annotated[
        bool, typer.Option("--peers", help="Also time ml_dtypes' and PyTorch's casts (needs ml_dtypes).")
    ] = False,
    repeats: Repeats = 5,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """Nanoseconds an element of rounding to AdaptivFloat8 in place, on one thread."""
    from siliconbert.bench import quantize as bench

    with console.told():
        result = bench.run(peers, repeats)
    _show(result, json, out, "quantize", "Quantizer", "ns/element", "into the limit, or ours is faster by", 3)


@command.add(app, "threads", "Example: siliconbert bench threads")
def threads(
    repeats: Repeats = 5,
    glue: options.Glue = None,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """Two threads against one, and against two workers of one thread: traces, designs, a campaign."""
    from siliconbert.bench import threads as bench

    with console.told():
        result = bench.run(repeats, glue)
    _show(result, json, out, "threads", "Threads", "s", "faster than 1, or than 2 threads", 3)


@command.add(app, "growth", "Example: siliconbert bench growth --out plots")
def growth(
    repeats: Repeats = 3,
    threads: Threads = 2,
    most: Annotated[
        int | None, typer.Option("--most", min=2, help="Leave out larger sizes, for a quick look.")
    ] = None,
    glue: options.Glue = None,
    out: Out = None,
    json: options.Json = False,
) -> None:
    """How cost grows with trials, faults, sentences, their length, and layers; a figure each with --out."""
    from siliconbert.bench import growth as bench

    with console.told():
        result = bench.run(repeats, threads, glue, most)
    _show(result, json, out, "growth", "Growth", "s", "", 4)


def _show(
    result: Result, json: bool, out: Path | None, name: str, title: str, unit: str, ratio: str, digits: int
) -> None:
    files = [] if out is None else _write(result, out, name, unit)
    if json:
        console.show_json(result.json())
        return
    console.say(*result.header)
    rows = [_row(timing, digits) for timing in result.timings]
    console.show_table(title, ["what", unit, "spread", ratio, "floor", ""], rows)
    console.say("", *result.footer, *(f"written: {path}" for path in files))


def _write(result: Result, folder: Path, name: str, unit: str) -> list[Path]:
    from siliconbert.bench import processor
    from siliconbert.models.atomic import write_atomically
    from siliconbert.report import figures

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}_{processor.here().kind}.csv"
    write_atomically(path, [result.table(unit).to_csv().encode()])
    drawn = [figures.save(figure, folder / f"{name}_{figure.name}") for figure in result.figures]
    return [path, *(each for pair in drawn for each in pair)]


def _row(timing: Timing, digits: int) -> list[str]:
    # Floors near 1 are told apart by their digits.
    fine = timing.floor is not None and timing.floor < 2
    ratio = "" if timing.ratio is None else f"{timing.ratio:.{2 if fine else 1}f}x"
    floor = "" if timing.floor is None else f"{timing.floor:.{2 if fine else 0}f}x"
    spread = f"{timing.low:.{digits}f} .. {timing.high:.{digits}f}"
    return [timing.name, f"{timing.median:.{digits}f}", spread, ratio, floor, timing.verdict]
