"""Where sentences leave, for energies: by a model's own trace, or by the authors' public files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from siliconbert import hardware
from siliconbert.campaign import authors, early_exit
from siliconbert.campaign.authors import Files
from siliconbert.campaign.early_exit import Exits, Rules
from siliconbert.campaign.prediction import with_lut
from siliconbert.campaign.setup import STAND_IN, Call


@dataclass(frozen=True)
class Found:
    """Exits by drop ("1 %", ...); source of an Outcome; lines that say where they are from."""

    cases: dict[str, tuple[Exits, Exits | None]]
    source: str
    header: tuple[str, ...]


def find(call: Call, model: str, data: str, drops: Sequence[float], files: Files, shape: str) -> Found:
    """The authors' exits where their folder is given, else those of a model at the allowed drops.

    errors : ValueError where they are of a model with another number of layers than `shape`, which runs them
    """
    if call.authors:
        return _authors(call.authors, files, shape)
    return _model(call, model, data, drops, shape)


def check_depth(found: int, shape: str) -> int:
    """The layers of a shape; ValueError where the exits are of another number."""
    layers = hardware.shape(shape).layers
    if found != layers:
        raise ValueError(f"exits must be of {layers} layers, as {shape} has; got {found} layers")
    return layers


def _authors(folder: Path, files: Files, shape: str) -> Found:
    entropy = authors.read_entropies(folder / files.entropies)
    check_depth(entropy.shape[1], shape)
    found = authors.exits_at(entropy, folder, files, check_before=True)
    header = (
        f"exits: the authors' files {files.entropies} and {files.lut} at the printed thresholds, by the "
        "rules of their code",
    )
    return Found(dict(found), "authors", header)


def _model(call: Call, model: str, data: str, drops: Sequence[float], shape: str) -> Found:
    subject, lut, origin = with_lut(call, model, data)
    check_depth(subject.model.shape.layers, shape)
    trace = subject.traced(call)
    found = early_exit.at_drops(Rules(trace, subject.data.labels, lut), drops)
    return Found(found, "model", (*subject.header(trace), STAND_IN, origin))
