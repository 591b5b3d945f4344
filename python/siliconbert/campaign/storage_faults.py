"""A matrix of a model in memory cells: what it takes, and what misreads do to the answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from siliconbert import faults
from siliconbert.campaign import statistics
from siliconbert.campaign.outcome import Bars, Measurement, Outcome, Quantity, percent
from siliconbert.campaign.setup import STAND_IN, Call, Subject, prepare
from siliconbert.models.stored import Stored
from siliconbert.models.trials import Trials

CLEAN = Quantity("accuracy_clean", "accuracy without faults", "%")
MEAN = Quantity("accuracy_mean", "mean accuracy", "%")
MINIMUM = Quantity("accuracy_min", "minimum accuracy", "%")
EVENTS = Quantity("events", "misread cells per trial", "", 3)
EXPECTED = Quantity("events_expected", "expected misread cells per trial", "", 3)
RERUN = Quantity("sentences_touched", "sentences touched per trial", "", 1)
AREA = Quantity("area", "area of the array", "mm^2", 3)
LATENCY = Quantity("read_latency", "read latency of the values", "ns")
MEBIBYTE = 2**20


def run(
    table: str,
    task: str,
    call: Call,
    model: str,
    data: str,
    tensor: str,
    fmt: str,
    cells: Sequence[str],
    mask_cell: str,
) -> Outcome:
    """One row of measurements per cell that holds the values of `tensor`; the mask is always in `mask_cell`.

    fmt : format of the stored values where the model's own weights are plain float32
    """
    subject = prepare(call.model or model, call.data or data, glue=call.glue, zoo=call.zoo, quick=call.quick)
    own = None if tensor in subject.model.formats else fmt
    images = {c: subject.model.store(tensor, own, "bitmask", {"values": c, "*": mask_cell}) for c in cells}
    clean = next(iter(images.values())).trace(subject.data, threads=call.threads)
    found, trials = [], {}
    for cell, stored in images.items():
        trials[cell] = _trials(stored, subject, call)
        found += [
            *_accuracies(cell, trials[cell]),
            *_events(cell, stored, trials[cell]),
            *_memory(cell, stored),
        ]
    right = clean.correct(subject.data.labels)[:, -1]
    clean_row = percent("no faults", CLEAN, statistics.wilson(int(right.sum()), len(right)))
    header = (*subject.header(clean), STAND_IN, *_lines(images, tensor, mask_cell, call))
    return Outcome(table, task, "model", header, (clean_row, *found), (_figure(trials),))


def _trials(stored: Stored, subject: Subject, call: Call) -> Trials:
    count = call.count_of_trials()
    return stored.trials(
        faults.CellMisread(),
        subject.data,
        seed=call.seed,
        trials=range(count),
        threads=call.threads,
        progress=call.progress(count),
    )


def _accuracies(cell: str, trials: Trials) -> list[Measurement]:
    correct = np.unpackbits(trials.bits, axis=1, count=trials.sentences, bitorder="little").astype(bool)
    mean = percent(cell, MEAN, statistics.campaign_interval(correct))
    return [mean, Measurement(cell, MINIMUM, 100 * float(trials.accuracy.min()))]


def _events(cell: str, stored: Stored, trials: Trials) -> list[Measurement]:
    count = len(trials.trials)
    seen = statistics.poisson(int(trials.events.sum()), confidence=0.95)
    expected = sum(faults.expected(stored.image, faults.CellMisread()).values())
    return [
        Measurement(cell, EVENTS, seen.value / count, seen.low / count, seen.high / count),
        Measurement(cell, EXPECTED, expected),
        Measurement(cell, RERUN, float(trials.rerun.mean())),
    ]


def _memory(cell: str, stored: Stored) -> list[Measurement]:
    found = [
        Measurement(cell, Quantity(f"{region}_bits", f"bits of {region}", "bit", 0), bits)
        for region, bits in stored.image.bits.items()
    ]
    regions = {region.name: faults.cell(region.map.cell) for region in stored.image.image.regions}
    area = sum(
        stored.image.bits[name] / 8 / MEBIBYTE * held.area_mm2_per_mb for name, held in regions.items()
    )
    return [
        *found,
        Measurement(cell, AREA, area),
        Measurement(cell, LATENCY, faults.cell(cell).read_latency_ns),
    ]


def _lines(images: dict[str, Stored], tensor: str, mask_cell: str, call: Call) -> list[str]:
    stored = next(iter(images.values()))
    kept = stored.mask(tensor).mean()
    rows, columns = stored.image.shape
    return [
        f"stored: {tensor}, {rows} x {columns}, {100 * kept:.1f} % kept, as {stored.image.format}; "
        f"{stored.image.bytes / MEBIBYTE:.2f} MiB, mask and parameters in {mask_cell}",
        f"faults: level misreads of every cell, {call.count_of_trials()} trials, seed {call.seed}",
        "intervals: of the mean accuracy over trials and sentences, of counts after Poisson",
        "area: stored MiB times the catalogue's density of each cell (the paper states neither MB nor node)",
    ]


def _figure(trials: dict[str, Trials]) -> Bars:
    wrong = {cell: np.sort(100 * (1 - t.accuracy)) for cell, t in trials.items()}
    count = len(next(iter(wrong.values())))
    return Bars("errors", "Wrong answers with a faulty memory", "trial, best first", "wrong answers, %",
                np.arange(1, count + 1), wrong)  # fmt: skip
