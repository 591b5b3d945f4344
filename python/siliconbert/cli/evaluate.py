"""`siliconbert evaluate`: accuracy at every exit, and where sentences leave."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siliconbert.cli import console, options

if TYPE_CHECKING:
    from siliconbert.campaign.answers import Comparison
    from siliconbert.campaign.statistics import Interval

EXAMPLE = "Example: siliconbert evaluate edgebert-mini/sst2 --data vader-amazon --threshold 0.3"


def evaluate(
    model: Annotated[
        str, typer.Argument(help="Model of the zoo, compressed file, or Hugging Face directory.")
    ],
    data: Annotated[str, typer.Option("--data", help="Task; see `siliconbert list data`.")] = "sst2",
    split: Annotated[str, typer.Option("--split", help="Split of the task.")] = "dev",
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold", min=0.0, help="Leave at the first exit whose entropy is below this (nats)."
        ),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option("--predictions", help="CSV file to write: label and answers of all exits per sentence."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option("--against", help="Such a file of another model: right answers lost, with an interval."),
    ] = None,
    glue: options.Glue = None,
    zoo: options.Zoo = None,
    threads: options.Threads = None,
    quick: options.Quick = False,
    json: options.Json = False,
) -> None:
    """Evaluate a model: accuracy after every layer; with a threshold, the average exit layer too."""
    from siliconbert.campaign import answers, exits, setup

    with console.told(), console.progress("sentences") as bar:
        subject = setup.prepare(model, data, split=split, glue=glue, zoo=zoo, quick=quick)
        trace = subject.trace(threads=threads, progress=bar(len(subject.data)))
    rows = exits.accuracy_by_layer(trace, subject.data.labels)
    left = None if threshold is None else exits.leave_at(trace, subject.data.labels, threshold)
    header = subject.header(trace)
    if predictions is not None:
        answers.write(predictions, trace, subject.data.labels, header)
    versus = None if against is None else answers.compare(trace, subject.data.labels, against)
    if json:
        console.show_json(_document(header, rows, threshold, left, versus))
        return
    console.say(*header)
    columns = ["exit layer", "accuracy %", "95 % interval"]
    text = [
        [str(layer), f"{100 * a.value:.2f}", f"{100 * a.low:.2f} .. {100 * a.high:.2f}"]
        for layer, a in rows.items()
    ]
    console.show_table("Accuracy after every layer", columns, text)
    if threshold is not None and left is not None:
        layer, a = left
        console.say("", f"Leaving below {threshold} nats: layer {layer:.2f} on average, {_percent(a)} right")
    if versus is not None:
        d = versus.difference
        points = f"{100 * d.value:+.2f} points ({100 * d.low:+.2f} .. {100 * d.high:+.2f})"
        console.say("", f"Against {against}, last layer: {versus.lost} right answers lost, {points},")
        console.say(f"McNemar p = {versus.p_value:.3f}")


def _percent(a: Interval) -> str:
    return f"{100 * a.value:.2f} % ({100 * a.low:.2f} .. {100 * a.high:.2f})"


def _document(
    header: tuple[str, ...], rows: Any, threshold: float | None, left: Any, versus: Comparison | None
) -> dict[str, Any]:
    accuracy = [
        {"layer": layer, "accuracy": a.value, "low": a.low, "high": a.high} for layer, a in rows.items()
    ]
    document: dict[str, Any] = {"header": list(header), "accuracy": accuracy}
    if left is not None:
        layer, a = left
        document["early_exit"] = {
            "threshold": threshold,
            "average_layer": layer,
            "accuracy": a.value,
            "low": a.low,
            "high": a.high,
        }
    if versus is not None:
        document["against"] = {
            "lost": versus.lost,
            "difference": versus.difference.value,
            "low": versus.difference.low,
            "high": versus.difference.high,
            "p_value": versus.p_value,
        }
    return document
