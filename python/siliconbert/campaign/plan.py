"""Which trials a campaign still lacks: packs them into works, and knows when a configuration has enough."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from siliconbert.campaign import parts, statistics
from siliconbert.campaign.config import Trials
from siliconbert.campaign.grid import Places, Point
from siliconbert.campaign.work import Item, Work

# Columns of the rows that a plan is told about.
COLUMNS = ("config", "trial", "reason", "correct", "sentences", "seconds", "notes")

# What one work should take: long against its overhead, short against what a lost worker loses.
WORK_SECONDS = 4.0
# A trial that took this many workers down is recorded and not tried again.
PATIENCE = 3


@dataclass
class State:
    """What is known of one configuration.

    goal     : trials that are wanted before the stopping rule is asked (again)
    clean    : whether its own row is there; reason: why it cannot be, or None
    accuracy : trial -> share of right answers, or None where the trial failed
    left     : trials below `listed` that were not handed out; flying: how many are with workers
    whole    : all trials below are done
    seconds  : of the last trial
    bounds   : of the mean accuracy, known beforehand: most trials of a good cell are the clean answers
    """

    point: Point
    goal: int
    clean: bool = False
    clean_flying: bool = False
    reason: str | None = None
    accuracy: dict[int, float | None] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)
    listed: int = 0
    flying: int = 0
    whole: int = 0
    closed: bool = False
    seconds: float | None = None
    bounds: tuple[float, float] = (0.0, 1.0)

    @property
    def finished(self) -> bool:
        """Whether nothing more is wanted of it."""
        return self.reason is not None or (self.clean and self.closed)

    @property
    def waiting(self) -> int:
        """About how many trials nobody has done or is doing."""
        return max(0, self.goal - len(self.accuracy) - self.flying)

    def hand(self, count: int, start: float) -> tuple[int, ...]:
        """Trials to do, at most so many; start: where among those that are left, 0..1."""
        self.left += range(self.listed, self.goal)
        self.listed = self.goal
        self.left = [trial for trial in self.left if trial not in self.accuracy]
        first = int(start * len(self.left))
        found = tuple(self.left[first : first + count])
        del self.left[first : first + count]
        return found

    def advance(self) -> bool:
        """Whether all trials below the goal are done."""
        while self.whole in self.accuracy:
            self.whole += 1
        return self.whole >= self.goal


class Plan:
    """All configurations with their rows so far.

    shared : whether other writers add rows: then works are picked at random, so that few are done twice
    """

    def __init__(self, points: Iterable[Point], trials: Trials, places: Places, code: str):
        """Nothing is done yet; restart() and add() tell what is."""
        self.trials = trials
        self.shared = False
        self._points = list(points)
        self._places, self._code = places, code
        self._deaths: dict[tuple[str, int], int] = {}
        self._numbers = 0
        self._random = random.Random()
        self.restart(parts.empty())

    def restart(self, rows: pa.Table) -> None:
        """These rows are done and nothing else."""
        self.states = {point.hash: State(point, self._first_goal()) for point in self._points}
        self._open = deque(self.states.values())
        self._alone: deque[Work] = deque()
        self.add(rows)

    def add(self, table: pa.Table) -> None:
        """Takes rows with COLUMNS as done; those of unknown configurations are not ours."""
        columns = (table[name].to_pylist() for name in COLUMNS)
        touched = {}
        for config, trial, reason, correct, sentences, seconds, notes in zip(*columns, strict=True):
            state = self.states.get(config)
            if state is None:
                continue
            touched[config] = state
            if trial == parts.CLEAN:
                state.clean, state.reason = True, reason
                if reason is None:
                    state.bounds = bounds(correct / sentences, notes)
            else:
                state.accuracy[trial] = None if reason is not None else correct / sentences
                state.seconds = state.seconds if seconds is None else seconds
        for state in touched.values():
            self._look(state)

    def next(self, workers: int, threads: int) -> Work | None:
        """The next work for one of so many workers that do `threads` trials side by side; None: not now."""
        while self._alone:
            work = self._alone.popleft()
            if not self.states[work.items[0].point.hash].finished:
                return work
            self._landed(work)
        while self._open and self._open[0].finished:
            self._open.popleft()
        if self.shared:
            self._open.rotate(-self._random.randrange(len(self._open) or 1))
        items: list[Item] = []
        budget = WORK_SECONDS
        for state in self._open:
            item, seconds = self._take(state, budget, workers, threads)
            if item is not None:
                items.append(item)
                budget -= seconds
            if budget <= 0:
                break
        return self._work(items) if items else None

    def done(self, work: Work, table: pa.Table) -> None:
        """The work is done, these are its rows."""
        self._landed(work)
        self.add(table)

    def lost(self, work: Work, reason: str, final: bool = False) -> pa.Table | None:
        """The work took its worker down or raised: it is tried again in pieces.

        final   : a piece that was alone is not tried again
        returns : rows that record trials which failed too often, or None
        """
        self._landed(work)
        pieces = [
            Item(item.point, trials, clean)
            for item in work.items
            for trials, clean in ([((), True)] if item.clean else []) + [((t,), False) for t in item.trials]
        ]
        failed = []
        for piece in pieces:
            key = (piece.point.hash, piece.trials[0] if piece.trials else parts.CLEAN)
            alone = len(pieces) == 1
            self._deaths[key] = self._deaths.get(key, 0) + alone
            if alone and (final or self._deaths[key] >= PATIENCE):
                failed.append({"config": key[0], "trial": key[1], "reason": f"failed: {reason}"})
            else:
                self._alone.append(self._work([piece]))
                self._fly(piece)
        if not failed:
            return None
        table = parts.rows(failed)
        self.add(table)
        return table

    def progress(self) -> tuple[int, int]:
        """Trials done and trials wanted, as far as is known: a stopping rule may end earlier."""
        done = total = 0
        for state in self.states.values():
            done += len(state.accuracy)
            total += len(state.accuracy) if state.finished else self.trials.most
        return done, total

    def finished(self) -> bool:
        """Whether every configuration has enough."""
        return all(state.finished for state in self.states.values())

    def _first_goal(self) -> int:
        return self.trials.most if self.trials.width is None else min(self.trials.step, self.trials.most)

    def _look(self, state: State) -> None:
        """Raises the goal until it is ahead of what is done, or closes the configuration.

        The rule is asked at multiples of `step` on exactly the trials below, and on the configuration's own
        row: it stops at the same trial however the work was cut and in whatever order it came back.
        """
        while state.clean and not state.closed and state.advance():
            if state.goal >= self.trials.most or narrow(
                [state.accuracy[t] for t in range(state.goal)], self.trials, state.bounds
            ):
                state.closed = True
            else:
                state.goal = min(state.goal + self.trials.step, self.trials.most)

    def _take(self, state: State, budget: float, workers: int, threads: int) -> tuple[Item | None, float]:
        """Trials of one configuration worth about the budget, and the seconds they should take."""
        clean = not state.clean
        if state.finished or state.clean_flying or not (clean or state.waiting):
            return None, 0.0
        # Nobody knows what a new configuration costs: its first work is as short as can be, and alone.
        fit = 1 if state.seconds is None else int(budget / max(state.seconds, 1e-6))
        count = max(threads, fit // threads * threads)
        start = self._random.random() if self.shared else 0.0
        item = Item(state.point, state.hand(min(count, -(-state.waiting // workers)), start), clean)
        if not item.trials and not clean:
            return None, 0.0
        self._fly(item)
        return item, budget if state.seconds is None else len(item.trials) * state.seconds

    def _fly(self, item: Item) -> None:
        state = self.states[item.point.hash]
        state.flying += len(item.trials)
        state.clean_flying = state.clean_flying or item.clean

    def _landed(self, work: Work) -> None:
        for item in work.items:
            state = self.states[item.point.hash]
            state.flying -= len(item.trials)
            if item.clean:
                state.clean_flying = False

    def _work(self, items: list[Item]) -> Work:
        self._numbers += 1
        return Work(tuple(items), self._places, self._code, number=self._numbers)


def narrow(
    accuracies: Sequence[float | None], trials: Trials, bounds: tuple[float, float] = (0.0, 1.0)
) -> bool:
    """Whether the interval of the mean over these trials is narrow enough to stop; None is a failed trial."""
    known = np.array([value for value in accuracies if value is not None])
    if trials.width is None or len(known) == 0:
        return False
    interval = statistics.anytime_mean(known, trials.confidence)
    return min(interval.high, bounds[1]) - max(interval.low, bounds[0]) < trials.width


def bounds(clean: float, notes: str) -> tuple[float, float]:
    """Of the mean accuracy over trials, where a trial gives the clean answers with a known probability."""
    same = unchanged(notes)
    return same * clean, same * clean + 1.0 - same


def unchanged(notes: str) -> float:
    """A lower bound of the probability that a trial has no fault: one less the expected number of events."""
    expected = json.loads(notes)["expected_events"]
    return 0.0 if expected is None else max(0.0, 1.0 - float(expected))
