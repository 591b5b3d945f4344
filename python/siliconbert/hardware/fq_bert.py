"""FQ-BERT's accelerator for FPGAs: latency of any BERT and length, resources, the range of both.

Not in this model: embedding and classifier, which the paper leaves to a CPU, and what GELU takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from siliconbert import catalog, html
from siliconbert._core import hardware as _core
from siliconbert.hardware.bim import BIMS
from siliconbert.hardware.fq_bert_fit import FqBertFit, fits, published, shared
from siliconbert.hardware.fq_bert_model import evaluate
from siliconbert.hardware.shapes import shape
from siliconbert.hardware.work import layer_work

CONSTANTS = ("inference", "layer")


@dataclass(frozen=True)
class Inference:
    """One sentence through all layers.

    ms           : latency by part: linear (products with weights), attention (products of activations), simd
                   (softmax, layer normalisation), transfer (of weights, where it does not hide behind the
                   products) and constant
    macs         : multiply-accumulates
    weight_bytes : read from memory
    outside      : in what the model is extrapolated from the three published designs; empty: in nothing
    watts        : as published, of the published designs; else None

    >>> from siliconbert.hardware import accelerator
    >>> run = accelerator("fq-bert-zcu111").inference()
    >>> round(run.latency_ms, 2), round(run.fps, 2), run.outside
    (23.79, 42.03, ())
    """

    ms: dict[str, float]
    macs: float
    weight_bytes: float
    outside: tuple[str, ...] = ()
    watts: float | None = None

    @property
    def latency_ms(self) -> float:
        """Milliseconds of the sentence."""
        return sum(self.ms.values())

    @property
    def fps(self) -> float:
        """Sentences a second, one after the other."""
        return 1e3 / self.latency_ms

    @property
    def gops(self) -> float:
        """Effective operations, two for each multiply-accumulate, 10^9 a second."""
        return 2e-6 * self.macs / self.latency_ms

    @property
    def weights_gbs(self) -> float:
        """Mean rate at which weights are read, 10^9 bytes a second."""
        return 1e-6 * self.weight_bytes / self.latency_ms

    @property
    def fps_per_watt(self) -> float | None:
        """Sentences a second and watt; None without a published power."""
        return None if self.watts is None else self.fps / self.watts

    def _repr_html_(self) -> str:
        rows = [*self.ms.items(), ("all", self.latency_ms)]
        note = f"{self.fps:.4g} sentences a second, {self.gops:.4g} GOPS"
        beyond = f"; extrapolated in {', '.join(self.outside)}" if self.outside else ""
        return html.table("one sentence", ("part", "ms"), rows, note + beyond)


@dataclass(frozen=True)
class FqBert:
    """FQ-BERT's accelerator: `pus` processing units of `n` PEs, each of `m` multipliers of 8 x 4 bits.

    Latency is overhead * (cycles in which multipliers work) + softmax and layer normalisation on m lanes +
    a constant time; resources are lines in multipliers, PEs and lanes. `fits` tells their origin.
    values : the numbers of the record, in its units
    source : fq_bert_date2021, Table III; how columns and heads are dealt to units that do not divide them is
             assumed, the published designs divide all
    """

    name: str
    pus: int
    n: int
    m: int
    values: dict[str, Any]

    @property
    def fits(self) -> dict[str, FqBertFit]:
        """The fits of latency, dsp, ff and lut: constants, points met, residuals."""
        return fits()

    @property
    def multipliers(self) -> int:
        """Of 8 x 4 bits, all."""
        return self.pus * self.n * self.m

    @property
    def peak_gops(self) -> float:
        """All multipliers at work at 8 x 4 bits, 10^9 operations a second."""
        return 2e-3 * self.multipliers * float(self.values["clock"])

    def inference(self, model: Any = "bert-base", sequence: int = 128) -> Inference:
        """One sentence through all layers of a model's shape.

        model    : whatever shape() takes
        sequence : tokens; 0 costs nothing
        errors   : ValueError naming the argument

        >>> from siliconbert.hardware import accelerator
        >>> round(accelerator("fq-bert-zcu111").inference().latency_ms, 2)
        23.79
        """
        sizes = shape(model)
        found = evaluate(self.values, [self._size], sizes, sequence)
        macs = sizes.layers * sum(_core.macs(layer_work(sizes, 1, sequence)).values())
        alike = (sizes.hidden, sizes.ffn, sizes.heads, sizes.layers) == (768, 3072, 12, 12)
        watts = self._published.get("power") if alike and sequence == self.values["sequence"] else None
        return Inference(
            {part: float(each[0]) for part, each in found.ms.items()},
            macs,
            float(found.weight_bytes[0]),
            (*self.outside(), *self._work_outside(alike, sequence)),
            watts,
        )

    def resources(self, model: Any = "bert-base", sequence: int = 128) -> dict[str, float]:
        """DSP, FF, LUT, and memories of 18 kbit at the least and at the most.

        model, sequence : what the buffers must hold
        returns         : dsp, ff, lut, and bram18_packed (both halves of a double buffer in one memory),
                          bram18_separate (each in its own), bram18_activations (those of both that hold
                          activations; a device with URAM may keep them there)

        >>> from siliconbert.hardware import accelerator
        >>> round(accelerator("fq-bert", n=16, m=12).resources()["dsp"])
        2479
        """
        found = evaluate(self.values, [self._size], shape(model), sequence)
        return {key: float(each[0]) for key, each in found.resources.items()}

    def outside(self) -> tuple[str, ...]:
        """In what the design is extrapolated from the three published ones; empty: in nothing."""
        seen = [(one["n"], one["m"], one["n"] * one["m"]) for one in published().values()]
        asked = zip(
            ("n", "m", "n * m"), (self.n, self.m, self.n * self.m), zip(*seen, strict=True), strict=True
        )
        found = [
            f"{what} = {value}, seen {min(known)}..{max(known)}"
            for what, value, known in asked
            if not min(known) <= value <= max(known)
        ]
        common = shared()
        found += [
            f"{key} = {value}, seen {common[key]}"
            for key, value in (
                ("pus", self.pus),
                *((k, self.values[k]) for k in ("clock", "weight_bits", "bim", "multiplier_dsp")),
            )
            if value != common[key]
        ]
        return tuple(found)

    def _work_outside(self, alike: bool, sequence: int) -> tuple[str, ...]:
        known = self.values["sequence"]
        found = [] if alike else ["another shape than BERT base"]
        return (*found, *([f"sequence = {sequence}, seen {known}"] if sequence != known else []))

    @property
    def _size(self) -> tuple[int, int, int]:
        return self.pus, self.n, self.m

    @property
    def _published(self) -> dict[str, Any]:
        """The published numbers of this design."""
        same = (self.n, self.m, ())
        for name, numbers in published().items():
            if name == self.name and (numbers["n"], numbers["m"], self.outside()) == same:
                return numbers
        return {}


def fq_bert(name: str, n: int | None, changes: dict[str, Any]) -> FqBert:
    """The record of that name with other values; accelerator() is its public door."""
    record = catalog.record("accelerators", name, "hardware.accelerator")
    values = shared() | record | catalog.numbers(record) | {"n": n or catalog.numbers(record).get("n")}
    known = sorted({*values, "m"})
    if unknown := set(changes) - set(known):
        raise ValueError(
            f"hardware.accelerator: changes must be among {', '.join(known)}; got {min(unknown)!r}"
        )
    values |= changes
    sizes = {key: values.get(key) for key in ("pus", "n", "m")}
    for key, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"hardware.accelerator: {key} must be a whole number of at least 1, got {size}")
    for key, choices in (("bim", BIMS), ("constant_per", CONSTANTS)):
        if values[key] not in choices:
            known_choices = ", ".join(choices)
            raise ValueError(
                f"hardware.accelerator: {key} must be one of {known_choices}; got {values[key]!r}"
            )
    if not values["clock"] > 0:
        raise ValueError(f"hardware.accelerator: clock must be positive, got {values['clock']}")
    return FqBert(name=name, values=values, **{key: int(size or 0) for key, size in sizes.items()})
