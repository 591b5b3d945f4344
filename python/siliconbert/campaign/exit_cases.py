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
    layers = hardware.shape(shape).layers
    if call.authors:
        return _authors(call.authors, files, shape, layers)
    return _model(call, model, data, drops, shape, layers)


def _check_depth(found: int, shape: str, layers: int) -> None:
    if found != layers:
        raise ValueError(f"reproduce: exits must be of {layers} layers, as {shape} has; got {found} layers")


def _authors(folder: Path, files: Files, shape: str, layers: int) -> Found:
    entropy = authors.read_entropies(folder / files.entropies)
    _check_depth(entropy.shape[1], shape, layers)
    found = authors.exits_at(entropy, folder, files, check_before=True)
    header = (
        f"exits: the authors' files {files.entropies} and {files.lut} at the printed thresholds, by the "
        "rules of their code",
    )
    return Found(dict(found), "authors", header)


def _model(call: Call, model: str, data: str, drops: Sequence[float], shape: str, layers: int) -> Found:
    subject, lut, origin = with_lut(call, model, data)
    _check_depth(subject.model.shape.layers, shape, layers)
    trace = subject.traced(call)
    found = early_exit.at_drops(Rules(trace, subject.data.labels, lut), drops)
    return Found(found, "model", (*subject.header(trace), STAND_IN, origin))
