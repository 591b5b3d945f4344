"""FQ-BERT's accelerator for a board: how many PUs, PEs and multipliers make it fastest or smallest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from siliconbert import hardware
from siliconbert.hardware import FqBert, Inference
from siliconbert.hardware.fq_bert import fq_bert
from siliconbert.schedule.choices import Choices
from siliconbert.schedule.solution import Solution
from siliconbert.schedule.solve import solve

NAME = "fq-bert"
_LATENCY = "ms"
# The board's resource -> the model's; memories at the most that the model says.
_MODEL = {"dsp": "dsp", "ff": "ff", "lut": "lut", "bram18": "bram18_separate"}


@dataclass(frozen=True, eq=False)
class FqBertPlan:
    """A size of the accelerator.

    machine   : None where nothing fits
    inference : what a sentence takes on it; `inference.outside` says where the model is extrapolated
    resources : dsp, ff, lut, bram18 (both halves of double buffers in memories of their own)
    budget    : what there was of each
    solution  : the scheduler's answer

    >>> from siliconbert.schedule import plan_fq_bert
    >>> found = plan_fq_bert("zcu102")
    >>> found.resources["dsp"] <= found.budget["dsp"], found.machine.multipliers > 0
    (True, True)
    >>> plan_fq_bert(None, budget={"dsp": 10}).feasible
    False
    """

    machine: FqBert | None
    inference: Inference | None
    resources: Mapping[str, float]
    budget: Mapping[str, float]
    solution: Solution

    @property
    def feasible(self) -> bool:
        """Whether a size fits."""
        return self.machine is not None

    @property
    def reason(self) -> str:
        """Why nothing fits, what is short and by how much, or empty."""
        return self.solution.reason

    @property
    def binding(self) -> str | None:
        """The resource that keeps it from being faster, or smaller; None: nothing does."""
        return self.solution.binding


def plan_fq_bert(
    device: str | None = "zcu102",
    budget: Mapping[str, float] | None = None,
    share: float = 1.0,
    at_most_ms: float | None = None,
    pus: Iterable[int] = (12,),
    n: Iterable[int] = range(1, 65),
    m: Iterable[int] = range(2, 65, 2),
    model: Any = "bert-base",
    sequence: int = 128,
    **changes: Any,
) -> FqBertPlan:
    """The fastest size that fits a board, or the one of fewest DSP slices that is fast enough.

    device     : an FPGA, see hardware.devices(); None: the budget alone
    budget     : resource -> amount, in the place of the board's: dsp, ff, lut, bram18
    share      : of the board's resources that may be used, 0..1; routing and timing want some left
    at_most_ms : where given, the fewest DSP slices with at most that latency
    pus, n, m  : the sizes to choose from; of equal ones with equal DSP slices the first is taken
    model, sequence, changes : as in hardware.fq_bert_grid
    errors     : ValueError for wrong arguments; a board that nothing fits is none: see `reason`

    >>> found = plan_fq_bert("zcu102")
    >>> found.feasible
    True
    """
    limits = _limits(device, budget, share)
    grid = hardware.fq_bert_grid(pus, n, m, model, sequence, **changes)
    amounts = {key: grid.resources[name] for key, name in _MODEL.items()}
    if at_most_ms is None:
        solution = solve([Choices(NAME, grid.designs, grid.latency_ms, amounts)], limits)
    else:
        limits = limits | {_LATENCY: at_most_ms}
        timed = amounts | {_LATENCY: grid.latency_ms}
        solution = solve([Choices(NAME, grid.designs, amounts["dsp"], timed)], limits)
    return _plan(solution, limits, model, sequence, changes)


def _limits(device: str | None, budget: Mapping[str, float] | None, share: float) -> dict[str, float]:
    if not 0 < share <= 1:
        raise ValueError(f"schedule.plan_fq_bert: share must be above 0 and at most 1, got {share}")
    board = hardware.device(device).resources if device is not None else {}
    return {key: share * board[key] for key in _MODEL if key in board} | dict(budget or {})


def _plan(
    solution: Solution, limits: Mapping[str, float], model: Any, sequence: int, changes: Mapping[str, Any]
) -> FqBertPlan:
    if not solution.feasible:
        return FqBertPlan(None, None, {}, limits, solution)
    size: Any = solution.choice[NAME]
    pus, n, m = size
    machine = fq_bert("fq-bert", n, {"pus": pus, "m": m, **changes})
    resources = {key: solution.resources[key] for key in _MODEL}
    return FqBertPlan(machine, machine.inference(model, sequence), resources, limits, solution)
