"""`siliconbert status`: how far a campaign's store is, without a model or a worker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from siliconbert.cli import console, options

EXAMPLE = "Example: siliconbert status runs/faults"
# So many configurations are listed; the rest is counted.
_LISTED = 40


def status(
    store: Annotated[Path, typer.Argument(help="Folder that `siliconbert run --store` filled.")],
    json: options.Json = False,
) -> None:
    """Show how far a campaign is: trials done and wanted, time spent and left, damaged parts."""
    from siliconbert.campaign import progress

    found = progress.read(store)
    if json:
        console.show_json(found)
        return
    from siliconbert.campaign.results import header

    console.say(*header(found["manifest"]), *_lines(found))
    unfinished = [x for x in found["configurations"] if x["state"] != "done"]
    shown = (unfinished or found["configurations"])[:_LISTED]
    title = "not finished, infeasible or failed" if unfinished else "finished"
    columns = ["configuration", "state", "trials", "mean, %", "reason"]
    console.show_table(
        f"{title}: {len(unfinished or shown)}",
        columns,
        [_row(x, found["manifest"]["points"][x["config"]]) for x in shown],
    )


def _lines(found: dict[str, Any]) -> list[str]:
    done, wanted = found["trials"], found["wanted"]
    share = f" ({100 * done / wanted:.1f} %)" if wanted else ""
    most = "at most" if found["manifest"]["settings"]["trials"]["width"] else "about"
    left = f"; {most} {_time(found['left'])} left" if found["left"] else ""
    damaged = [f"damaged part, left out: {name}" for name in found["damaged"]]
    return [
        f"trials: {done} of {wanted}{share}; {_time(found['seconds'])} of computing{left}, on one worker",
        f"configurations: {_states(found['configurations'])}; parts: {found['parts']}",
        *damaged,
    ]


def _states(configurations: list[dict[str, Any]]) -> str:
    states = [entry["state"] for entry in configurations]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))


def _time(seconds: float) -> str:
    """Hours and minutes, or seconds.

    >>> _time(3725.0), _time(59.2)
    ('1 h 02 min', '59 s')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _row(entry: dict[str, Any], labels: dict[str, str]) -> list[str]:
    accuracy = "" if entry["accuracy"] is None else f"{100 * entry['accuracy']:.2f}"
    name = "; ".join(text for text in labels.values() if text != "-")
    return [name, entry["state"], f"{entry['trials']} of {entry['wanted']}", accuracy, entry["reason"] or ""]
