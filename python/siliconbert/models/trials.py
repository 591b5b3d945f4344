"""What many trials of faults did to a model's answers, put together from the sentences that ran again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import _core, exits
from siliconbert.models.trace import Trace, correct_answers, finite_answers

Rule = Callable[[NDArray[np.float32]], NDArray[Any]]

# Seconds in the core between two looks at the progress, about.
_PIECE_SECONDS = 0.25


@dataclass(frozen=True, eq=False)
class Trials:
    """What trials did to the answers; row t belongs to trial trials[t].

    trials           : int64 (T,), the numbers of the trials
    correct          : int64 (T,), right answers among the sentences
    bits             : uint8 (T, ceil(N / 8)), bit i % 8 (lowest first) of byte i // 8: whether sentence i was
                       right
    events           : int64 (T,), cells that were read wrong and bits of activations that flipped
    events_by_region : region of the image -> int64 (T,); "activations" for those of activations where the
                       fault disturbs them
    ecc              : "mask.corrected" and so on -> int64 (T,), words of regions with an error-correcting
                       code: corrected, detected only, miscorrected (of the corrected ones: still wrong),
                       silent (wrong and not seen)
    rerun            : int64 (T,), sentences that the events touched
    nonfinite        : int64 (T,), sentences with an infinite or undefined logit at the exit that answered for
                       them; they count as wrong
    layers           : uint8 (T, N), exit layers where a rule was given, else None
    sentences        : N
    path             : library and instruction set of the runs
    """

    seed: int
    trials: NDArray[np.int64]
    correct: NDArray[np.int64]
    bits: NDArray[np.uint8]
    events: NDArray[np.int64]
    events_by_region: Mapping[str, NDArray[np.int64]]
    ecc: Mapping[str, NDArray[np.int64]]
    rerun: NDArray[np.int64]
    nonfinite: NDArray[np.int64]
    layers: NDArray[np.uint8] | None
    sentences: int
    path: str

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """Share of right answers of each trial, 0..1."""
        return self.correct / self.sentences

    def answers(self) -> NDArray[np.bool_]:
        """Whether each sentence was right in each trial, (T, N)."""
        bits = np.unpackbits(self.bits, axis=1, count=self.sentences, bitorder="little")
        return bits.astype(bool)


def checked_numbers(trials: Any) -> NDArray[np.int64]:
    """The numbers of the trials; errors: ValueError for none, or a negative one."""
    numbers = np.array(list(trials), np.int64)
    if numbers.size == 0 or numbers.min() < 0:
        raise ValueError(
            f"Model.trials: trials must be numbers from 0 on, at least one, got {numbers.tolist()}"
        )
    return numbers


def run(
    core: Any,
    clean: Trace,
    labels: NDArray[Any],
    rule: Rule | None,
    seed: int,
    numbers: NDArray[np.int64],
    threads: int,
    progress: Callable[[int], None] | None,
) -> Trials:
    """All trials of the core's `core`, piece by piece; `clean` answers for the sentences that did not run."""
    judge = _Judge(clean, labels, rule)
    events, corrections, answers, rerun = [], [], [], []
    for piece in _pieces(numbers, threads or _core.base.available_threads()):
        found, flips, ecc, starts, sentences, logits = core.run(piece.astype(np.uint64), threads)
        events.append(np.column_stack([found, flips]))
        corrections.append(ecc)
        rerun.append(np.diff(starts))
        for first, last in pairwise(starts):
            answers.append(judge(sentences[first:last], logits[first:last]))
        if progress is not None:
            progress(len(answers))
    counts = np.concatenate(events).astype(np.int64)
    by_region = dict(zip([*core.regions, "activations"], counts.T, strict=True))
    if not core.in_flight:
        del by_region["activations"]
    right, layers, nonfinite = zip(*answers, strict=True)
    return Trials(
        seed=seed,
        trials=numbers,
        correct=np.array([row.sum() for row in right], np.int64),
        bits=np.packbits(np.array(right), axis=1, bitorder="little"),
        events=counts.sum(axis=1),
        events_by_region=by_region,
        ecc={
            name: np.array([count for ecc in corrections for count in ecc[name]], np.int64)
            for name in corrections[0]
        },
        rerun=np.concatenate(rerun),
        nonfinite=np.array(nonfinite, np.int64),
        layers=None if rule is None else np.array(layers),
        sentences=len(clean),
        path=clean.path,
    )


def _pieces(numbers: NDArray[np.int64], threads: int) -> Iterator[NDArray[np.int64]]:
    """The trials in order: one a thread, and twice as many each time while that takes a moment only."""
    first, size = 0, threads
    while first < len(numbers):
        start = time.monotonic()
        yield numbers[first : first + size]
        first += size
        size = 2 * size if time.monotonic() - start < _PIECE_SECONDS else max(threads, size // 2)


class _Judge:
    """Who is right where some sentences of a clean trace came out differently."""

    def __init__(self, clean: Trace, labels: NDArray[Any], rule: Rule | None) -> None:
        self.clean, self.rule = clean, rule
        self.right = clean.correct(labels)
        self.labels = np.asarray(labels)
        self.finite = finite_answers(clean.logits)
        self.untouched = self._judged(clean.entropy, self.right, self.finite)

    def __call__(
        self, sentences: NDArray[np.int64], logits: NDArray[np.float32]
    ) -> tuple[NDArray[np.bool_], NDArray[np.uint8] | None, int]:
        """Right answers (N,), exit layers (N,) where there is a rule, and how many are not finite."""
        if not len(sentences):
            return self.untouched
        right, finite, entropy = self.right.copy(), self.finite.copy(), self.clean.entropy
        right[sentences] = correct_answers(logits, self.labels[sentences])
        finite[sentences] = finite_answers(logits)
        if self.rule is not None:
            entropy = entropy.copy()
            entropy[sentences] = exits.entropy(logits)
        return self._judged(entropy, right, finite)

    def _judged(
        self, entropy: NDArray[np.float32], right: NDArray[np.bool_], finite: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.uint8] | None, int]:
        if self.rule is None:
            return right[:, -1], None, int((~finite[:, -1]).sum())
        layers = np.asarray(self.rule(entropy))
        used = np.arange(len(right)), np.searchsorted(self.clean.layers, layers)
        return right[used], layers.astype(np.uint8), int((~finite[used]).sum())
