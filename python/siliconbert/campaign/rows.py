"""A campaign's rows and what they say: one record for every configuration on every accelerator."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from siliconbert import html
from siliconbert.campaign import costs, parts, plan, results, statistics
from siliconbert.campaign.config import Trials
from siliconbert.campaign.standing import Standing, by_config, good, standing
from siliconbert.campaign.store import Store

_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Rows:
    """What a store holds.

    folder   : of the store; damaged: names of parts that were left out or set aside
    manifest : settings, code, numeric path, labels of the configurations

    >>> from siliconbert.campaign.run import Campaign
    >>> from siliconbert.campaign.config import parse
    >>> Path("SST-2").mkdir(exist_ok=True)
    >>> _ = Path("SST-2/dev.tsv").write_text("sentence\\tlabel\\na fine film\\t1\\n")
    >>> few = {"models": ["edgebert-mini/sst2"], "tasks": ["sst2"], "cells": ["rram-mlc3"], "trials": 3}
    >>> record = Campaign(parse(few)).run("rows", glue=".").summary()[0]
    >>> record["state"], record["trials"], record["sentences"]
    ('done', 3, 1)
    """

    folder: Path
    manifest: dict[str, Any]
    mix_paths: bool = False
    damaged: tuple[str, ...] = ()

    @classmethod
    def read(cls, store: Store) -> Rows:
        """The rows of a store; errors: ValueError where it is none."""
        return cls(store.folder, store.read_manifest(), store.mix_paths, tuple(store.damaged))

    def table(self) -> pa.Table:
        """All rows as an Arrow table, one per (config, trial), in that order.

        config    : hash of the configuration, see manifest["points"]
        trial     : number of the trial; -1: the configuration itself, without faults
        reason    : why there is no result; null where there is one
        bits      : bit i % 8 (lowest first) of byte i // 8: whether sentence i was right
        layers, predicted : one byte a sentence, where there is an exit rule (that predicts)
        seconds, host     : of the computation; no other column depends on them
        """
        return self._table

    def summary(self) -> list[dict[str, Any]]:
        """One plain record for every configuration on every accelerator.

        model .. exit          : labels; config: its hash; state: done, running, infeasible or failed; reason
        trials, sentences      : how many
        accuracy, low, high    : mean over trials and sentences with its interval, 0..1; clean: without faults
        minimum, q05, q50, q95 : of the trials' accuracies
        events, rerun, nonfinite : means per trial: cells misread, sentences touched, sentences with a
                                 non-finite answer; ecc_counts: sums over trials
        layer                  : mean exit layer
        accelerator, target_ms, latency_ms, energy_mj, late: per sentence, at the exit layers; share over the
                                 target; cost_reason where it has none. energy_parts: mJ by part
        bytes, area_mm2, read_latency_ns : of the stored tensor
        """
        trials = Trials.model_validate(self.manifest["settings"]["trials"])
        found = []
        for config, rows in by_config(self._table, self.manifest["points"]):
            notes = _notes(rows)
            record = {**self.manifest["points"][config], "config": config, **_record(rows, notes, trials)}
            found += [record | costs.cost(a, rows, notes) for a in self.manifest["settings"]["accelerators"]]
        return found

    def _repr_html_(self) -> str:
        found = results.table(self.manifest, self.summary())
        return html.table(self.folder.name, found.titles(), found.lines(), "\n".join(found.header))

    @cached_property
    def _table(self) -> pa.Table:
        return Store(self.folder, self.mix_paths).table()


def _notes(rows: pa.Table) -> dict[str, Any]:
    found = rows["notes"].drop_null().to_pylist()
    return dict(json.loads(found[0])) if found else {}


def _record(rows: pa.Table, notes: dict[str, Any], trials: Trials) -> dict[str, Any]:
    at = standing(rows, trials)
    figures = _accuracies(rows, at, trials) if at.trials and notes else {}
    known = {"state": at.state, "reason": at.reason, "trials": at.trials, "failed": at.failed}
    return {**known, **figures, **(_memory(notes) if notes else {})}


def _accuracies(rows: pa.Table, at: Standing, trials: Trials) -> dict[str, Any]:
    found, clean = good(rows), rows.slice(0, 1).to_pylist()[0]
    sentences = clean["sentences"]
    interval = statistics.campaign_interval(
        answers(found, sentences),
        anytime=trials.width is not None,
        confidence=trials.confidence,
        clean=answers(rows.slice(0, 1), sentences)[0],
        unchanged=plan.unchanged(clean["notes"]),
    )
    quantiles = np.quantile(at.accuracy, _QUANTILES)
    return {
        "sentences": sentences,
        "clean": clean["correct"] / sentences,
        "accuracy": interval.value,
        "low": interval.low,
        "high": interval.high,
        "confidence": interval.confidence,
        "minimum": float(at.accuracy.min()),
        **{f"q{100 * q:02.0f}": float(value) for q, value in zip(_QUANTILES, quantiles, strict=True)},
        **{name: pc.mean(found[name]).as_py() for name in ("events", "rerun", "nonfinite")},
        "ecc_counts": _sums(found["ecc"]),
        "layer": _layer(found, json.loads(clean["notes"])),
    }


def answers(rows: pa.Table, sentences: int) -> NDArray[np.bool_]:
    """Which sentences were right, (trials, sentences)."""
    packed = parts.column_bytes(rows["bits"]).reshape(len(rows), -1)
    return np.unpackbits(packed, axis=1, count=sentences, bitorder="little").astype(bool)


def _sums(column: pa.ChunkedArray) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in column.to_pylist():
        for name, count in entry or ():
            found[name] = found.get(name, 0) + count
    return found


def _layer(good: pa.Table, notes: dict[str, Any]) -> float:
    if good["layers"].null_count:
        return float(notes["shape"]["layers"])
    return float(parts.column_bytes(good["layers"]).mean())


def _memory(notes: dict[str, Any]) -> dict[str, Any]:
    return {
        "bytes": -(-sum(notes["bits"].values()) // 8),
        "area_mm2": notes["area_mm2"],
        "read_latency_ns": notes["read_latency_ns"],
        "threshold": notes["threshold"],
    }
