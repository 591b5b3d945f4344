"""Who is right in a trial, from the clean trace and the sentences that came out differently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from siliconbert import exits
from siliconbert.models.trace import Trace, correct_answers, finite_answers

Rule = Callable[[NDArray[np.float32]], NDArray[Any]]


class Answers(NamedTuple):
    """One trial's row of Trials."""

    correct: int
    bits: NDArray[np.uint8]
    layers: NDArray[np.uint8] | None
    nonfinite: int


class Judge:
    """Applies the exit rule and the labels; a trial that touched nothing has the clean trace's answers."""

    def __init__(self, clean: Trace, labels: NDArray[Any], rule: Rule | None) -> None:
        """Checks the labels and asks the rule about the clean trace."""
        self.clean, self.rule = clean, rule
        self.exits = np.array(clean.layers)
        self.right = clean.correct(labels)
        self.labels = np.asarray(labels)
        self.finite = finite_answers(clean.logits)
        self.untouched = self._judged(clean.entropy, self.right, self.finite)

    def __call__(self, sentences: NDArray[np.int64], logits: NDArray[np.float32]) -> Answers:
        """The answers where these sentences have these logits."""
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
    ) -> Answers:
        layers = None if self.rule is None else self._layers(self.rule, entropy)
        used: Any = (slice(None), -1)
        if layers is not None:
            used = np.arange(len(right)), np.searchsorted(self.exits, layers)
        correct = right[used]
        nonfinite = int(len(correct) - finite[used].sum())
        return Answers(int(correct.sum()), np.packbits(correct, bitorder="little"), layers, nonfinite)

    def _layers(self, rule: Rule, entropy: NDArray[np.float32]) -> NDArray[np.uint8]:
        layers = np.asarray(rule(entropy))
        if layers.shape != (len(entropy),) or not np.isin(layers, self.exits).all():
            raise ValueError(
                f"Model.trials: rule must give an exit layer ({', '.join(map(str, self.exits))}) for each of "
                f"{len(entropy)} sentences, got {layers}"
            )
        return layers.astype(np.uint8)
