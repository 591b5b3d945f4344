"""A model with one tensor in a memory image: faulty copies of it, and many trials against one clean trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert import exits, faults, formats, storage
from siliconbert.data import Data
from siliconbert.models.model import Model, Progress
from siliconbert.models.sentences import Tokens
from siliconbert.models.trace import Trace

_WORD = "embeddings.word"
Rule = Callable[[NDArray[np.float32]], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Trials:
    """What trials did to the answers; row t belongs to trial trials[t].

    trials    : int64 (T,), the numbers of the trials
    correct   : int64 (T,), right answers among the sentences
    bits      : uint8 (T, ceil(N / 8)), bit i % 8 (lowest first) of byte i // 8: whether sentence i was right
    events    : int64 (T,), cells that were misread
    rerun     : int64 (T,), sentences that the events touched
    layers    : uint8 (T, N), exit layers where a rule was given, else None
    sentences : N
    path      : library and instruction set of the runs
    """

    seed: int
    trials: NDArray[np.int64]
    correct: NDArray[np.int64]
    bits: NDArray[np.uint8]
    events: NDArray[np.int64]
    rerun: NDArray[np.int64]
    layers: NDArray[np.uint8] | None
    sentences: int
    path: str

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """Share of right answers of each trial, 0..1."""
        return self.correct / self.sentences


@dataclass(frozen=True, eq=False, kw_only=True)
class Stored(Model):
    """A model whose matrix `stored` is read from `image`."""

    stored: str
    image: storage.Image

    def inject(self, fault: faults.Fault, seed: int, trial: int) -> tuple[Faulty, NDArray[Any]]:
        """The model as it is read in one trial, and what was misread; see faults.inject."""
        bad, events = faults.inject(self.image, fault, seed, trial)
        values = bad.load() if len(events) else self.tensors[self.stored]
        tensors = {**self.tensors, self.stored: values}
        known = {entry.name: getattr(self, entry.name) for entry in fields(Stored)}
        return Faulty(**{**known, "tensors": tensors, "image": bad, "origin": self}), events

    def trials(
        self,
        fault: faults.Fault,
        data: Data,
        clean: Trace | None = None,
        seed: int = 0,
        trials: Iterable[int] = range(100),
        threads: int | None = None,
        rule: Rule | None = None,
        progress: Progress | None = None,
    ) -> Trials:
        """Right and wrong answers of every trial; only sentences that a fault touches run again.

        fault    : what happens to the stored cells
        data     : sentences with labels
        clean    : the trace of `data` on this model; made here where it is None
        seed     : of the faults; trial numbers are the other half of a fault's address
        threads  : None for all processors; the result is the same at any count
        rule     : exit layer (1-based) of each sentence from the entropies (N, exits); None for the last exit
        progress : called with the number of finished trials
        errors   : ValueError for no trials, labels outside the classes, a `clean` of something else
        """
        numbers = np.array(list(trials), np.int64)
        if numbers.size == 0 or numbers.min() < 0:
            raise ValueError(
                f"Model.trials: trials must be numbers from 0 on, at least one, got {numbers.tolist()}"
            )
        tokens = self.tokens(data, "Model.trials")
        self._check_classifier()
        clean = (
            self._trace(tokens, threads or 0, None, None) if clean is None else self.checked(clean, tokens)
        )
        rows = []
        for done, trial in enumerate(numbers, 1):
            bad, events = self.inject(fault, seed, int(trial))
            touched = bad.touched(tokens)
            trace = bad.rerun(tokens, touched, clean, threads or 0)
            rows.append((*_answers(trace, data.labels, rule), len(events), len(touched)))
            if progress is not None:
                progress(done)
        return _collect(rows, seed, numbers, len(tokens), clean.path)

    def checked(self, clean: Trace, tokens: Tokens) -> Trace:
        """The trace, refused unless it is this model's, of these sentences, on this numeric path."""
        for what, ours, theirs in (
            ("of the model", self._identity(), clean.model),
            ("of the sentences", tokens.fingerprint(), clean.sentences),
            ("computed on", self.encoder.path, clean.path),
        ):
            if ours != theirs:
                raise ValueError(
                    f"Model.trace: clean must be a trace {what} {ours!r}, got one {what} {theirs!r}"
                )
        return clean


@dataclass(frozen=True, eq=False, kw_only=True)
class Faulty(Stored):
    """A stored model after one trial's faults; `origin` is the model before them."""

    origin: Stored

    @cached_property
    def encoder(self) -> Any:
        """The network in the core; everything but a word table is shared with the clean model's."""
        if self.stored == _WORD:
            return self.origin.encoder.with_word_table(self.tensors[_WORD])
        return super().encoder

    @cached_property
    def changed(self) -> NDArray[np.bool_]:
        """Which rows of the stored matrix differ in any bit."""
        ours, theirs = (model.tensors[self.stored].view(np.uint32) for model in (self, self.origin))
        return np.asarray((ours != theirs).any(axis=1))

    def touched(self, tokens: Tokens) -> NDArray[np.int64]:
        """Numbers of the sentences that may come out differently."""
        if self.stored == _WORD:
            return tokens.touching(self.changed)
        return np.arange(len(tokens) if self.changed.any() else 0)

    def rerun(self, tokens: Tokens, touched: NDArray[np.int64], clean: Trace, threads: int) -> Trace:
        """The clean trace with the logits of the touched sentences run again; the bits of a full run."""
        logits = clean.logits.copy()
        if len(touched):
            logits[touched] = self._logits(tokens.take(touched), threads)
        entropy = clean.entropy.copy()
        if len(touched):
            entropy[touched] = exits.entropy(logits[touched])
        return replace(clean, logits=logits, entropy=entropy)

    def _trace(self, tokens: Tokens, threads: int, clean: Trace | None, progress: Progress | None) -> Trace:
        if clean is None:
            return self._finish(tokens, self._logits(tokens, threads, progress))
        again = self.rerun(tokens, self.touched(tokens), self.origin.checked(clean, tokens), threads)
        return replace(again, model=self._identity(), truncated=tokens.truncated)


def store(
    model: Model,
    tensor: str,
    fmt: formats.Format | str | None,
    layout: str,
    cells: Mapping[str, str] | None,
    ecc: str | None,
) -> Stored:
    """What Model.store does."""
    if tensor not in model.matrices():
        raise ValueError(f"Model.store: tensor must be one of {', '.join(model.matrices())}; got {tensor!r}")
    chosen = _format(model, tensor, fmt)
    held = storage.EDGEBERT_CELLS if cells is None else cells
    image = storage.store(model.tensors[tensor], model.mask(tensor), chosen, layout, held, ecc, tensor)
    tensors = {**model.tensors, tensor: image.load()}
    known = {**model.formats, tensor: image.format}
    plain = {entry.name: getattr(model, entry.name) for entry in fields(Model)}
    return Stored(**{**plain, "tensors": tensors, "formats": known, "stored": tensor, "image": image})


def _format(model: Model, tensor: str, fmt: formats.Format | str | None) -> formats.Format:
    if fmt is not None:
        return formats.get(fmt) if isinstance(fmt, str) else fmt
    if tensor not in model.formats:
        raise ValueError(
            f"Model.store: fmt must be given because {tensor} of {model.name} is plain float32, got None"
        )
    return model.formats[tensor]


def _answers(
    trace: Trace, labels: ArrayLike, rule: Rule | None
) -> tuple[NDArray[np.bool_], NDArray[np.uint8] | None]:
    """Which sentences are right, at the exit layers of the rule or at the last exit."""
    right = trace.correct(labels)
    if rule is None:
        return right[:, -1], None
    layers = np.asarray(rule(trace.entropy))
    column = np.searchsorted(trace.layers, layers)
    return right[np.arange(len(trace)), column], layers.astype(np.uint8)


def _collect(rows: list[Any], seed: int, trials: NDArray[np.int64], sentences: int, path: str) -> Trials:
    right, layers, events, rerun = zip(*rows, strict=True)
    return Trials(
        seed=seed,
        trials=trials,
        correct=np.array([row.sum() for row in right], np.int64),
        bits=np.packbits(np.array(right), axis=1, bitorder="little"),
        events=np.array(events, np.int64),
        rerun=np.array(rerun, np.int64),
        layers=None if layers[0] is None else np.array(layers),
        sentences=sentences,
        path=path,
    )
