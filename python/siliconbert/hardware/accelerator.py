"""EdgeBERT's accelerator: a record of the catalogue at one size, and what layers and sentences cost on it.

Not in this model: reading the embeddings, the memory that holds the encoder's weights, GELU, biases and
transposes, which the public hardware leaves to its host.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from siliconbert import catalog, html
from siliconbert._core import hardware as _core
from siliconbert.hardware.area import cell_areas, reram_area
from siliconbert.hardware.calibration import OVERLAPS, Calibration, calibrate, core_energies, units
from siliconbert.hardware.costs import Cost, Floats, Run, Timeline, make_run, make_segment
from siliconbert.hardware.fq_bert import FqBert, fq_bert
from siliconbert.hardware.power_on import Table, rows_joules
from siliconbert.hardware.shapes import layers_run, shape
from siliconbert.hardware.supply import curve, supply
from siliconbert.hardware.work import layer_work

FqBertName = Literal["fq-bert", "fq-bert-zcu102", "fq-bert-zcu102-16x8", "fq-bert-zcu111"]


def names(family: str = "edgebert") -> list[str]:
    """Names of a family's accelerators in the catalogue; family: "edgebert" or "fq-bert".

    >>> names()
    ['edgebert-12nm']
    >>> names("fq-bert")
    ['fq-bert', 'fq-bert-zcu102', 'fq-bert-zcu102-16x8', 'fq-bert-zcu111']
    """
    records = catalog.records("accelerators")
    return sorted(name for name, record in records.items() if record.get("family", "edgebert") == family)


@overload
def accelerator(name: FqBertName, n: int | None = None, **changes: Any) -> FqBert: ...


@overload
def accelerator(
    name: str,
    n: int | None = None,
    leakage_mw: float | None = None,
    sfu_overlap: float | None = None,
    overlap: str | None = None,
    **changes: Any,
) -> Accelerator: ...


def accelerator(
    name: str,
    n: int | None = None,
    leakage_mw: float | None = None,
    sfu_overlap: float | None = None,
    overlap: str | None = None,
    **changes: Any,
) -> Accelerator | FqBert:
    """An accelerator of the catalogue.

    Of the family "fq-bert", which is for FPGAs, an FqBert: n is its PEs a PU; changes: its m
    (multipliers a PE), pus and other values of the record. Of EdgeBERT's family an Accelerator:

    n           : lanes and units of the vector multiply-accumulate array, one of the record's sizes; 16 where
                  None
    leakage_mw  : mW at nominal voltage; the record's value where None
    sfu_overlap : share of the special function unit's cycles hidden behind the processing unit's, 0..1;
                  the record's value where None
    overlap     : what runs at the same time: "none" (as the public driver), "transfers" (the bus hides behind
                  both units) or "all" (the SFU hides behind the PU too); the record's where None
    changes     : other values of the record by key, in its units; among them frequency_curve
                  ("alpha-power", "linear", "proportional", "successor"), leakage_law ("barrier-lowering",
                  "constant-current") and regulator ("ideal", "linear"), see supply()
    errors      : ValueError for an unknown name, n, key or choice
    source      : accelerators.toml

    >>> accelerator("edgebert-12nm").layer("albert-base").cycles["pu"]
    3710976.0
    >>> accelerator("fq-bert", n=16, m=12).multipliers
    2304
    """
    record = catalog.record("accelerators", name, "hardware.accelerator")
    named = {"leakage_mw": leakage_mw, "sfu_overlap": sfu_overlap, "overlap": overlap}
    if record.get("family") == "fq-bert":
        return fq_bert(name, n, changes | {key: value for key, value in named.items() if value is not None})
    n = 16 if n is None else n
    if n not in (sizes := record["sizes"].value):
        raise ValueError(f"hardware.accelerator: n must be one of {', '.join(map(str, sizes))}; got {n}")
    values = record | catalog.numbers(record)
    if unknown := set(changes) - set(values):
        known = ", ".join(sorted(values))
        raise ValueError(f"hardware.accelerator: changes must be among {known}; got {min(unknown)!r}")
    values |= changes
    if overlap is not None:
        values["sfu_overlap"], values["transfer_overlap"] = _overlap(overlap)
    if leakage_mw is not None:
        values["leakage_power"] = leakage_mw
    if sfu_overlap is not None:
        values["sfu_overlap"] = sfu_overlap
    return Accelerator(name, n, values)


def _overlap(name: str) -> tuple[float, float]:
    if name not in OVERLAPS:
        raise ValueError(f"hardware.accelerator: overlap must be one of {', '.join(OVERLAPS)}; got {name!r}")
    return OVERLAPS[name]


@dataclass(frozen=True)
class Accelerator:
    """EdgeBERT's accelerator with n x n multipliers: cycles, energy of counted actions, planned voltage.

    values : the numbers of the record, in its units. Energy is counts times published energies an action,
             and one constant a cycle so that the record's average power is met at its size: `calibration`
    source : edgebert_micro2021, Secs. 5.2, 7, 8; edgebert_code; actions.toml

    Keyword arguments `work` of its methods are those of layer() but model and ramp.
    """

    name: str
    n: int
    values: dict[str, Any]

    def layer(
        self, model: Any, sequence: int = 128, heads_off: int = 0, *, ramp: bool = False, **work: Any
    ) -> Cost:
        """The cost of one encoder layer for one sentence.

        model     : whatever shape() takes
        ramp      : with the exit classifier (pooler, classifier, entropy) after the layer
        sequence  : tokens, padding included (the paper pads to 128)
        heads_off : heads that the learned spans switch off
        spans     : instead of heads_off, models.Spans of one weight set, or z of every head (ramp: 32 tokens)
        density   : kept share of the encoder's weights, a number or a Density, or one each for qkv, output,
                    ffn_up and ffn_down: fewer bytes move, and vectors of n weights that are all zero take no
                    energy in the multipliers. The processing unit's cycles do not depend on it
        rule      : what a span takes away: "paper", the heads that are off but not their slice of the output
                    product; "window", that slice too, and the pairs of tokens beyond a head's reach
        width     : bits of a weight and of an activation; cycles do not depend on it
        errors    : ValueError naming the argument; also where a tile does not fit the buffers

        >>> accelerator("edgebert-12nm").layer("albert-base", heads_off=8).macs_by_part["scores"]
        4194304.0
        """
        sizes = shape(model)
        asked = layer_work(sizes, self.n, sequence, heads_off, ramp=ramp, **work)
        cost = _core.layer_cost(self._units, asked)
        dynamic = _core.dynamic_energy(self._energies(work.get("width", 8)), cost)
        whole = _core.nominal(self._supply, [sum(cost.time.values())], [sum(dynamic.values())])
        energy_pj = {part: joules * 1e12 for part, joules in dynamic.items()}
        energy_pj["leakage"] = float(whole["leakage"][0]) * 1e12
        energy_pj["adpll"] = float(whole["adpll"][0]) * 1e12
        return Cost(
            macs_by_part=_core.macs(asked),
            kept_macs_by_part=_core.macs(asked, kept=True),
            cycles=cost.time,
            busy=cost.busy,
            actions=cost.actions,
            tiles=_core.tilings(self._units, asked),
            energy_pj=energy_pj,
            seconds=float(whole["latency"][0]),
        )

    def parts(
        self,
        model: Any,
        exit_layer: int | None = None,
        table: Table | None = None,
        embeddings: str = "reram",
        **work: Any,
    ) -> dict[str, float]:
        """Energy of one sentence at nominal voltage by part, J: those of layer(), reram and dram.

        exit_layer : 1..L, a classifier after every layer; None: all layers and the main classifier
        table      : the embeddings; ALBERT base's, pruned to 40 %, where None
        embeddings : "reram": the sentence's rows are read there; "dram": they are fetched anew

        >>> found = accelerator("edgebert-12nm").parts("albert-base")
        >>> max(found, key=found.get), found["dram"]
        ('sram', 0.0)
        """
        ramps, plain = layers_run(shape(model), exit_layer, "parts")
        with_ramp, without = (self.layer(model, ramp=ramp, **work).energy_pj for ramp in (True, False))
        found = {part: (ramps * with_ramp[part] + plain * without[part]) * 1e-12 for part in with_ramp}
        return found | rows_joules(table or Table(), embeddings, work.get("sequence", 128))

    def area(self) -> dict[str, float]:
        """Area by part, mm^2: cells grown by the calibrated factor, and the ReRAM by the paper's own density.

        >>> round(sum(accelerator("edgebert-12nm").area().values()), 9)
        1.4
        """
        layout = self.calibration.layout
        parts = {part: area * layout for part, area in cell_areas(self.values, self.n).items()}
        return parts | {"reram": reram_area(self.values)}

    def _repr_html_(self) -> str:
        rows = [(part, mm2) for part, mm2 in self.area().items()]
        title = f"{self.name}, {self.n} x {self.n} multipliers"
        return html.table(title, ("part", "mm^2"), [*rows, ("all", sum(mm2 for _, mm2 in rows))])

    @cached_property
    def calibration(self) -> Calibration:
        """The two constants that were set to meet the two published totals."""
        return calibrate(self.values)

    def base(self, model: Any, sentences: int = 1, target_ms: float | None = None, **work: Any) -> Run:
        """Sentences through all layers and the main classifier, at nominal voltage and frequency.

        target_ms: milliseconds a sentence may take; None: no target, all are feasible
        """
        layers = shape(model).layers
        plain, last = (np.array(self._layer(model, ramp, work)) for ramp in (False, True))
        return self._nominal(np.tile((layers - 1) * plain + last, (sentences, 1)), target_ms, "base")

    def early_exit(self, model: Any, layer: ArrayLike, target_ms: float | None = None, **work: Any) -> Run:
        """Sentences that leave after the given layers (1..L), at nominal voltage and frequency.

        Every layer that runs has an exit classifier. target_ms: as in base().
        """
        layers = shape(model).layers
        exits = np.atleast_1d(np.asarray(layer))
        if exits.size and not (exits.min() >= 1 and exits.max() <= layers):
            raise ValueError(f"early_exit: layer must be in 1..{layers}, got {exits.min()}..{exits.max()}")
        each = np.array(self._layer(model, True, work))
        return self._nominal(np.multiply.outer(exits, each), target_ms, "early_exit")

    def sentences(
        self,
        model: Any,
        layer: ArrayLike,
        predicted: ArrayLike,
        target_ms: float = 50.0,
        first: int = 1,
        **work: Any,
    ) -> Run:
        """Latency-aware sentences: after layer `first` the voltage is planned from the predicted layer.

        Latency and energy are those of the layers that really run.

        layer, predicted : exits.by_prediction's, (N,), 1 <= layer <= predicted <= L
        target_ms        : milliseconds a sentence may take
        returns          : a sentence that cannot make it runs at nominal and is not feasible
        errors           : ValueError for a target that is not positive or layers out of range
        source           : edgebert_micro2021, Algorithm 2, Sec. 5.2

        >>> run = accelerator("edgebert-12nm").sentences("albert-base", [8], [8], target_ms=50)
        >>> float(run.voltage[0])
        0.7
        """
        supply, plan = self.core(model, target_ms, first, **work)
        found = _core.planned(supply, plan, np.atleast_1d(layer), np.atleast_1d(predicted))
        return make_run(found, target_ms)

    def timeline(self, model: Any, layer: int, predicted: int, **plan: Any) -> Timeline:
        """One latency-aware sentence, stretch by stretch, as the paper's Figure 7 shows it.

        plan : target_ms, first and work of sentences(). The joules of all segments but "idle" add up to its
               energy

        >>> [s.what for s in accelerator("edgebert-12nm").timeline("albert-base", 2, 2)]
        ['layer 1', 'plan', 'settle', 'layer 2', 'raise', 'idle']
        """
        segments = _core.timeline(*self.core(model, **plan), layer, predicted)
        return Timeline(make_segment(*each) for each in segments)

    def fastest(self, voltage: float) -> float:
        """The highest frequency at a voltage, Hz, by the frequency_curve, a model (see supply.curve).

        >>> accelerator("edgebert-12nm").fastest(0.8)
        1000000000.0
        """
        return float(self._curve.frequency(voltage))

    def leakage(self, voltage: float) -> float:
        """Leakage power at a voltage, W."""
        return float(self._supply.leakage(voltage))

    def core(self, model: Any, target_ms: float = 50.0, first: int = 1, **work: Any) -> tuple[Any, Any]:
        """The core's Supply and LatencyPlan that sentences() runs on; arguments are those of sentences()."""
        cycles, joules = self._layer(model, True, work)
        choice = _core.voltage_cycles(self._units)
        plan = _core.LatencyPlan(
            layer_cycles=cycles,
            layer_energy=joules,
            plan_cycles=choice,
            plan_energy=choice * self._cycle_pj * 1e-12,
            layers=shape(model).layers,
            first=first,
            target=target_ms * 1e-3,
        )
        return self._supply, plan

    def _layer(self, model: Any, ramp: bool, work: dict[str, Any]) -> tuple[float, float]:
        """Cycles of a layer, and their dynamic energy at nominal voltage, J."""
        cost = _core.layer_cost(self._units, layer_work(shape(model), self.n, ramp=ramp, **work))
        dynamic = _core.dynamic_energy(self._energies(work.get("width", 8)), cost)
        return sum(cost.time.values()), sum(dynamic.values())

    def _nominal(self, work: Floats, target_ms: float | None, caller: str) -> Run:
        """Rows of cycles and joules."""
        if target_ms is not None and not target_ms > 0:
            raise ValueError(f"{caller}: target_ms must be positive, got {target_ms}")
        table = _core.nominal(self._supply, work[:, 0], work[:, 1])
        if target_ms is not None:
            table["feasible"] = table["latency"] <= target_ms * 1e-3
        return make_run(table, target_ms)

    def _energies(self, width: int) -> Any:
        if width not in self._by_width:
            self._by_width[width] = core_energies(
                self.values, width, self._cycle_pj, self.calibration.actions
            )
        return self._by_width[width]

    @cached_property
    def _by_width(self) -> dict[int, Any]:
        return {}

    @cached_property
    def _curve(self) -> Any:
        return curve(self.values)

    @property
    def _cycle_pj(self) -> float:
        size = self.n / self.values["calibrated_size"]
        return float(self.calibration.cycle_pj * size ** self.values["clock_exponent"])

    @cached_property
    def _units(self) -> Any:
        return units(self.values, self.n)

    @cached_property
    def _supply(self) -> Any:
        """With leakage that grows with the cells' area (assumed)."""
        ours, theirs = (
            sum(cell_areas(self.values, n).values()) for n in (self.n, self.values["calibrated_size"])
        )
        return supply(self.values | {"leakage_power": self.values["leakage_power"] * ours / theirs})
