"""`siliconbert run`: a campaign from its YAML file, here or on a Dask cluster; it goes on where it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siliconbert.cli import console, options

if TYPE_CHECKING:
    from siliconbert.campaign import Campaign, Rows, Tls

EXAMPLE = "Example: siliconbert run faults.yaml --store runs/faults --workers 2"
_KEPT = "All finished rows are in {}; the same command goes on"

Store = Annotated[
    Path, typer.Option("--store", help="Folder of the rows; the same command goes on from them.")
]


def run(
    file: Annotated[Path, typer.Argument(help="The campaign (YAML).")],
    store: Store,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="Processes on this machine; default: this one alone."),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Dask scheduler, tcp://HOST:PORT or tls://HOST:PORT.")
    ] = None,
    tls_ca: Annotated[
        Path | None, typer.Option("--tls-ca", help="Certificate of the authority (tls://).")
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", help="Certificate of this client (tls://).")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", help="Key of that certificate (tls://).")
    ] = None,
    mix_paths: Annotated[
        bool, typer.Option("--mix-paths", help="Accept rows of other libraries or instruction sets.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try trials again that are recorded as failed.")
    ] = False,
    glue: options.Glue = None,
    zoo: options.Zoo = None,
    threads: options.Threads = None,
    quick: options.Quick = False,
    json: options.Json = False,
) -> None:
    """Run a campaign: every combination of its file's lists, fault trials with intervals, rows in a store."""
    from dataclasses import replace

    from siliconbert import campaign

    loaded: Campaign = campaign.load(file)
    if quick:
        loaded = replace(loaded, settings=loaded.settings.quickly())
    with (
        console.stoppable(lambda: _KEPT.format(store)),
        console.told(),
        console.counted("trials") as progress,
    ):
        rows = loaded.run(
            store, workers, scheduler, _tls(tls_ca, tls_cert, tls_key), threads, glue, zoo,
            mix_paths=mix_paths, retry_failed=retry_failed, progress=progress,
        )  # fmt: skip
    records = rows.summary()
    show(rows, records, json)
    if any(record["state"] == "failed" or record["failed"] for record in records):
        raise RuntimeError("run: some trials failed, see the table (--retry-failed tries them again)")


def _tls(ca: Path | None, cert: Path | None, key: Path | None) -> Tls | None:
    from siliconbert.campaign import Tls

    if ca is None and cert is None and key is None:
        return None
    if ca is None or cert is None or key is None:
        raise ValueError("run: --tls-ca, --tls-cert and --tls-key go together, one is missing")
    return Tls(ca, cert, key)


def show(rows: Rows, records: list[dict[str, Any]], json: bool) -> None:
    """Prints the summary; parts set aside are named on standard error."""
    for name in rows.damaged:
        console.warn(f"damaged part {name} was set aside in {rows.folder / 'damaged'}")
    if json:
        found = {"store": str(rows.folder), "path": rows.manifest["path"], "configurations": records}
        console.show_json(found)
        return
    console.say(*header(rows.manifest))
    records = [_with_interval(record) for record in records]
    every = [*next(iter(rows.manifest["points"].values())), "accelerator", "target_ms"]
    labels = [name for name in every if len({record.get(name) for record in records}) > 1]
    figures = [name for name in _COLUMNS if any(_text(record, name) for record in records)]
    confidence = rows.manifest["settings"]["trials"]["confidence"]
    titles = [*labels, *(_COLUMNS[name].format(100 * confidence) for name in figures)]
    lines = [[_text(record, name) for name in [*labels, *figures]] for record in records]
    console.show_table(str(rows.folder), titles, lines)


def _with_interval(record: dict[str, Any]) -> dict[str, Any]:
    if "low" not in record:
        return record
    return {**record, "interval": f"{100 * record['low']:.2f} .. {100 * record['high']:.2f}"}


def header(manifest: dict[str, Any]) -> list[str]:
    """Lines that say what holds for all rows."""
    settings, labels = manifest["settings"], list(manifest["points"].values())
    same = [f"{name} {text}" for name, text in labels[0].items() if all(x[name] == text for x in labels)]
    quick = ["quick: at most 400 fixed sentences and 10 trials"] if settings["quick"] else []
    return [
        *quick,
        f"same everywhere: {'; '.join(text for text in same if not text.endswith(' -'))}",
        f"stored: {settings['tensor']}; seed {settings['seed']}; numeric path: {manifest['path']}",
    ]


# Figure of a record -> its title, which takes the confidence in percent.
_COLUMNS = {
    "trials": "trials",
    "clean": "clean, %",
    "accuracy": "mean, %",
    "interval": "{:g} % interval",
    "minimum": "min, %",
    "events": "events",
    "nonfinite": "not finite",
    "layer": "layer",
    "latency_ms": "ms",
    "energy_mj": "mJ",
    "late": "late, %",
    "area_mm2": "mm^2",
    "reason": "no result because",
}
_PERCENT = ("clean", "accuracy", "minimum", "late")


def _text(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    if name == "reason":
        value = value or record.get("cost_reason") or ("not finished" if record["state"] == "running" else "")
    if value is None:
        return ""
    if isinstance(value, (str, int)):
        return str(value)
    if name in _PERCENT:
        return f"{100 * value:.2f}"
    return f"{value:.4g}"
