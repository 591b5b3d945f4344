"""`siliconbert explore`: every point of a grid of accelerator designs, and those that none beats."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siliconbert.cli import console, names, options

if TYPE_CHECKING:
    from siliconbert.campaign.design_space import Explored
    from siliconbert.hardware.grid import Voltage

EXAMPLE = (
    "Example: siliconbert explore --axis n=8,16,32 --axis density=0.5,1 --target 50,75,100 "
    "--voltage planned --voltage 0.7 --out points.parquet"
)
_SHOWN = 20  # points of the front


def explore(
    axis: Annotated[
        list[str] | None,
        typer.Option(
            "--axis",
            help="NAME=VALUE,VALUE,...: n, density, width, heads_off, rule, sequence, or any number of the "
            "accelerator's record (siliconbert list accelerators --sources).",
        ),
    ] = None,
    target: Annotated[str, typer.Option("--target", help="Milliseconds a sentence may take.")] = "50,75,100",
    threshold: Annotated[
        str, typer.Option("--threshold", help="Entropy thresholds of the exits (nats).")
    ] = "0.05,0.1,0.2,0.3,0.4",
    voltage: Annotated[
        list[str] | None,
        typer.Option(
            "--voltage", help="planned (from the predicted layer; the default), V, or V@GHz; several."
        ),
    ] = None,
    accelerator: Annotated[
        str,
        typer.Option(
            "--accelerator",
            help="See `siliconbert list accelerators`.",
            autocompletion=names.of_kind("accelerators"),
        ),
    ] = "edgebert-12nm",
    shape: Annotated[
        str, typer.Option("--shape", help="The network whose layers are costed.")
    ] = "albert-base",
    model: Annotated[
        str, typer.Option("--model", help="Model whose exits are taken, with as many layers as the shape.")
    ] = "edgebert-mini/sst2",
    data: Annotated[str, typer.Option("--data", help="Its sentences.")] = "sst2",
    authors: Annotated[
        Path | None,
        typer.Option("--authors", help="Folder with EdgeBERT's own SST-2 files; no model is run."),
    ] = None,
    allowed_late: Annotated[
        float,
        typer.Option("--allowed-late", min=0, max=1, help="Share of late sentences at a feasible point."),
    ] = 0.0,
    out: Annotated[Path | None, typer.Option("--out", help="Parquet file for all points.")] = None,
    own: Annotated[
        Path | None,
        typer.Option(
            "--own",
            help='TOML file with accelerators of your own: a table each, like = "edgebert-12nm", source = '
            '"where the numbers are from", and the numbers that differ.',
        ),
    ] = None,
    glue: options.Glue = None,
    zoo: options.Zoo = None,
    threads: options.Threads = None,
    quick: options.Quick = False,
    json: options.Json = False,
) -> None:
    """Explore accelerator designs: the cost of every point of a grid, and the points that none beats.

    Points that cannot be built, run or be in time are kept, with the reason.
    """
    from siliconbert import hardware, report
    from siliconbert.campaign import design_space
    from siliconbert.campaign.setup import Call

    if own is not None:
        hardware.load_accelerators(own)
    space = design_space.Space(
        accelerator,
        shape,
        dict(_axis(text) for text in axis or []),
        [_voltage(text) for text in voltage or ["planned"]],
        _floats("--target", target),
        _floats("--threshold", threshold),
        allowed_late,
    )
    with console.told(), console.progress("sentences") as bar:
        call = Call(model, data, glue, zoo, authors, threads=threads, quick=quick, progress=bar)
        files = report.experiments.load("edgebert/table_3").files()
        found = design_space.run(call, space, model, data, files)
    if out is not None:
        found.points.to_parquet(out)
    show(found, out, json)


def show(found: Explored, out: Path | None, json: bool) -> None:
    """Prints how many points are feasible, why the others are not, and the front."""
    points, front = found.points, found.points.front()
    rows = points.table(front).to_pylist()
    bad = ~points.feasible.ravel()
    texts = points.table(bad.nonzero()[0]).column("reason").to_pylist()
    reasons = Counter("sentences" + late if late else text for text in texts for late in [_late(text)])
    if json:
        console.show_json(
            {
                "header": found.header,
                "points": len(points),
                "feasible": len(points) - int(bad.sum()),
                "reasons": dict(reasons.most_common()),
                "front": [_without_nan(row) for row in rows],
                "written": None if out is None else str(out),
            }
        )
        return
    console.say(*found.header, f"points: {len(points)}, {len(points) - int(bad.sum())} of them feasible")
    for reason, count in reasons.most_common(5):
        console.say(f"not feasible: {count}: {reason}")
    if rows:
        names = [key for key in rows[0] if key not in ("feasible", "reason")]
        cells = [[_text(row[key]) for key in names] for row in sorted(rows, key=lambda row: row["energy_j"])]
        title = f"{len(rows)} points that no other beats in accuracy, energy, latency and area"
        few = f"; the {_SHOWN} of least energy" if len(rows) > _SHOWN else ""
        console.show_table(title + few, names, cells[:_SHOWN])
    if out is not None:
        console.say("", f"written: {out}")


def _without_nan(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if value != value else value for key, value in row.items()}


def _late(reason: str) -> str:
    """Of a share of late sentences, what follows the share, so that all of a target count as one reason."""
    return reason.partition(" % of the sentences")[2]


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _axis(text: str) -> tuple[str, list[Any]]:
    name, equals, values = text.partition("=")
    if not equals or not name or not values:
        raise ValueError(f"explore: --axis must be NAME=VALUE,VALUE,...; got {text!r}")
    return name.strip(), [_value(each.strip()) for each in values.split(",")]


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _floats(option: str, text: str) -> list[float]:
    found = [_value(each.strip()) for each in text.split(",")]
    if any(isinstance(each, str) for each in found):
        raise ValueError(f"explore: {option} must be numbers with commas between, got {text!r}")
    return [float(each) for each in found]


def _voltage(text: str) -> Voltage:
    if text == "planned":
        return None
    numbers = [_value(each) for each in text.split("@")]
    if len(numbers) > 2 or any(isinstance(each, str) for each in numbers):
        raise ValueError(f"explore: --voltage must be planned, V or V@GHz; got {text!r}")
    return float(numbers[0]) if len(numbers) == 1 else (float(numbers[0]), float(numbers[1]))
