"""Exit layers from the authors' own files: entropies of a development set, and a look-up table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from siliconbert import exits
from siliconbert.campaign.early_exit import EE_LAYER, LAI_PREDICTED, Exits
from siliconbert.campaign.outcome import Measurement, Outcome

Threshold = tuple[str, float]


@dataclass(frozen=True)
class Files:
    """The authors' files, and the thresholds printed for them: (row, threshold) each.

    last_ramp : the last layer at which their code follows a prediction; a later one runs all layers
    """

    entropies: str
    lut: str
    ee: Sequence[Threshold]
    lai: Sequence[Threshold]
    last_ramp: int


def run(table: str, task: str, folder: Path, files: Files) -> Outcome:
    """The average exit layers at the printed thresholds, by the authors' rules."""
    entropy = read_entropies(folder / files.entropies)
    cases = exits_at(entropy, folder, files, check_before=False)
    found = [
        Measurement(row, quantity, float(layers.mean()))
        for row, (conventional, planned) in cases.items()
        for quantity, layers in ((EE_LAYER, conventional.layer), (LAI_PREDICTED, planned.predicted))
    ]
    header = (
        f"data: the authors' files {files.entropies} (sentences x layers: {entropy.shape}) and {files.lut}",
        f"rules: of the authors' code: a prediction beyond layer {files.last_ramp} runs all; predictions are "
        "counted without the checks before them",
        f"thresholds as printed: EE {_listed(files.ee)}; LAI {_listed(files.lai)}",
    )
    return Outcome(table, task, "authors", header, tuple(found))


def exits_at(
    entropy: NDArray[np.float32], folder: Path, files: Files, check_before: bool
) -> dict[str, tuple[Exits, Exits]]:
    """Conventional and latency-aware exits of `entropy`, which read_entropies found, row by row.

    check_before : leave before the predicted layer where the entropy allows it
    """
    table = exits.Lut.from_csv(folder / files.lut)
    found = {}
    for (row, conventional), (_, planned) in zip(files.ee, files.lai, strict=True):
        layer = exits.by_entropy(entropy, conventional)
        later = exits.by_prediction(
            entropy, table, planned, last_ramp=files.last_ramp, check_before=check_before
        )
        found[row] = (Exits(conventional, layer, layer), Exits(planned, *later))
    return found


def _listed(thresholds: Sequence[Threshold]) -> str:
    return ", ".join(f"{value:g} ({row})" for row, value in thresholds)


def read_entropies(path: Path) -> NDArray[np.float32]:
    """Comma-separated entropies, one row a sentence, one column a layer.

    errors: FileNotFoundError; ValueError naming the file where it is not such a table
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"reproduce: --authors must be a folder with {path.name}, got {str(path.parent)!r}"
        )
    try:
        found = np.loadtxt(path, np.float32, delimiter=",", ndmin=2)
    except ValueError as error:
        raise ValueError(f"{path}: must be comma-separated entropies, one row a sentence ({error})") from None
    if found.size == 0 or not np.isfinite(found).all() or (found < 0).any():
        raise ValueError(f"{path}: entropies must be finite and not negative, one row a sentence")
    return found
