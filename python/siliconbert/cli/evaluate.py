"""`siliconbert evaluate`: a task's metrics at every exit, and where sentences leave; or all tasks at once."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from siliconbert.cli import console, names, options, scores

EXAMPLE = "Example: siliconbert evaluate edgebert-mini/sst2 --data vader-amazon --threshold 0.3"
GLUE = "glue"


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="Model of the zoo, compressed file, or Hugging Face directory; "
            "for --data glue a family of the zoo (minilm) or a folder of models or runs.",
            autocompletion=names.models,
        ),
    ],
    data: Annotated[
        str,
        typer.Option(
            "--data",
            help="Task, see `siliconbert list data`; glue for a table of all tasks; wikitext2 or "
            "wikitext2-split for a language model.",
            autocompletion=names.tasks,
        ),
    ] = "sst2",
    split: Annotated[str, typer.Option("--split", help="Split of the task.")] = "dev",
    exits: Annotated[
        bool, typer.Option("--exits", help="With --data glue: every exit, not only the last one.")
    ] = False,
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
    sfu: Annotated[
        bool,
        typer.Option("--sfu", help="Softmax and layer norm in 16 bits, as EdgeBERT's special function unit."),
    ] = False,
    integer: Annotated[
        bool,
        typer.Option(
            "--integer", help="An integer model: its file, or the folder of a run trained in integers."
        ),
    ] = False,
    glue: options.Glue = None,
    zoo: options.Zoo = None,
    threads: options.Threads = None,
    quick: options.Quick = False,
    json: options.Json = False,
) -> None:
    """Evaluate a model: the task's metrics after every layer, and with a threshold where sentences leave."""
    from siliconbert.campaign import answers as comparison
    from siliconbert.campaign import exits as leaving
    from siliconbert.campaign import family, language_quality, quality, setup
    from siliconbert.data import answers, wikitext

    given = any(each is not None for each in (threshold, predictions, against))
    if (sfu or integer or split != "dev" or given) and data in (GLUE, *wikitext.NAMES):
        raise ValueError(
            "evaluate: --split, --threshold, --predictions, --against, --sfu and --integer are for one "
            f"task, not for {data}"
        )
    if data in wikitext.NAMES:
        with console.told(), console.progress("windows") as bar:
            call = setup.Call(zoo=zoo, threads=threads, quick=quick, progress=bar)
            foretold = language_quality.measure(model, data, call)
        console.show_json(asdict(foretold)) if json else scores.show_foretold(foretold)
        return
    if data == GLUE:
        with console.told(), console.progress("sentences") as bar:
            call = setup.Call(glue=glue, zoo=zoo, threads=threads, quick=quick, progress=bar)
            members = list(family.run(model, call))
        console.show_json(scores.document(members)) if json else scores.show_all(members, exits)
        return
    with console.told(), console.progress("sentences") as bar:
        if sfu and integer:
            raise ValueError("evaluate: --sfu is for a model in floating point, --integer names another")
        if integer:
            subject = setup.prepare_integer(model, data, split, glue, quick)
        else:
            subject = setup.prepare(model, data, split=split, glue=glue, zoo=zoo, quick=quick)
        if sfu:
            subject = replace(subject, model=subject.model.with_sfu())
        if threshold is not None and not subject.data.classes:
            raise ValueError(f"evaluate: --threshold needs classes, {data} has scores, which have no entropy")
        found = [quality.measure(subject, threads, bar(len(subject.data)))]
        if other := quality.mismatched(subject, glue):
            found.append(quality.measure(other, threads, bar(len(other.data))))
    if predictions is not None:
        answers.write(predictions, found[0].answers)
    left = None if threshold is None else leaving.leave_at(found[0].trace, subject.data.labels, threshold)
    versus = None if against is None else comparison.compare(found[0].answers, against)
    if json:
        console.show_json(scores.document(found, threshold, left, versus))
    else:
        scores.show(found)
        scores.show_exits(threshold, left)
        scores.show_versus(against, versus)
