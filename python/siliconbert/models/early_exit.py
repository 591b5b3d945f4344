"""Running with early exit: a sentence that leaves costs nothing more and answers as its trace does there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert import _core, html
from siliconbert.exits import EntropyRule, PredictionRule
from siliconbert.models.sentences import Tokens
from siliconbert.models.trace import checked_labels, correct_answers

# Sentences of one piece stay together: enough tokens that those of the last layers still fill blocks of rows,
# few enough that their states take little memory (48 MiB a thread at width 768).
_TOKENS_A_THREAD = 16384


@dataclass(frozen=True, eq=False)
class Run:
    """What N sentences answered where they left.

    logits    : float32 (N, classes), of the exit that each sentence took
    layer     : int32 (N,), after which it left, 1-based
    predicted : int32 (N,), the layer at which it was to leave, as exits.by_prediction has it; None for rules
                that predict nothing
    layers    : that the network has
    path, model, sentences, truncated : as a Trace has them

    >>> from siliconbert import models
    >>> run = models.load("edgebert-mini/sst2").run(["a fine film", "a dull one"], threshold=0.2)
    >>> run.logits.shape, run.answers.shape, run.accuracy([1, 0])
    ((2, 2), (2,), 1.0)
    """

    logits: NDArray[np.float32]
    layer: NDArray[np.int32]
    predicted: NDArray[np.int32] | None
    layers: int
    path: str
    model: str
    sentences: str
    truncated: int = 0

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.layer)

    @property
    def answers(self) -> NDArray[np.int64]:
        """The class with the largest logit, (N,), of equal ones the first; -1 where a logit is not finite."""
        finite = np.isfinite(self.logits).all(axis=1)
        return np.where(finite, self.logits.argmax(axis=1), -1)

    def accuracy(self, labels: ArrayLike) -> float:
        """Share of right answers, 0..1; errors as Trace.accuracy has them."""
        count, classes = self.logits.shape
        truth = checked_labels(labels, count, classes, "Run.accuracy")
        return float(correct_answers(self.logits[:, np.newaxis], truth).mean())

    def _repr_html_(self) -> str:
        left = np.bincount(self.layer, minlength=self.layers + 1)[1:]
        rows = list(zip(range(1, self.layers + 1), left.tolist(), strict=True))
        title = f"{len(self):,} sentences through {self.model}, {self.layer.mean():.2f} layers on average"
        return html.table(title, ("layer", "sentences that left"), rows, f"numeric path: {self.path}")


def run(
    encoder: Any,
    tokens: Tokens,
    rule: EntropyRule | PredictionRule,
    layers: int,
    threshold: float,
    threads: int,
    progress: Callable[[int], None] | None,
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32] | None]:
    """Logits, exit layers and, where the rule has them, predicted layers of all sentences."""
    predicts = isinstance(rule, PredictionRule)
    found, done = [], 0
    for piece in _pieces(tokens, _TOKENS_A_THREAD * (threads or _core.base.available_threads())):
        leave = rule.leaving(layers, threshold)
        where = (piece.ids, piece.types, piece.offsets)
        layer, logits = encoder.run(*where, leave, rule.score, threads)
        found.append((logits, layer, leave.predicted if predicts else layer))
        done += len(piece)
        if progress is not None:
            progress(done)
    logits, layer, predicted = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return logits, layer, predicted if predicts else None


def _pieces(tokens: Tokens, most: int) -> Iterator[Tokens]:
    """Consecutive sentences of at most so many tokens, or one that is longer."""
    first = 0
    while first < len(tokens):
        room = tokens.offsets[first] + most
        last = max(first + 1, int(np.searchsorted(tokens.offsets, room, side="right")) - 1)
        yield tokens.take(np.arange(first, last))
        first = last
