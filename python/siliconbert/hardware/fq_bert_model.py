"""FQ-BERT's model: milliseconds and resources of designs from the core's cycles and the fitted constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from siliconbert.hardware.costs import Floats
from siliconbert.hardware.fq_bert_fit import LINES, core_design, core_rates, fits, points
from siliconbert.hardware.shapes import Shape, shape

PARTS = ("linear", "attention", "simd", "transfer")
RESOURCES = (*LINES, "bram18_packed", "bram18_separate", "bram18_activations")


@dataclass(frozen=True)
class Evaluated:
    """An entry each design: ms of a sentence by part, bytes of weights that it reads, resources."""

    ms: dict[str, Floats]
    weight_bytes: Floats
    resources: dict[str, Floats]


def evaluate(
    values: Mapping[str, Any], designs: Sequence[tuple[int, int, int]], sizes: Shape, sequence: int
) -> Evaluated:
    """Designs (pus, n, m) with the other values of a record."""
    latency = fits()["latency"].constants
    lines = {key: dict(fits()[key].constants) for key in LINES}
    lines["dsp"]["multiplier"] = values["multiplier_dsp"]
    made = [core_design(*each, values["bim"]) for each in designs]
    found = points(made, core_rates(values, latency["overhead"]), lines, sizes, sequence)
    ms = {part: sizes.layers * found[part] / (values["clock"] * 1e3) for part in PARTS}
    share = sizes.layers / shape("bert-base").layers if values["constant_per"] == "layer" else 1.0
    ms["constant"] = np.full_like(ms["linear"], latency["constant_ms"] * share if sequence else 0.0)
    return Evaluated(ms, sizes.layers * found["weight_bytes"], {key: found[key] for key in RESOURCES})
