"""One configuration made ready, and its trials as rows."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from siliconbert import faults, hardware
from siliconbert.campaign import area, exits, parts, records
from siliconbert.campaign.grid import Point
from siliconbert.campaign.rules import Rule
from siliconbert.data import Data
from siliconbert.models import Model, Trace
from siliconbert.models.stored import Stored
from siliconbert.models.trials import Trials

# Clean traces kept in memory: neighbours in the grid share them.
_KEPT = 4


@dataclass(frozen=True)
class Ready:
    """A configuration with its stored model, clean trace, fault model and exit rule."""

    point: Point
    data: Data
    stored: Stored
    clean: Trace
    fault: Any
    rule: Rule | None

    @classmethod
    def make(cls, point: Point, here: Path, model: Model, data: Data, threads: int | None) -> Ready:
        """Builds all of it; ValueError where the combination cannot be."""
        stored = model.store(
            point.tensor,
            records.format_of(point.format),
            point.layout,
            point.cells,
            point.ecc,
            gray=point.gray,
            order=point.order,
            seed=point.seed,
        )
        fault = faults.from_record(point.fault)
        faults.inject(stored.image, fault, point.seed, 0)
        clean = _clean(stored, data, point.content["sentences"], threads)
        rule = None if point.exit is None else Rule.make(point.exit, here, model, data.labels, clean)
        clean.accuracy(data.labels)
        return cls(point, data, stored, clean, fault, rule)

    def clean_row(self) -> dict[str, Any]:
        """The configuration without faults, and what is known of it."""
        right = self.clean.correct(self.data.labels)[:, -1]
        columns: dict[str, Any] = {"layers": None, "predicted": None}
        if self.rule is not None:
            layers = self.rule(self.clean.entropy)
            right = exits.right_at(self.clean, self.data.labels, layers.astype(np.int32))
            columns = {"layers": layers.tobytes(), "predicted": self.rule.last_predicted()}
        return {
            "trial": parts.CLEAN,
            "sentences": len(right),
            "correct": int(right.sum()),
            "bits": np.packbits(right, bitorder="little").tobytes(),
            "path": self.clean.path,
            "notes": json.dumps(self._notes()),
            **columns,
        }

    def trial_rows(self, numbers: tuple[int, ...], threads: int | None) -> list[dict[str, Any]]:
        """One record a trial."""
        started = time.perf_counter()
        if self.rule is not None:
            self.rule.forget()
        trials = self.stored.trials(
            self.fault,
            self.data,
            clean=self.clean,
            seed=self.point.seed,
            trials=numbers,
            threads=threads,
            rule=self.rule,
            progress=_breathe,
        )
        predicted = self.rule.predicted(trials.rerun) if self.rule else [None] * len(numbers)
        seconds = (time.perf_counter() - started) / len(numbers)
        return [
            {**_record(trials, t), "predicted": predicted[t], "seconds": seconds} for t in range(len(numbers))
        ]

    def _notes(self) -> dict[str, Any]:
        image, shape = self.stored.image, hardware.shape(self.stored)
        return {
            "bits": image.bits,
            "cells": image.cells,
            "area_mm2": _known(area.total(image)),
            "read_latency_ns": _known(area.read_latency_ns(image)),
            "format": str(image.format),
            "shape": asdict(shape),
            "expected_events": self._expected(),
            "threshold": self.rule.threshold if self.rule else None,
        }

    def _expected(self) -> float | None:
        """Events a trial in the image; None where nobody counts them: of activations, of a user's fault."""
        if self.fault.activations is not None or isinstance(self.fault, faults.OwnFault):
            return None
        return float(sum(faults.expected(self.stored.image, self.fault).values()))


def _known(value: float) -> float | None:
    """Cells of users may have no area or latency."""
    return None if math.isnan(value) else value


_CLEAN: dict[tuple[str, str], Trace] = {}


def _clean(stored: Stored, data: Data, sentences: str, threads: int | None) -> Trace:
    """The trace without faults; configurations with the same values share it."""
    key = (f"{stored.name} {stored.fingerprint}", sentences)
    if key not in _CLEAN:
        while len(_CLEAN) >= _KEPT:
            del _CLEAN[next(iter(_CLEAN))]
        _CLEAN[key] = stored.trace(data, threads=threads)
    return _CLEAN[key]


def _record(trials: Trials, t: int) -> dict[str, Any]:
    return {
        "trial": int(trials.trials[t]),
        "sentences": trials.sentences,
        "correct": int(trials.correct[t]),
        "bits": trials.bits[t].tobytes(),
        "layers": None if trials.layers is None else trials.layers[t].tobytes(),
        "events": int(trials.events[t]),
        "events_by_region": {name: int(counts[t]) for name, counts in trials.events_by_region.items()},
        "ecc": {name: int(counts[t]) for name, counts in trials.ecc.items()},
        "nonfinite": int(trials.nonfinite[t]),
        "rerun": int(trials.rerun[t]),
        "path": trials.path,
    }


def _breathe(done: int) -> None:
    """Being called lets Python see an interrupt."""
