"""Seconds and joules of a campaign's sentences on an accelerator, from the layers where they left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siliconbert import hardware
from siliconbert.campaign.grid import text
from siliconbert.campaign.parts import column_bytes
from siliconbert.campaign.standing import good


def cost(machine: dict[str, Any] | None, rows: pa.Table, notes: dict[str, Any]) -> dict[str, Any]:
    """Mean latency and energy per sentence over all trials, and the share of sentences over the target.

    Without an exit rule all layers run at nominal voltage; by entropy too, up to the exit; a predicted exit
    is run as slowly as the target allows.

    machine : an entry of the settings' accelerators, or None
    rows    : of one configuration; notes: of its own row
    returns : accelerator and, where there are rows, figures, or cost_reason where it cannot take the model
    """
    if machine is None:
        return {}
    name = text({key: entry for key, entry in machine.items() if key not in ("name", "target_ms")})
    known = {"accelerator": f"{machine['name']}, {name}", "target_ms": machine["target_ms"]}
    trials = good(rows)
    if not notes or not len(trials):
        return known
    try:
        run, weights = _run(machine, trials, notes)
    except ValueError as error:
        return {**known, "cost_reason": str(error)}
    return {
        **known,
        "latency_ms": 1e3 * _mean(run.latency, weights),
        "energy_mj": 1e3 * _mean(run.energy, weights),
        "energy_parts": _parts(machine, run, weights, notes, ramp=not trials["layers"].null_count),
        "late": None if machine["target_ms"] is None else _mean(~run.feasible, weights),
    }


def _run(
    machine: dict[str, Any], trials: pa.Table, notes: dict[str, Any]
) -> tuple[hardware.Run, NDArray[np.int64]]:
    """The different ways in which sentences ran, and how many ran so."""
    accelerator = hardware.accelerator(machine["name"], n=machine["n"])
    shape, own = machine["shape"] or notes["shape"], hardware.shape(notes["shape"])
    if (depth := hardware.shape(shape).layers) != own.layers:
        raise ValueError(f"shape must have {own.layers} layers, as the model; {shape} has {depth}")
    target, sequence = machine["target_ms"], machine["sequence"]
    if trials["layers"].null_count:
        return accelerator.base(shape, sequence=sequence, target_ms=target), np.ones(1, np.int64)
    layers = column_bytes(trials["layers"])
    if trials["predicted"].null_count or target is None:
        kinds, counts = np.unique(layers, return_counts=True)
        return accelerator.early_exit(shape, kinds, sequence=sequence, target_ms=target), counts
    predicted = column_bytes(trials["predicted"])
    pairs, counts = np.unique(layers.astype(np.int64) << 8 | predicted, return_counts=True)
    run = accelerator.sentences(shape, pairs >> 8, pairs & 255, target_ms=target, sequence=sequence)
    return run, counts


def _parts(
    machine: dict[str, Any],
    run: hardware.Run,
    weights: NDArray[np.int64],
    notes: dict[str, Any],
    ramp: bool,
) -> dict[str, float]:
    """Mean energy by part, mJ; the dynamic one, whose parts scale alike, in the shares of one layer."""
    found = {part: 1e3 * _mean(joules, weights) for part, joules in run.by_part.items()}
    accelerator = hardware.accelerator(machine["name"], n=machine["n"])
    shape, sequence = machine["shape"] or notes["shape"], machine["sequence"]
    layer = accelerator.layer(shape, sequence=sequence, ramp=ramp).energy_pj
    shares = {part: energy for part, energy in layer.items() if part not in found}
    scale = found.pop("dynamic") / sum(shares.values())
    return {part: scale * energy for part, energy in shares.items()} | found


def _mean(values: NDArray[Any], weights: NDArray[np.int64]) -> float:
    return float(np.average(values, weights=weights))
