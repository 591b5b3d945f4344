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
    with console.stoppable(lambda: _KEPT.format(store)):
        with console.told(), console.counted("trials") as progress:
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
    from siliconbert.campaign import results

    table = results.table(rows.manifest, records)
    console.say(*table.header)
    console.show_table(str(rows.folder), table.titles(), table.lines())
