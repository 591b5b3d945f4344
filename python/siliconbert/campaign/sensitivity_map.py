"""Which stored bits hurt most: flips of one kind at a time, and the accuracy that they cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from siliconbert import faults, html
from siliconbert.campaign import statistics
from siliconbert.campaign.outcome import Bars
from siliconbert.campaign.statistics import Interval
from siliconbert.data import Data
from siliconbert.formats import Format
from siliconbert.models import Model, Trace
from siliconbert.models.stored import Stored

KINDS = ("bit", "field", "region", "tensor")
_FLIPS = (100_000, 10_000, 1000, 100, 10, 1)
_ADDS_UP = 0.05  # losses up to here are taken to grow with the number of flips
_PILOT = 3  # trials that choose the number of flips


@dataclass(frozen=True)
class Stratum:
    """Bits that are flipped together: of one tensor, one region, maybe one field or place of its codes.

    label  : what a figure calls it: "sign", "exponent 3" (3 is the highest of four), "mask", a tensor's name
    bits   : how many stored bits it has
    region : of the image; places: the bits of a value's code, None for all
    """

    label: str
    tensor: str
    region: str
    bits: int
    places: tuple[int, ...] | None = None

    def fault(self, flips: int) -> faults.Fault:
        """`flips` different bits of the stratum, anew in every trial."""
        return faults.BitFlip(count=flips, bits=self.places, regions=(self.region,))


@dataclass(frozen=True)
class Loss:
    """What `flips` random flips in a stratum cost: `loss` is a share of right answers, 0..1.

    Its bounds are Student's over the trials, for these sentences: they tell how sure the ranking is, not
    whether a rare flip loses everything.
    """

    stratum: Stratum
    flips: int
    loss: Interval

    @property
    def per_flip(self) -> Interval:
        """The loss of one flip, as far as losses add up."""
        x, n = self.loss, self.flips
        return Interval(x.value / n, x.low / n, x.high / n, x.confidence)


@dataclass(frozen=True)
class Sensitivity:
    """A map from strata to losses; see `sensitivity`."""

    losses: tuple[Loss, ...]
    clean: float
    trials: int
    seed: int

    def ranked(self) -> list[Loss]:
        """The strata, the worst first."""
        return sorted(self.losses, key=lambda each: -each.per_flip.value)

    def __contains__(self, label: str) -> bool:
        """Whether there is a stratum of that label."""
        return any(each.stratum.label == label for each in self.losses)

    def __getitem__(self, label: str) -> Loss:
        """The loss of a stratum by its label; KeyError naming the known ones."""
        found = {each.stratum.label: each for each in self.losses}
        if label not in found:
            raise KeyError(f"Sensitivity: label must be one of {', '.join(found)}; got {label!r}")
        return found[label]

    def layers(self) -> dict[str, float]:
        """Loss per flip of a random bit of each layer ("layers.3", "embeddings"), over its tensors."""
        found: dict[str, list[tuple[int, float]]] = {}
        for each in self.losses:
            parts = each.stratum.tensor.split(".")
            layer = ".".join(parts[:2]) if parts[0] == "layers" else parts[0]
            found.setdefault(layer, []).append((each.stratum.bits, each.per_flip.value))
        return {
            layer: sum(bits * loss for bits, loss in pairs) / sum(bits for bits, _ in pairs)
            for layer, pairs in found.items()
        }

    def _repr_html_(self) -> str:
        # Losses are shares of some thousand answers: digits beyond the ninth are those of float64.
        rows = [
            (x.stratum.label, x.stratum.bits, x.flips, *(round(y, 9) + 0.0 for y in _points_lost(x)))
            for x in self.ranked()
        ]
        columns = ("flipped", "bits there", "flips a trial", "points lost", "points lost by 1,000 flips")
        note = f"{self.trials} trials, seed {self.seed}; {100 * self.clean:.4g} % right without faults"
        return html.table("What bit flips cost, the worst first", columns, rows, note)

    def figure(self) -> Bars:
        """Points of accuracy lost per flip, with intervals; where none was lost a bar ends near the axis."""
        points = [100 * np.array([x.value, x.low, x.high]) for x in (each.per_flip for each in self.losses)]
        positive = np.array(points)[np.array(points) > 0]
        floor = positive.min() / 3 if positive.size else 1e-12
        value, low, high = np.maximum(np.array(points).T, floor)
        labels = tuple(each.stratum.label for each in self.losses)
        return Bars(
            "sensitivity",
            f"What a bit flip costs, {self.trials} trials",
            "flipped",
            "points lost per flip",
            np.arange(len(labels)),
            {"mean loss": value},
            labels,
            {"mean loss": (low, high)},
            log=True,
        )


def _points_lost(x: Loss) -> tuple[float, float]:
    """In a trial, and by a thousand flips."""
    return 100 * x.loss.value, 1e5 * x.per_flip.value


def sensitivity(
    model: Model,
    data: Data,
    tensor: str | Sequence[str] = "embeddings.word",
    by: str = "bit",
    fmt: Format | str | None = None,
    layout: Any = "bitmask",
    flips: int | None = None,
    trials: int = 20,
    seed: int = 0,
    threads: int | None = None,
    confidence: float = 0.95,
    progress: Callable[[str], None] | None = None,
) -> Sensitivity:
    """How much accuracy random bit flips in each part of stored tensors cost.

    In every trial `flips` different bits of one part flip, all others stay; all parts see the same trials.

    tensor     : one matrix of the model, or several; model.matrices() names them
    by         : "bit" (each place of a value's code, every other region), "field" (sign, exponent, mantissa,
                 every other region), "region", or "tensor" (all values of each tensor)
    fmt        : of tensors that are plain float32 in the model; None for its own formats
    flips      : None takes the most of 100000, 10000, ... 1 at which less than 5 points are lost, so that
                 losses add up; never more than a part has bits
    trials     : at least 2
    progress   : is told the label of every part that is done
    errors     : ValueError for another `by`, fewer trials, tensors the model has not

    >>> from siliconbert import models
    >>> from siliconbert.data import Data
    >>> two = Data("t", "dev", ["a fine film", "a dull one"], np.array([1, 0]), ("no", "yes"), "made up")
    >>> found = sensitivity(models.load("edgebert-mini/sst2"), two, by="region", flips=1, trials=2)
    >>> [each.stratum.label for each in found.losses]
    ['values', 'mask', 'parameters']
    """
    if by not in KINDS:
        raise ValueError(f"campaign.sensitivity: by must be one of {', '.join(KINDS)}; got {by!r}")
    if trials < 2:
        raise ValueError(f"campaign.sensitivity: trials must be at least 2, got {trials}")
    names = [tensor] if isinstance(tensor, str) else list(tensor)
    found: list[Loss] = []
    clean = float("nan")
    for name in names:
        stored = model.store(name, None if name in model.formats else fmt, layout)
        trace = stored.trace(data, threads=threads)
        clean = float(trace.accuracy(data.labels)[-1])
        for stratum in strata(stored, by, several=len(names) > 1):
            run = _Run(stored, data, trace, seed, threads, confidence)
            most = run.adding_up(stratum, trials) if flips is None else flips
            found.append(run.loss(stratum, most, trials))
            if progress is not None:
                progress(stratum.label)
    return Sensitivity(tuple(found), clean, trials, seed)


def strata(stored: Stored, by: str, several: bool = False) -> list[Stratum]:
    """The parts of a stored tensor; `several` puts the tensor's name into the labels."""
    image, fmt = stored.image, stored.image.format
    regions = _regions(image.bits)
    values = Stratum("values", stored.stored, "values", regions["values"])
    rest = [Stratum(name, stored.stored, name, bits) for name, bits in regions.items() if name != "values"]
    codes = values.bits // fmt.width
    if by == "tensor":
        return [replace(values, label=stored.stored)]
    if by == "region":
        parts = [values, *rest]
    elif by == "field":
        parts = [
            replace(values, label=name, bits=codes * len(places), places=tuple(places))
            for name, places in fmt.fields().items()
            if places
        ] + rest
    else:
        parts = [
            replace(values, label=label, bits=codes, places=(place,)) for label, place in _places(fmt)
        ] + rest
    return [replace(part, label=f"{stored.stored}: {part.label}") for part in parts] if several else parts


@dataclass(frozen=True)
class _Run:
    """One stored tensor and the trials that all its strata see."""

    stored: Stored
    data: Data
    clean: Trace
    seed: int
    threads: int | None
    confidence: float

    def loss(self, stratum: Stratum, flips: int, trials: int) -> Loss:
        """What that many flips cost, or as many as the stratum has bits."""
        flips = min(flips, stratum.bits)
        done = self.stored.trials(
            stratum.fault(flips),
            self.data,
            clean=self.clean,
            seed=self.seed,
            trials=range(trials),
            threads=self.threads,
        )
        before = float(self.clean.accuracy(self.data.labels)[-1])
        return Loss(stratum, flips, statistics.mean_interval(before - done.accuracy, self.confidence))

    def adding_up(self, stratum: Stratum, trials: int) -> int:
        """The most flips whose losses still add up, by a few trials."""
        for flips in _FLIPS[:-1]:
            if flips <= stratum.bits and self.loss(stratum, flips, min(trials, _PILOT)).loss.value < _ADDS_UP:
                return flips
        return _FLIPS[-1]


def _regions(bits: Mapping[str, int]) -> dict[str, int]:
    """Bits by region, the planes of the values taken together, check bits left out."""
    found: dict[str, int] = {}
    for name, count in bits.items():
        if not name.endswith(".check") and count:
            whole = name.split(".")[0]
            found[whole] = found.get(whole, 0) + count
    return found


def _places(fmt: Format) -> list[tuple[str, int]]:
    """Labels and places of a code's bits, field by field, each from its highest bit."""
    return [
        (name if len(places) == 1 else f"{name} {len(places) - 1 - i}", place)
        for name, places in fmt.fields().items()
        for i, place in enumerate(places)
    ]
