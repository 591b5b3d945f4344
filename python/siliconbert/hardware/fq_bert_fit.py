"""FQ-BERT's constants: solved from the three published designs, with how many points each met and missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from siliconbert import catalog
from siliconbert._core import hardware as _core
from siliconbert.hardware.costs import Floats
from siliconbert.hardware.shapes import Shape, shape
from siliconbert.hardware.work import layer_work

MODEL = "bert-base"
LINES = ("dsp", "ff", "lut")
TERMS = ("base", "multiplier", "pe", "lane")
# What each resource is a line in, and the designs whose points give its constants; the others test it.
_LINES = {
    "dsp": (("base", "lane"), ("fq-bert-zcu102", "fq-bert-zcu102-16x8")),
    "ff": (("base", "multiplier", "pe"), ("fq-bert-zcu102", "fq-bert-zcu102-16x8", "fq-bert-zcu111")),
    "lut": (("base", "multiplier", "pe"), ("fq-bert-zcu102", "fq-bert-zcu102-16x8", "fq-bert-zcu111")),
}
# The two designs that the paper compares with CPU and GPU.
_LATENCY = ("fq-bert-zcu102", "fq-bert-zcu111")


@dataclass(frozen=True)
class FqBertFit:
    """The constants of one quantity and their freedom.

    constants : by name; those of a line are units of the resource for each "base", "multiplier", "pe", "lane"
    met       : designs whose published values the constants were solved from, so they are met exactly
    residuals : design -> (model - published) / published, of all designs; of those not in `met` a test

    >>> fit = fits()["dsp"]
    >>> fit.met, fit.tested
    (('fq-bert-zcu102', 'fq-bert-zcu102-16x8'), ('fq-bert-zcu111',))
    """

    quantity: str
    constants: Mapping[str, float]
    met: tuple[str, ...]
    residuals: Mapping[str, float]

    @property
    def tested(self) -> tuple[str, ...]:
        """Designs that no constant has seen."""
        return tuple(name for name in self.residuals if name not in self.met)

    def __str__(self) -> str:
        """One phrase.

        >>> print(fits()["dsp"])
        dsp: 2 constants met 2 points; not used for them: fq-bert-zcu111 +0.00 %
        """
        seen = f"{self.quantity}: {len(self.constants)} constants met {len(self.met)} points"
        others = ", ".join(f"{name} {100 * self.residuals[name]:+.2f} %" for name in self.tested)
        return f"{seen}; not used for them: {others}" if others else f"{seen}, no point is left to test them"


def published() -> dict[str, dict[str, Any]]:
    """The numbers of the published designs, by name."""
    records = catalog.records("accelerators")
    designs = {name: catalog.numbers(r) for name, r in records.items() if r.get("family") == "fq-bert"}
    return {name: numbers for name, numbers in designs.items() if "latency" in numbers}


def shared() -> dict[str, Any]:
    """What all designs share: the values of the record "fq-bert"."""
    record = catalog.record("accelerators", "fq-bert", "hardware.accelerator")
    return record | catalog.numbers(record)


@lru_cache
def fits() -> dict[str, FqBertFit]:
    """The fits of "latency", "dsp", "ff" and "lut".

    >>> found = fits()
    >>> {name: round(x, 4) for name, x in found["latency"].constants.items()}
    {'overhead': 1.1515, 'constant_ms': 2.3119}
    >>> {name: round(x, 9) for name, x in found["dsp"].constants.items()}
    {'base': 55.0, 'lane': 10.0}
    """
    designs, common = published(), shared()
    found = {name: _line(name, terms, met, designs, common) for name, (terms, met) in _LINES.items()}
    return {"latency": _latency(designs, common), **found}


def core_design(pus: int, n: int, m: int, bim: str = "A") -> Any:
    """The core's FqBertDesign."""
    return _core.FqBertDesign(pus=pus, n=n, m=m, bim=getattr(_core.Bim, bim))


def core_rates(values: Mapping[str, Any], overhead: float) -> Any:
    """The core's FqBertRates."""
    return _core.FqBertRates(
        overhead=overhead, bus_bytes=values["bus_bytes"], weight_bits=values["weight_bits"]
    )


def points(
    designs: Sequence[Any], rates: Any, lines: Mapping[str, Mapping[str, float]], sizes: Shape, sequence: int
) -> dict[str, Floats]:
    """Cycles of one layer by part, its weights' bytes, and resources, one entry each design.

    lines : "dsp", "ff" and "lut" by what a constant, a multiplier, a PE and a lane take
    """
    made = {
        key: _core.FqBertLine(**{term: float(lines.get(key, {}).get(term, 0.0)) for term in TERMS})
        for key in LINES
    }
    resources = _core.FqBertResources(**made, blocks=memory_blocks())
    work = layer_work(sizes, 1, sequence)
    found: dict[str, Floats] = _core.fq_bert_points(list(designs), rates, resources, work)
    return found


def memory_blocks() -> list[tuple[float, float]]:
    """Width and depth of every way to use a memory block of 18 kbit."""
    record = catalog.record("fpga", "bram18", "hardware.accelerator")
    return list(zip(record["widths"].value, record["depths"].value, strict=True))


def _latency(designs: Mapping[str, Mapping[str, Any]], common: Mapping[str, Any]) -> FqBertFit:
    """Published ms = overhead * (ms of all multipliers at work) + (ms of softmax and norms) + a constant."""
    sizes, hertz = shape(MODEL), common["clock"] * 1e3
    rates = core_rates(common, 1.0)
    busy, rest = {}, {}
    made = [core_design(common["pus"], one["n"], one["m"]) for one in designs.values()]
    cycles = points(made, rates, {}, sizes, common["sequence"])
    for i, name in enumerate(designs):
        busy[name] = sizes.layers * float(cycles["linear"][i] + cycles["attention"][i]) / hertz
        rest[name] = sizes.layers * float(cycles["simd"][i]) / hertz
    rows = {name: [busy[name], 1.0] for name in designs}
    left = {name: numbers["latency"] - rest[name] for name, numbers in designs.items()}
    overhead, constant = _solve([rows[name] for name in _LATENCY], [left[name] for name in _LATENCY])
    model = {name: overhead * busy[name] + rest[name] + constant for name in designs}
    return _fit("latency", {"overhead": overhead, "constant_ms": constant}, _LATENCY, model, designs)


def _line(
    name: str,
    terms: Sequence[str],
    met: tuple[str, ...],
    designs: Mapping[str, Mapping[str, Any]],
    common: Mapping[str, Any],
) -> FqBertFit:
    """What is left of a resource beside a given cost of each multiplier, as a line in `terms`."""
    each = common.get(f"multiplier_{name}", 0)
    counts = {key: _counts(common["pus"], one["n"], one["m"]) for key, one in designs.items()}
    rows = [[counts[key][term] for term in terms] for key in met]
    left = [designs[key][name] - each * counts[key]["multiplier"] for key in met]
    constants = dict(zip(terms, _solve(rows, left), strict=True))
    whole = constants | ({"multiplier": each} if each else {})
    model = {key: sum(whole[term] * counts[key][term] for term in whole) for key in designs}
    return _fit(name, constants, met, model, designs)


def _counts(pus: int, n: int, m: int) -> dict[str, float]:
    return dict(zip(TERMS, (1.0, float(pus * n * m), float(pus * n), float(m)), strict=True))


def _solve(rows: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    return [float(x) for x in np.linalg.solve(np.array(rows), np.array(right))]


def _fit(
    quantity: str,
    constants: Mapping[str, float],
    met: tuple[str, ...],
    model: Mapping[str, float],
    designs: Mapping[str, Mapping[str, Any]],
) -> FqBertFit:
    residuals = {
        key: (value - designs[key][quantity]) / designs[key][quantity] for key, value in model.items()
    }
    return FqBertFit(quantity, constants, met, residuals)
