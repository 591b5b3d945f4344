"""What many trials of faults did to a model's answers, put together from the sentences that ran again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import _core, html
from siliconbert.models.judge import Judge, Rule
from siliconbert.models.trace import Trace

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

    >>> from siliconbert import faults, models
    >>> from siliconbert.data import Data
    >>> two = Data("t", "dev", ["a fine film", "a dull one"], np.array([1, 0]), ("no", "yes"), "made up")
    >>> stored = models.load("edgebert-mini/sst2").store("embeddings.word", cells={"*": "rram-slc"})
    >>> found = stored.trials(faults.BitFlip(count=9), two, seed=1, trials=range(3))
    >>> found.events.tolist(), found.accuracy.shape, found.answers().shape
    ([9, 9, 9], (3,), (3, 2))
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

    def table(self) -> Any:
        """An Arrow table (to_pandas() makes a frame of it), one row a trial.

        trial, correct, accuracy, rerun, nonfinite, events; events_mask and so on by region; words of regions
        with an error-correcting code, ecc_mask.corrected say; layer: mean exit layer where a rule was given
        """
        import pyarrow as pa

        columns: dict[str, Any] = {"trial": self.trials, "correct": self.correct, "accuracy": self.accuracy}
        columns |= {"rerun": self.rerun, "nonfinite": self.nonfinite, "events": self.events}
        columns |= {f"events_{region}": counts for region, counts in self.events_by_region.items()}
        columns |= {f"ecc_{name}": counts for name, counts in self.ecc.items()}
        if self.layers is not None:
            columns["layer"] = self.layers.mean(axis=1)
        return pa.table(columns)

    def _repr_html_(self) -> str:
        counts = {"right answers": self.correct, "events": self.events}
        counts |= {f"  in {region}": events for region, events in self.events_by_region.items()}
        counts |= {name: words for name, words in self.ecc.items() if words.any()}
        counts |= {"sentences run again": self.rerun, "sentences without an answer": self.nonfinite}
        rows = [(name, int(n.min()), float(n.mean()), int(n.max())) for name, n in counts.items()]
        title = f"{len(self.trials):,} trials of {self.sentences:,} sentences, seed {self.seed}"
        return html.table(title, ("in a trial", "least", "mean", "most"), rows)

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
    judge = Judge(clean, labels, rule)
    events, corrections, answers, rerun = [], [], [], []
    for piece in _pieces(numbers, threads or _core.base.available_threads()):
        found = core.run(piece.astype(np.uint64), threads)
        events.append(found["events"])
        corrections.append(found["ecc"])
        rerun.append(np.diff(found["starts"]))
        for first, last in pairwise(found["starts"]):
            answers.append(judge(found["sentences"][first:last], found["logits"][first:last]))
        if progress is not None:
            progress(len(answers))
    counts = np.concatenate(events).astype(np.int64)
    return Trials(
        seed=seed,
        trials=numbers,
        correct=np.array([answer.correct for answer in answers], np.int64),
        bits=np.array([answer.bits for answer in answers]),
        events=counts.sum(axis=1),
        events_by_region=dict(zip(core.regions, counts.T, strict=True)),
        ecc={
            name: np.concatenate([ecc[name] for ecc in corrections]).astype(np.int64)
            for name in corrections[0]
        },
        rerun=np.concatenate(rerun),
        nonfinite=np.array([answer.nonfinite for answer in answers], np.int64),
        layers=None if rule is None else np.array([answer.layers for answer in answers]),
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
