"""A design on an FPGA beside the processors that a paper measured, and beside this machine's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from siliconbert import schedule
from siliconbert.campaign import language_speed
from siliconbert.campaign.language_speed import Speed
from siliconbert.campaign.outcome import Measurement, Outcome, Quantity
from siliconbert.campaign.setup import Call

LATENCY = Quantity("latency", "latency", "ms", 2)
THROUGHPUT = Quantity("throughput", "throughput", "rows/s", 1)
SPEEDUP = Quantity("speedup", "times faster", "x", 2)
REPEATS = 5


@dataclass(frozen=True)
class Plan:
    """The design, the row it has in the table, and the published ms of the others.

    batches : windows and their length that this machine runs
    """

    network: str
    device: str
    parallelism: Mapping[str, int]
    row: str
    published: Mapping[str, float]
    batches: tuple[tuple[int, int], ...]
    positions: int


def run(table: str, call: Call, plan: Plan) -> Outcome:
    """The design's row from the model, the published ones as printed, this machine's measured."""
    found = schedule.allocate(
        plan.network, device=plan.device, budget={}, fixed=plan.parallelism, memory="none"
    )
    rows = found.network.rows
    measured = [
        *(m for row, ms in plan.published.items() for m in _platform(row, ms, rows)),
        *_platform(plan.row, found.latency_ms, rows),
        *(
            Measurement(f"{plan.row} over {row}", SPEEDUP, ms / found.latency_ms)
            for row, ms in plan.published.items()
        ),
    ]
    threads, repeats = call.threads or 1, 1 if call.quick else REPEATS
    speeds = _speeds(plan, threads, repeats)
    measured += [m for batch, speed in speeds.items() for m in _here(batch, speed)]
    header = (
        f"{found.network.title}, {rows} rows",
        f"{', '.join(plan.published)}: latency as published, throughput from it; what they ran is not said",
        f"{plan.row}: the calibrated model of table_1, {found.model.mhz:g} MHz (not published)",
        f"this machine: {threads} thread{'s' * (threads > 1)}, {' and '.join(_paths(speeds))}; random "
        f"weights of the same sizes and blocks, logits of all words; best of {repeats}",
    )
    return Outcome(table, "*", "model", header, tuple(measured))


def _platform(row: str, ms: float, rows: int) -> Iterator[Measurement]:
    yield Measurement(row, LATENCY, ms)
    yield Measurement(row, THROUGHPUT, 1e3 * rows / ms)


def _speeds(plan: Plan, threads: int, repeats: int) -> dict[str, Speed]:
    model = language_speed.network(plan.network, plan.positions)
    return {
        f"{windows} window{'s' * (windows > 1)} of {length}": language_speed.measure(
            model, windows, length, repeats, threads
        )
        for windows, length in plan.batches
    }


def _paths(speeds: Mapping[str, Speed]) -> tuple[str, str]:
    return next(iter(speeds.values())).paths


def _here(batch: str, speed: Speed) -> Iterator[Measurement]:
    yield from _platform(f"this machine, dense, {batch}", speed.dense_ms, speed.words)
    yield from _platform(f"this machine, CSCB, {batch}", speed.sparse_ms, speed.words)
    yield Measurement(f"CSCB over dense, {batch}", SPEEDUP, speed.dense_ms / speed.sparse_ms)
