"""A campaign's store as one HTML page that needs nothing else: no network, no script, no other file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from html import escape
from importlib import resources
from typing import Any

import siliconbert
from siliconbert import catalog
from siliconbert.campaign import results, yamlfile
from siliconbert.campaign.accelerator import assumed_line
from siliconbert.report import style, svg
from siliconbert.report.plots import Plot, labels, plots
from siliconbert.report.stored import Stored
from siliconbert.tables import Column, Table

# A browser sorts and scrolls so many rows at once; all are in the CSV file.
MOST_ROWS = 1000
_WORDS = 14  # letters that fit a narrow column


def page(stored: Stored) -> str:
    """The page, complete; every text from the store is escaped, and no other script than ours may run."""
    own, look = _own("page.js"), _own("page.css")
    digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    title = f"Campaign {stored.folder.resolve().name}"
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_text(title)}</title>\n<style>\n{look}</style>\n</head>\n<body>\n<main>",
            f"<h1>{_text(title)}</h1>",
            *_opening(stored),
            *_figures(stored),
            *_results(stored),
            *_run(stored),
            *_reading(stored),
            f"</main>\n<script>{own}</script>\n</body>\n</html>\n",
        ]
    )


def _own(name: str) -> str:
    return resources.files("siliconbert.report").joinpath(name).read_text(encoding="utf-8")


def _text(value: Any) -> str:
    """Any text as it may stand in the page; what cannot be printed is shown as such."""
    plain = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in str(value))
    return escape(plain)


def _opening(stored: Stored) -> Iterable[str]:
    states = [record["state"] for record in labels.once(stored.records)]
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    trials = stored.rows - len(stored.manifest["points"])
    yield f"<p>{len(states)} configurations ({_text(counted)}), {max(trials, 0)} fault trials.</p>"
    yield from (f'<p class="soft">{_text(line)}</p>' for line in results.header(stored.manifest))
    for warning in _warnings(stored):
        yield f'<p class="warning">{_text(warning)}</p>'
    names = ("figures", "results", "run", "reading")
    titles = ("Figures", "Results", "What was run", "How to read this")
    links = "".join(f'<li><a href="#{n}">{t}</a></li>' for n, t in zip(names, titles, strict=True))
    yield f"<nav><ul>{links}</ul></nav>"


def _warnings(stored: Stored) -> Iterable[str]:
    if stored.manifest["settings"]["quick"]:
        yield "A quick run: few sentences and few trials; its numbers are a first look."
    if stored.damaged:
        yield f"{len(stored.damaged)} damaged parts of the store were left out: {', '.join(stored.damaged)}"
    unfinished = {r["config"] for r in stored.records if r["state"] in ("running", "waiting")}
    if unfinished:
        yield f"{len(unfinished)} configurations are not finished; their numbers may still move."


def _figures(stored: Stored) -> Iterable[str]:
    yield '<h2 id="figures">Figures</h2>\n<div class="figures">'
    found = plots(stored)
    for plot in found:
        yield _figure(plot)
    yield "</div>"
    if not found:
        yield "<p>There is nothing to draw yet.</p>"


def _figure(plot: Plot) -> str:
    with style.canvas("single", plot.height) as figure:
        plot.draw(figure.subplots())
        drawn = svg.inline(figure, f"{plot.title}. {plot.caption}", plot.name)
    caption = f"<h3>{_text(plot.title)}</h3>\n<p>{_text(plot.caption)}</p>"
    return f"<figure>\n<figcaption>{caption}</figcaption>\n{drawn}</figure>"


def _results(stored: Stored) -> Iterable[str]:
    yield '<h2 id="results">Results</h2>'
    found = results.table(stored.manifest, stored.records)
    columns = (Column("number", "#"), *(c for c in found.columns if c.name != "number"))
    rows = len(found.records)
    if rows > MOST_ROWS:
        yield (
            f'<p class="warning">The first {MOST_ROWS} of {rows} rows; all of them, in full precision, are '
            f"written by <code>siliconbert report STORE --csv FILE</code>.</p>"
        )
    yield _table(replace(found, columns=columns, records=found.records[:MOST_ROWS]))


def _table(table: Table) -> str:
    heads = "".join(f'<th scope="col">{_text(title)}</th>' for title in table.titles())
    rows = "\n".join(
        "<tr>" + "".join(_cell(column, record) for column in table.columns) + "</tr>"
        for record in table.records
    )
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Results">\n'
        f"<table><thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
    )


def _cell(column: Column, record: Mapping[str, Any]) -> str:
    key = column.key(record)
    if key is None:
        text = column.text(record)
        return f"<td{' class=words' if len(text) > _WORDS else ''}>{_text(text)}</td>"
    return f'<td class="number" data-key="{key:.12g}">{_text(column.text(record))}</td>'


def _run(stored: Stored) -> Iterable[str]:
    manifest, settings = stored.manifest, stored.manifest["settings"]
    created, versions = manifest["created"], manifest.get("versions", {})
    lines = {
        "siliconbert": manifest["siliconbert"],
        "other versions": ", ".join(f"{name} {text}" for name, text in versions.items()),
        "numeric path": manifest["path"] or "none yet",
        "begun": created.get("time", ""),
        "computing time": f"{stored.seconds:.0f} s on {stored.hosts} machine{'s' * (stored.hosts != 1)}",
        "seed": settings["seed"],
        "trials": _trials(settings["trials"]),
        "settings": f"hash {manifest['config']}",
        "accelerators": "; ".join(_accelerators(settings["accelerators"])),
        "page made by": f"siliconbert {siliconbert.__version__}",
    }
    yield '<h2 id="run">What was run</h2>\n<dl>'
    yield from (f"<dt>{name}</dt><dd>{_text(text)}</dd>" for name, text in lines.items() if text != "")
    yield "</dl>"
    yield _details("Resolved configuration", yamlfile.dump(settings))
    code = "\n".join(f"{digest}  {name}" for name, digest in manifest["code"].items())
    yield _details("Hashes of the code that decides what a row holds", code)


def _details(title: str, text: str) -> str:
    return f'<details><summary>{title}</summary>\n<pre tabindex="0">{_text(text)}</pre></details>'


def _trials(trials: Mapping[str, Any]) -> str:
    most, width, step = trials["most"], trials.get("width"), trials.get("step")
    if width is None:
        return f"{most} of every configuration"
    return (
        f"at most {most} of every configuration; stopped when the interval over trials is narrower than "
        f"{100 * width:g} points, looked at every {step} trials"
    )


def _accelerators(machines: Iterable[Mapping[str, Any] | None]) -> Iterable[str]:
    for name in dict.fromkeys(machine["name"] for machine in machines if machine):
        known = name in catalog.records("accelerators")
        yield f"{name}; {assumed_line(name)}" if known else f"{name}, unknown to this installation"


def _reading(stored: Stored) -> Iterable[str]:
    confidence = 100 * stored.manifest["settings"]["trials"]["confidence"]
    yield '<h2 id="reading">How to read this</h2>\n<ul>'
    yield from (f"<li>{_text(line.format(confidence))}</li>" for line in _NOTES)
    yield "</ul>"


_NOTES = (
    "mean: accuracy over all fault trials and sentences; clean: without faults; min: of the worst trial.",
    "interval: holds the mean accuracy with {:g} % confidence, over trials and sentences. It allows for a "
    "trial that loses everything and was not seen yet, so it reaches far down where trials are few.",
    "events: faults that hit, a mean per trial; layer: mean layer after which a sentence left.",
    "ms, mJ: modelled means of a sentence on the accelerator; late: share of sentences over the target.",
    "Every trial can be replayed: its faults depend on seed, tensor, region and trial number only.",
)
