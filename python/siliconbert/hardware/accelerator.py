"""EdgeBERT's accelerator: a record of the catalogue at one size, and what layers and sentences cost on it.

Not in this model: reading the embeddings from ReRAM, moving weights, and GELU.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from siliconbert import catalog
from siliconbert._core import hardware as _core
from siliconbert.hardware.costs import Cost, Floats, Run, Segment, make_run, make_segment
from siliconbert.hardware.shapes import Shape, shape
from siliconbert.hardware.supply import curve, supply


def names() -> list[str]:
    """Names of all accelerators in the catalogue.

    >>> names()
    ['edgebert-12nm']
    """
    return sorted(catalog.records("accelerators"))


def accelerator(
    name: str,
    n: int = 16,
    leakage_mw: float | None = None,
    sfu_overlap: float | None = None,
    **changes: Any,
) -> Accelerator:
    """An accelerator of the catalogue.

    n           : lanes and units of the vector multiply-accumulate array, one of the record's sizes
    leakage_mw  : mW at nominal voltage; the record's value where None
    sfu_overlap : share of the special function unit's cycles hidden behind the processing unit's, 0..1;
                  the record's value where None
    changes     : other values of the record by key, in its units; among them frequency_curve
                  ("alpha-power", "linear", "proportional", "successor"), leakage_law ("barrier-lowering",
                  "constant-current") and regulator ("ideal", "linear"), see supply()
    errors      : ValueError for an unknown name, n, key or choice
    source      : accelerators.toml

    >>> accelerator("edgebert-12nm").layer("albert-base").cycles["pu"]
    3710976.0
    """
    record = catalog.record("accelerators", name, "hardware.accelerator")
    if n not in (sizes := record["sizes"].value):
        raise ValueError(f"hardware.accelerator: n must be one of {', '.join(map(str, sizes))}; got {n}")
    values = {key: q.value if isinstance(q, catalog.Quantity) else q for key, q in record.items()}
    if unknown := set(changes) - set(values):
        known = ", ".join(sorted(values))
        raise ValueError(f"hardware.accelerator: changes must be among {known}; got {min(unknown)!r}")
    values |= changes
    if leakage_mw is not None:
        values["leakage_power"] = leakage_mw
    if sfu_overlap is not None:
        values["sfu_overlap"] = sfu_overlap
    return Accelerator(name, n, values)


@dataclass(frozen=True)
class Accelerator:
    """EdgeBERT's accelerator with n x n multipliers: cycles, energy as V^2 x cycles, planned voltage.

    values: the numbers of the record, in its units. Energy a cycle is set so that the record's average power
    is met at its size; at another n it scales with n^energy_exponent, an assumption.
    source: edgebert_micro2021, Secs. 5.2, 7, 8; edgebert_code
    """

    name: str
    n: int
    values: dict[str, Any]

    def layer(
        self, model: Any, sequence: int = 128, heads_off: int = 0, density: float = 1.0, ramp: bool = False
    ) -> Cost:
        """The cost of one encoder layer for one sentence.

        model     : whatever shape() takes
        sequence  : tokens, padding included (the paper pads to 128)
        heads_off : heads that the learned spans switch off
        density   : kept fraction of the encoder's weights; changes kept_macs_by_part only
        ramp      : with the exit classifier (pooler, classifier, entropy) after the layer
        """
        work = self._work(shape(model), sequence, heads_off, density, ramp)
        cycles = _core.layer_cycles(self._units, work)
        total = sum(cycles.values())
        whole = _core.nominal(self._supply, [total], [total * self._energy_per_cycle])
        per_cycle_pj = self._energy_per_cycle * 1e12
        energy_pj = {unit: count * per_cycle_pj for unit, count in cycles.items()}
        energy_pj |= {part: float(whole[part][0]) * 1e12 for part in ("leakage", "clock")}
        seconds = float(whole["latency"][0])
        return Cost(_core.macs(work), _core.macs(work, kept=True), cycles, energy_pj, seconds)

    def base(
        self,
        model: Any,
        sentences: int = 1,
        sequence: int = 128,
        heads_off: int = 0,
        target_ms: float | None = None,
    ) -> Run:
        """Sentences through all layers and the main classifier, at nominal voltage and frequency.

        target_ms: milliseconds a sentence may take; None: no target, all are feasible
        """
        sizes = shape(model)
        layer = self._cycles(sizes, sequence, heads_off, ramp=False)
        classifier = self._cycles(sizes, sequence, heads_off, ramp=True) - layer
        return self._nominal(np.full(sentences, sizes.layers * layer + classifier), target_ms, "base")

    def early_exit(
        self,
        model: Any,
        layer: ArrayLike,
        sequence: int = 128,
        heads_off: int = 0,
        target_ms: float | None = None,
    ) -> Run:
        """Sentences that leave after the given layers (1..L), at nominal voltage and frequency.

        Every layer that runs has an exit classifier. target_ms: as in base().
        """
        sizes = shape(model)
        exits = np.atleast_1d(np.asarray(layer))
        if exits.size and not (exits.min() >= 1 and exits.max() <= sizes.layers):
            raise ValueError(
                f"early_exit: layer must be in 1..{sizes.layers}, got {exits.min()}..{exits.max()}"
            )
        return self._nominal(
            exits * self._cycles(sizes, sequence, heads_off, ramp=True), target_ms, "early_exit"
        )

    def sentences(
        self,
        model: Any,
        layer: ArrayLike,
        predicted: ArrayLike,
        target_ms: float = 50.0,
        sequence: int = 128,
        heads_off: int = 0,
        first: int = 1,
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
        plan = self._plan(shape(model), target_ms, sequence, heads_off, first)
        return make_run(
            _core.planned(self._supply, plan, np.atleast_1d(layer), np.atleast_1d(predicted)), target_ms
        )

    def timeline(
        self,
        model: Any,
        layer: int,
        predicted: int,
        target_ms: float = 50.0,
        sequence: int = 128,
        heads_off: int = 0,
        first: int = 1,
    ) -> list[Segment]:
        """One latency-aware sentence, stretch by stretch, as the paper's Figure 7 shows it.

        Arguments are those of sentences(); the joules of all segments but "idle" add up to its energy.

        >>> [s.what for s in accelerator("edgebert-12nm").timeline("albert-base", 2, 2)]
        ['layer 1', 'plan', 'settle', 'layer 2', 'raise', 'idle']
        """
        plan = self._plan(shape(model), target_ms, sequence, heads_off, first)
        found = [make_segment(*each) for each in _core.timeline(self._supply, plan, layer, predicted)]
        end = (found[-1].start_ms + found[-1].ms) * 1e-3
        left = max(0.0, target_ms * 1e-3 - end)
        lowest = self.values["voltage_levels"][0]
        return [
            *found,
            make_segment("idle", end, left, lowest, 0.0, float(self._supply.leakage(lowest)) * left),
        ]

    def fastest(self, voltage: float) -> float:
        """The highest frequency at a voltage, Hz, by the frequency_curve, a model (see supply.curve).

        >>> accelerator("edgebert-12nm").fastest(0.8)
        1000000000.0
        """
        return float(curve(self.values).frequency(voltage))

    def leakage(self, voltage: float) -> float:
        """Leakage power at a voltage, W."""
        return float(self._supply.leakage(voltage))

    def _work(self, sizes: Shape, sequence: int, heads_off: int, density: float, ramp: bool) -> Any:
        if sequence < 0 or heads_off < 0:
            raise ValueError(
                f"hardware: sequence and heads_off must be at least 0, got {sequence} and {heads_off}"
            )
        return _core.LayerWork(
            tokens_attention=sequence,
            tokens_ffn=sequence,
            hidden=sizes.hidden,
            heads=sizes.heads,
            heads_off=heads_off,
            ffn=sizes.ffn,
            density=density,
            classes=sizes.classes if ramp else 0,
        )

    def _cycles(self, sizes: Shape, sequence: int, heads_off: int, ramp: bool) -> float:
        work = self._work(sizes, sequence, heads_off, 1.0, ramp)
        return float(sum(_core.layer_cycles(self._units, work).values()))

    def _plan(self, sizes: Shape, target_ms: float, sequence: int, heads_off: int, first: int) -> Any:
        layer = self._cycles(sizes, sequence, heads_off, ramp=True)
        choice = _core.voltage_cycles(self._units)
        return _core.LatencyPlan(
            layer_cycles=layer,
            layer_energy=layer * self._energy_per_cycle,
            plan_cycles=choice,
            plan_energy=choice * self._energy_per_cycle,
            layers=sizes.layers,
            first=first,
            target=target_ms * 1e-3,
        )

    def _nominal(self, cycles: Floats, target_ms: float | None, caller: str) -> Run:
        if target_ms is not None and not target_ms > 0:
            raise ValueError(f"{caller}: target_ms must be positive, got {target_ms}")
        table = _core.nominal(self._supply, cycles, cycles * self._energy_per_cycle)
        if target_ms is not None:
            table["feasible"] = table["latency"] <= target_ms * 1e-3
        return make_run(table, target_ms)

    @cached_property
    def _units(self) -> Any:
        keys = (
            "softmax_interval",
            "layer_norm_interval",
            "add_interval",
            "entropy_interval",
            "voltage_interval",
        )
        numbers = {key: self.values[key] for key in (*keys, "sfu_overlap")}
        return _core.EdgebertUnits(n=self.n, **numbers)

    @cached_property
    def _supply(self) -> Any:
        return supply(self.values)

    @property
    def _energy_per_cycle(self) -> float:
        """Dynamic energy a cycle at nominal voltage, J."""
        v = self.values
        dynamic_mw = v["average_power"] - v["leakage_power"] - v["clock_power"]
        if dynamic_mw < 0:
            raise ValueError(
                "hardware: leakage must leave a dynamic power of at least 0 of the average power, "
                f"got {v['leakage_power']:g} of {v['average_power']:g} mW"
            )
        scale = (self.n / v["calibrated_size"]) ** v["energy_exponent"]
        return float(dynamic_mw * 1e-3 / (v["nominal_frequency"] * 1e9) * scale)
