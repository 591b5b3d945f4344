"""When a sentence leaves the network: entropy, EdgeBERT's exit rules, the exit predictor, thresholds."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert import _core
from siliconbert.arrays import as_array
from siliconbert.catalog import plugins
from siliconbert.text import read_text

__all__ = [
    "ConfidenceRule",
    "EntropyRule",
    "Lut",
    "OwnRule",
    "PredictionRule",
    "Predictor",
    "by_confidence",
    "by_entropy",
    "by_patience",
    "by_prediction",
    "doubt",
    "entropy",
    "own_rule",
    "own_rules",
    "patience_for",
    "rules",
    "threshold_for",
]


def entropy(logits: ArrayLike) -> NDArray[np.float32]:
    """Entropy of softmax(logits) over the last axis, natural logarithm.

    logits  : float32, (..., C)
    returns : float32, (...), 0 .. ln C; NaN where a logit is not finite, and for C = 1: one output is a
              score, and no sentence leaves early by it
    source  : edgebert_micro2021, equation 1 (equation 3 has the sign of max(x) wrong)

    >>> f"{entropy([[0.0, 0.0]])[0]:.4f}"
    '0.6931'
    """
    return np.asarray(_core.exits.entropy(as_array(logits, np.float32)))


def doubt(logits: ArrayLike) -> NDArray[np.float32]:
    """1 less the largest probability of softmax(logits) over the last axis.

    logits  : float32, (..., C)
    returns : float32, (...), 0 .. 1 - 1 / C; NaN where entropy() is

    >>> float(doubt([[2.0, 2.0]])[0])
    0.5
    """
    return np.asarray(_core.exits.doubt(as_array(logits, np.float32)))


def by_entropy(entropy: ArrayLike, threshold: float) -> NDArray[np.int32]:
    """Exit layers of the conventional early exit: the first layer with entropy < threshold, else the last.

    entropy   : float32, (N, L), after layers 1..L; NaN (a layer without an answer) is below no threshold
    threshold : nats; the comparison is strict
    returns   : int32, (N,), 1..L
    source    : edgebert_micro2021, Algorithm 1

    >>> by_entropy([[0.5, 0.2, 0.1], [0.6, 0.6, 0.6]], threshold=0.3).tolist()
    [2, 3]
    """
    return np.asarray(_core.exits.replay(_core.exits.ByEntropy(threshold), _sentences(entropy, "by_entropy")))


def by_confidence(logits: ArrayLike, doubt: float) -> NDArray[np.int32]:
    """Exit layers: the first layer whose largest probability is above 1 - doubt, else the last.

    With two classes it leaves where by_entropy does at the threshold that belongs to this doubt.

    logits  : float32, (N, L, C); a layer with a logit that is not finite is sure of nothing
    doubt   : probability; the comparison is strict
    returns : int32, (N,), 1..L

    >>> by_confidence([[[0.0, 1.0], [0.0, 3.0], [0.0, 9.0]]], doubt=0.1).tolist()
    [2]
    """
    return by_entropy(_core.exits.doubt(as_array(logits, np.float32)), doubt)


def by_patience(answers: ArrayLike, patience: int) -> NDArray[np.int32]:
    """Exit layers: the first layer that answers as the `patience` layers before it do, else the last.

    answers : integers, (N, L), classes; below 0 where a layer has no answer, which agrees with nothing
    returns : int32, (N,), patience + 1 .. L
    errors  : ValueError for patience below 1
    source  : W. Zhou et al., BERT Loses Patience, NeurIPS 2020

    >>> by_patience([[0, 1, 1, 1], [0, 1, 0, 1]], patience=2).tolist()
    [4, 4]
    """
    return np.asarray(_core.exits.by_patience(as_array(answers, np.int32), patience))


def by_prediction(
    entropy: ArrayLike,
    lut: Lut,
    threshold: float,
    first: int | None = None,
    last_ramp: int | None = None,
    check_before: bool = True,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Exit layers where a table predicts the exit from the entropy after layer `first`.

    Up to layer `first` a sentence leaves where its entropy is < threshold. After that layer the nearest row
    of the table gives the entropies to expect after layers first+1 .. L-1; the first one < threshold is the
    predicted layer (the last one where none is). There the sentence leaves whatever its entropy; never later.

    entropy      : float32, (N, L), after layers 1..L; NaN is below no threshold and predicts layer L
    lut          : predicts layers first+1 .. L-1
    threshold    : nats; all comparisons are strict
    first        : the layer after which it predicts; None: the table's own
    last_ramp    : no later layer but L has an exit: a later prediction becomes L. 10 emulates the public code
                   on 12 layers, where a prediction of 11 runs all 12. None: every layer has one
    check_before : leave before the predicted layer where the entropy is < threshold
    returns      : (exit layers, predicted layers), int32, (N,); a sentence that leaves by layer `first` has
                   its exit layer as prediction
    errors       : ValueError for a table that predicts other layers, first or last_ramp out of range
    source       : edgebert_micro2021, Algorithm 2; edgebert_code, modeling_highway_albert.py

    >>> lut = Lut(keys=[0.0, 0.5], entropies=[[0.1, 0.1], [0.4, 0.2]])
    >>> layer, predicted = by_prediction([[0.5, 0.5, 0.5, 0.5]], lut, threshold=0.3)
    >>> int(layer[0]), int(predicted[0])
    (3, 3)
    """
    rows = _sentences(entropy, "by_prediction")
    leave = PredictionRule(lut, first, last_ramp, check_before).leaving(rows.shape[1], threshold)
    layer = _core.exits.replay(leave, rows)
    return np.asarray(layer), np.asarray(leave.predicted)


@dataclass(frozen=True, eq=False)
class Lut:
    """The distilled exit predictor: the row with the nearest key answers, the lower one of two equally near.

    keys      : float64, (B,), nats, ascending: entropies after layer `first`
    entropies : float64, (B, K), nats: those to expect after the next K layers

    >>> lut = Lut(np.array([0.1, 0.5]), np.array([[0.05, 0.01], [0.4, 0.1]]))
    >>> lut.entropies.shape  # two rows, for the next two layers
    (2, 2)
    """

    keys: NDArray[np.float64]
    entropies: NDArray[np.float64]
    first: int = 1

    def __post_init__(self) -> None:
        """Take anything array-like."""
        object.__setattr__(self, "keys", np.asarray(self.keys, dtype=np.float64))
        object.__setattr__(self, "entropies", np.asarray(self.entropies, dtype=np.float64))

    @cached_property
    def core(self) -> Any:
        """The core's table; ValueError where keys do not ascend or a number is not finite."""
        return _core.exits.Lut(self.keys.tolist(), self.entropies.ravel().tolist())

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str], layers: int = 12, first: int = 1) -> Lut:
        """The table in a CSV file without header: entropy after layer `first`, then of first+1 .. layers-1.

        errors : ValueError naming the file and the columns found and expected; OSError for an unreadable file
        source : the form of edgebert_code, sw/Entropy_LUT/sst2_lookup_table_opt.csv
        """
        wanted = layers - first
        lines = [line for line in read_text(path).splitlines() if line.strip()]
        rows = [_csv_row(path, number, line, first, wanted) for number, line in enumerate(lines, start=1)]
        if not rows:
            raise ValueError(f"Lut.from_csv: {path} must have at least one row, got none")
        table = np.array(rows)
        lut = cls(table[:, 0], table[:, 1:], first)
        try:
            _ = lut.core
        except ValueError as error:
            raise ValueError(f"Lut.from_csv: {path}: {error}") from None
        return lut

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the form that from_csv reads; no number changes. The file appears whole or not at all."""
        lines = (",".join(f"{x:.17g}" for x in row) for row in np.column_stack([self.keys, self.entropies]))
        part = Path(f"{os.fspath(path)}.part")
        try:
            part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


@dataclass(frozen=True, eq=False)
class Predictor:
    """The exit predictor: a perceptron from the entropy after layer `first` to those after first+1 .. L-1.

    Four hidden layers of 64 with ReLU and a linear one.
    source: edgebert_micro2021, Sec. 5.1; edgebert_code, entropypredictor.ipynb

    >>> rng = np.random.default_rng(0)
    >>> falling = np.sort(rng.random((40, 4)), axis=1)[:, ::-1]
    >>> Predictor.train(falling, seed=0).distil(bins=4, width=0.2).entropies.shape
    (4, 2)
    """

    core: Any
    first: int = 1

    @classmethod
    def train(
        cls,
        entropy: ArrayLike,
        seed: int = 0,
        epochs: int = 3,
        batch: int = 32,
        learning_rate: float = 1e-3,
        first: int = 1,
    ) -> Predictor:
        """Fit to a trace's entropies: mean squared error, Adam; the same bits in every run.

        entropy : float32, (N, L), after layers 1..L of training sentences
        seed    : of the first weights and of the order of the sentences
        first   : the layer to predict from, 1..L-2
        errors  : ValueError for entropies that are not finite, fewer than 3 layers, or first out of range
        """
        rows = _sentences(entropy, "Predictor.train")
        return cls(_core.exits.Predictor.train(rows, first, seed, epochs, batch, learning_rate), first)

    def predict(self, x: ArrayLike) -> NDArray[np.float64]:
        """Entropies to expect after the following layers, (N, K), for entropies x, (N,); may be negative."""
        return np.asarray(self.core.predict(np.ravel(x)))

    def distil(self, bins: int = 100, width: float = 0.01) -> Lut:
        """The table of predictions at 0, width, .. (bins - 1) width nats, negative ones clipped to 0."""
        keys = np.arange(bins, dtype=np.float64) * width
        return Lut(keys, np.maximum(self.predict(keys), 0), self.first)


@dataclass(frozen=True)
class EntropyRule:
    """The rule of by_entropy.

    >>> from types import SimpleNamespace
    >>> trace = SimpleNamespace(entropy=np.array([[0.5, 0.1]], np.float32))
    >>> EntropyRule().rows(trace).shape
    (1, 2)
    """

    score: ClassVar[str] = "entropy"  # what it compares, by its name in the core

    def core(self, layers: int) -> Any:
        """The core's rule."""
        return _core.exits.EntropyRule()

    def leaving(self, layers: int, threshold: float) -> Any:
        """What tells the core who leaves, for one batch of sentences."""
        return _core.exits.ByEntropy(threshold)

    def rows(self, trace: _Trace) -> NDArray[np.float32]:
        """What it compares with its threshold, (N, L)."""
        return trace.entropy


@dataclass(frozen=True)
class ConfidenceRule(EntropyRule):
    """The rule of by_confidence; its threshold is the doubt.

    >>> from types import SimpleNamespace
    >>> trace = SimpleNamespace(logits=np.zeros((1, 3, 2), np.float32))
    >>> ConfidenceRule().rows(trace).tolist()  # (sentences, layers)
    [[0.5, 0.5, 0.5]]
    """

    score: ClassVar[str] = "doubt"

    def rows(self, trace: _Trace) -> NDArray[np.float32]:
        """What it compares with its threshold, (N, L)."""
        return doubt(trace.logits)


@dataclass(frozen=True)
class PredictionRule:
    """The rule of by_prediction with its options.

    >>> lut = Lut(np.array([0.1, 0.5]), np.array([[0.05, 0.01], [0.4, 0.1]]))
    >>> PredictionRule(lut, last_ramp=2).check_before
    True
    """

    lut: Lut
    first: int | None = None
    last_ramp: int | None = None
    check_before: bool = True
    score: ClassVar[str] = "entropy"

    def core(self, layers: int) -> Any:
        """The core's rule for a network of that many layers."""
        first = self.lut.first if self.first is None else self.first
        last = layers - 1 if self.last_ramp is None else self.last_ramp
        return _core.exits.PredictionRule(self.lut.core, layers, first, last, self.check_before)

    def leaving(self, layers: int, threshold: float) -> Any:
        """What tells the core who leaves, for one batch of sentences."""
        return _core.exits.ByPrediction(self.core(layers), threshold)

    def rows(self, trace: _Trace) -> NDArray[np.float32]:
        """What it compares with its threshold, (N, L)."""
        return trace.entropy


class OwnRule(Protocol):
    """A rule of one's own, a dataclass with its options as fields; an entry point of siliconbert.exits."""

    def leave(self, entropy: NDArray[np.float32], threshold: float) -> ArrayLike:
        """Exit layers 1..L of sentences with these entropies, (N, L); a row's answer is its own.

        Other layers can only come out where the threshold passes one of the entropies.

        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Never:
        ...     def leave(self, entropy, threshold):
        ...         return np.full(len(entropy), entropy.shape[1])
        >>> leave_by(Never(), [[0.1, 0.2, 0.3]], 0.5).tolist()
        [3]
        """


_RULES: dict[str, type] = {
    "entropy": EntropyRule,
    "confidence": ConfidenceRule,
    "prediction": PredictionRule,
}


def rules() -> list[str]:
    """Names of the exit rules with a threshold, those of plug-ins last.

    >>> rules()
    ['entropy', 'confidence', 'prediction']
    """
    return [*_RULES, *own_rules()]


def own_rules() -> list[str]:
    """Names of the exit rules of plug-ins.

    >>> own_rules()
    []
    """
    return list(_plugged())


def own_rule(name: str, **options: Any) -> OwnRule:
    """The rule of a plug-in; errors: ValueError for another name or options that it does not take.

    >>> own_rule("mine")  # no package with such an entry point is installed here
    Traceback (most recent call last):
    ValueError: exits.own_rule: name must be one of (none); got 'mine'
    """
    known = _plugged()
    if name not in known:
        raise ValueError(f"exits.own_rule: name must be one of {', '.join(known) or '(none)'}; got {name!r}")
    try:
        made: OwnRule = known[name](**options)
    except TypeError as error:
        raise ValueError(
            f"exits.own_rule: {name} must be given its options, got {options}: {error}"
        ) from None
    return made


def leave_by(rule: OwnRule, entropy: ArrayLike, threshold: float) -> NDArray[np.int32]:
    """Exit layers, (N,), of a rule of one's own; errors: ValueError unless they are 1..L, one a sentence."""
    rows = _sentences(entropy, "leave")
    layer = np.asarray(rule.leave(rows, threshold))
    inside = layer.shape == rows.shape[:1] and layer.dtype.kind in "iu"
    if not inside or (layer.size and not 1 <= int(layer.min()) <= int(layer.max()) <= rows.shape[1]):
        raise ValueError(
            f"{type(rule).__name__}.leave: layers must be {len(rows)} whole numbers in 1..{rows.shape[1]}, "
            f"got {layer.dtype} of shape {layer.shape}"
        )
    return layer.astype(np.int32)


def _plugged() -> dict[str, Any]:
    return plugins.objects("exits", _check_rule, tuple(_RULES))


def _check_rule(offered: Any) -> None:
    if not isinstance(offered, type) or not callable(getattr(offered, "leave", None)):
        raise ValueError(f"an exit rule must be a class with a method leave, got {offered!r}")


class _Trace(Protocol):
    @property
    def logits(self) -> NDArray[np.float32]: ...

    @property
    def entropy(self) -> NDArray[np.float32]: ...


def threshold_for(
    trace: _Trace,
    labels: ArrayLike,
    max_drop: float = 0.01,
    rule: EntropyRule | PredictionRule | OwnRule | None = None,
) -> float:
    """The largest threshold such that it and every smaller one lose at most `max_drop` of accuracy.

    Exact: all distinct thresholds are tried, not a grid. The loss is counted from the last layer's accuracy.

    trace    : anything with .logits (N, L, C) and .entropy (N, L)
    labels   : integers, (N,)
    max_drop : absolute, 0.01 is one percentage point
    rule     : EntropyRule() (the default), ConfidenceRule(), PredictionRule(lut, ...) or one's own
    returns  : nats, or doubt; nan where even the smallest threshold loses more (a prediction rule can: its
               last exit is not the last layer); the next number above all where no threshold loses more
    errors   : ValueError for shapes that do not agree

    >>> from types import SimpleNamespace
    >>> logits = np.array([[[1, 0], [0, 2]], [[2, 0], [2, 0]]], np.float32)  # (sentences, layers, classes)
    >>> trace = SimpleNamespace(logits=logits, entropy=entropy(logits))
    >>> f"{threshold_for(trace, [1, 0], max_drop=0.0):.3f}"  # the first sentence is right at layer 2 only
    '0.582'
    >>> f"{float(trace.entropy[0, 0]):.3f}"
    '0.582'
    """
    correct = _correct(trace, labels, "threshold_for")
    chosen = rule or EntropyRule()
    if not isinstance(chosen, EntropyRule | PredictionRule):
        return _largest_own(chosen, trace, correct, _allowed(max_drop, len(correct)))
    rows = _sentences(chosen.rows(trace), "threshold_for")
    core = chosen.core(rows.shape[1])
    return float(_core.exits.largest_threshold(core, rows, correct, _allowed(max_drop, len(correct))))


def patience_for(trace: _Trace, labels: ArrayLike, max_drop: float = 0.01) -> int:
    """The smallest patience such that it and every larger one lose at most `max_drop` of accuracy.

    trace, labels, max_drop : as in threshold_for
    returns                 : 1..L; the number of layers L runs them all

    >>> from types import SimpleNamespace
    >>> logits = np.array([[[1, 0], [0, 2]], [[2, 0], [2, 0]]], np.float32)
    >>> trace = SimpleNamespace(logits=logits, entropy=entropy(logits))
    >>> patience_for(trace, [1, 0], max_drop=0.0)
    1
    """
    correct = _correct(trace, labels, "patience_for")
    answers, sentences = np.argmax(trace.logits, axis=-1), np.arange(len(correct))
    layers = correct.shape[1]
    least = correct[:, -1].sum() - _allowed(max_drop, len(correct))
    for patience in range(layers - 1, 0, -1):
        if correct[sentences, by_patience(answers, patience) - 1].sum() < least:
            return patience + 1
    return 1


def _correct(trace: _Trace, labels: ArrayLike, caller: str) -> NDArray[np.bool_]:
    """Whether each layer's largest logit is the label, (N, L)."""
    rows = _sentences(trace.entropy, caller)
    classes = np.argmax(trace.logits, axis=-1)
    truth = as_array(labels)
    if classes.shape != rows.shape or truth.shape != rows.shape[:1]:
        raise ValueError(
            f"{caller}: labels must be (N,), logits (N, L, C) and entropy (N, L), "
            f"got {truth.shape}, {np.shape(trace.logits)} and {rows.shape}"
        )
    return np.asarray(classes == truth[:, None])


def _largest_own(rule: OwnRule, trace: _Trace, correct: NDArray[np.bool_], allowed: float) -> float:
    """threshold_for, one threshold after another from the smallest on."""
    rows, sentences = _sentences(trace.entropy, "threshold_for"), np.arange(len(correct))
    least = correct[:, -1].sum() - allowed
    found = math.nan
    # The comparison is strict: at an entropy itself nobody leaves by it yet.
    tried = np.unique(rows[np.isfinite(rows)]).astype(np.float64)
    for threshold in [
        *tried,
        math.inf if not len(tried) else float(np.nextafter(np.float32(tried[-1]), np.inf)),
    ]:
        if correct[sentences, leave_by(rule, rows, threshold) - 1].sum() < least:
            return found
        found = threshold
    return found


def _allowed(max_drop: float, sentences: int) -> float:
    # A drop of a whole number of sentences counts as within, whatever the last digit of the product says.
    return max_drop * sentences + 1e-9


def _sentences(entropy: ArrayLike, caller: str) -> NDArray[np.float32]:
    rows = np.ascontiguousarray(as_array(entropy, np.float32))
    if rows.ndim != 2:
        raise ValueError(
            f"{caller}: entropy must have 2 dimensions (sentences, layers), got shape {rows.shape}"
        )
    return rows


def _csv_row(path: str | os.PathLike[str], number: int, line: str, first: int, wanted: int) -> list[float]:
    cells = line.split(",")
    if len(cells) != wanted:
        raise ValueError(
            f"Lut.from_csv: {path} must have {wanted} columns "
            f"(entropy, then layers {first + 1}..{first + wanted - 1}), got {len(cells)} in row {number}"
        )
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        raise ValueError(
            f"Lut.from_csv: {path} must hold numbers, got {line[:40]!r} in row {number}"
        ) from None
