"""Many designs of FQ-BERT's accelerator at once: what a scheduler chooses from."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from siliconbert.hardware.costs import Floats
from siliconbert.hardware.fq_bert import fq_bert
from siliconbert.hardware.fq_bert_model import evaluate
from siliconbert.hardware.shapes import shape


@dataclass(frozen=True)
class FqBertGrid:
    """Many designs, an entry each.

    designs    : (pus, n, m)
    latency_ms : of a sentence
    resources  : as FqBert.resources()

    >>> from siliconbert.hardware import fq_bert_grid
    >>> grid = fq_bert_grid(n=[8], m=[8, 16])
    >>> grid.designs, grid.resources["dsp"].shape
    ([(12, 8, 8), (12, 8, 16)], (2,))
    """

    designs: list[tuple[int, int, int]]
    latency_ms: Floats
    resources: dict[str, Floats]


def fq_bert_grid(
    pus: Iterable[int] = (12,),
    n: Iterable[int] = range(1, 33),
    m: Iterable[int] = range(2, 33, 2),
    model: Any = "bert-base",
    sequence: int = 128,
    **changes: Any,
) -> FqBertGrid:
    """All combinations of PUs, PEs and multipliers; the rest as in inference() and accelerator().

    errors : ValueError where one of pus, n and m has no value

    >>> grid = fq_bert_grid(n=[8, 16], m=[8, 16])
    >>> grid.designs, grid.latency_ms.round(2).tolist()
    ([(12, 8, 8), (12, 8, 16), (12, 16, 8), (12, 16, 16)], [85.47, 43.89, 45.27, 23.79])
    """
    values = fq_bert("fq-bert", 1, {"m": 2, **changes}).values
    designs = list(itertools.product(pus, n, m))
    if not designs:
        raise ValueError("hardware.fq_bert_grid: pus, n and m must have at least one value each, got none")
    found = evaluate(values, designs, shape(model), sequence)
    return FqBertGrid(designs, sum(found.ms.values(), np.zeros(len(designs))), found.resources)
