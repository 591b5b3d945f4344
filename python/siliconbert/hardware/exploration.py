"""Every point of a grid over an accelerator's design, its supply, latency targets and exit statistics."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siliconbert._core import hardware as _core
from siliconbert.hardware.accelerator import names
from siliconbert.hardware.costs import Floats
from siliconbert.hardware.grid import Built, Design, Voltage, build, pair
from siliconbert.hardware.shapes import Shape, shape

if TYPE_CHECKING:
    import pyarrow as pa

_OBJECTIVES = ("energy", "latency", "area")


@dataclass(frozen=True, eq=False)
class ExitStatistics:
    """Where sentences leave, and how often the answers there are right.

    histogram : (L, L), how many sentences leave after layer row + 1 and were predicted to after column + 1
    accuracy  : 0..1; NaN where it is not known
    """

    name: str
    histogram: Floats
    accuracy: float = float("nan")

    @classmethod
    def of(
        cls,
        name: str,
        layer: ArrayLike,
        predicted: ArrayLike,
        layers: int = 12,
        accuracy: float = float("nan"),
    ) -> ExitStatistics:
        """Of sentences, as exits.by_prediction gives them; predicted = layer where nothing was predicted.

        >>> ExitStatistics.of("two", [1, 2], [1, 3], layers=3).histogram.tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
        """
        exits, planned = np.asarray(layer, np.int64), np.asarray(predicted, np.int64)
        if exits.shape != planned.shape or np.any((exits < 1) | (planned < exits) | (planned > layers)):
            raise ValueError(
                f"ExitStatistics.of: layer and predicted must be 1 <= layer <= predicted <= {layers}"
            )
        cells = np.bincount(((exits - 1) * layers + planned - 1).ravel(), minlength=layers * layers)
        return cls(name, cells.reshape(layers, layers).astype(np.float64), accuracy)


@dataclass(frozen=True, eq=False)
class Exploration:
    """All points of a grid. Arrays are (designs, voltages, targets, statistics) or broadcast to it.

    designs  : axis -> value, one each; reasons: why one cannot be built or run, or empty
    energy, latency : means of a sentence, J and s; NaN where there is a reason
    late     : share of the sentences that are not sure to meet the target (the predicted exit does not fit)
    accuracy : 0..1; area: mm^2
    allowed_late : share of late sentences up to which a point is feasible
    """

    designs: tuple[Design, ...]
    voltages: tuple[Voltage, ...]
    targets_ms: tuple[float, ...]
    statistics: tuple[str, ...]
    energy: Floats
    latency: Floats
    late: Floats
    accuracy: Floats
    area: Floats
    design_reasons: tuple[str, ...]
    voltage_reasons: tuple[tuple[str, ...], ...]
    allowed_late: float

    def __len__(self) -> int:
        """How many points there are."""
        return int(self.energy.size)

    @cached_property
    def feasible(self) -> NDArray[np.bool_]:
        """Points without a reason against them."""
        return np.asarray(np.isfinite(self.energy) & ~(self.late > self.allowed_late))

    def reason(self, index: int) -> str:
        """Why a point (in the order of the table) is not feasible; empty where it is.

        >>> grid = explore("albert-base", [ExitStatistics.of("all", [12], [12])], target_ms=[10])
        >>> grid.reason(0)
        '100 % of the sentences may need more than 10 ms'
        """
        design, voltage, target, _ = np.unravel_index(index, self.energy.shape)
        if found := self.design_reasons[design] or self.voltage_reasons[design][voltage]:
            return found
        late = float(self.late.flat[index])
        if late <= self.allowed_late:
            return ""
        return f"{100 * late:.3g} % of the sentences may need more than {self.targets_ms[target]:g} ms"

    def front(self) -> NDArray[np.int64]:
        """Indices of the feasible points that no other feasible point beats, ascending.

        A point is beaten by one that is as accurate, as cheap, as fast and as small, and better in one. Where
        the accuracy is not known, by points with the same statistics only.
        """
        accuracy = self._flat(self.accuracy)
        numbers = np.column_stack(
            [-np.nan_to_num(accuracy), *(self._flat(getattr(self, k)) for k in _OBJECTIVES)]
        )
        at = np.flatnonzero(self.feasible.ravel() & np.isfinite(numbers).all(axis=1))
        rivals = np.where(np.isnan(accuracy[at]), at % len(self.statistics), -1)
        groups = [at[rivals == group] for group in np.unique(rivals)]
        kept = [group[_core.front(numbers[group]).astype(bool)] for group in groups]
        return np.sort(np.concatenate([np.zeros(0, np.int64), *kept]))

    def table(self, indices: ArrayLike | None = None) -> pa.Table:
        """Points as an Arrow table: the axes, what they cost, whether they are feasible, and why not.

        indices : of the points wanted; None: all
        """
        import pyarrow as pa

        at = np.arange(len(self)) if indices is None else np.asarray(indices, np.int64)
        where = np.unravel_index(at, self.energy.shape)
        values = [*_columns(self.designs), _texts([_words(v) for v in self.voltages])]
        places = [where[0]] * len(self.designs[0]) + [where[1]]
        columns = {
            name: pa.DictionaryArray.from_arrays(pa.array(place, pa.int32()), pa.array(value))
            for name, value, place in zip([*self.designs[0], "voltage"], values, places, strict=True)
        }
        columns["target_ms"] = pa.array(np.asarray(self.targets_ms)[where[2]])
        columns["statistics"] = pa.DictionaryArray.from_arrays(
            pa.array(where[3], pa.int32()), pa.array(list(self.statistics))
        )
        for key, unit in (
            ("accuracy", ""),
            ("energy", "_j"),
            ("latency", "_s"),
            ("area", "_mm2"),
            ("late", ""),
        ):
            columns[key + unit] = pa.array(self._flat(getattr(self, key))[at])
        columns["feasible"] = pa.array(self.feasible.ravel()[at])
        columns["reason"] = self._reasons(at)
        return pa.table(columns)

    def to_parquet(self, path: str | os.PathLike[str], indices: ArrayLike | None = None) -> None:
        """Write table(indices) to a file, which appears whole or not at all."""
        from pyarrow import parquet

        part = Path(f"{os.fspath(path)}.part")
        try:
            parquet.write_table(self.table(indices), part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _flat(self, values: Floats) -> Floats:
        return np.asarray(np.broadcast_to(values, self.energy.shape).ravel())

    def _reasons(self, at: NDArray[np.int64]) -> pa.Array:
        import pyarrow as pa

        codes = np.zeros(len(at), np.int32)
        known = {"": 0}
        for i in np.flatnonzero(~self.feasible.ravel()[at]):
            codes[i] = known.setdefault(self.reason(int(at[i])), len(known))
        return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(known)))


def explore(
    model: Any,
    statistics: Sequence[ExitStatistics],
    target_ms: Sequence[float] = (50.0,),
    voltage: Sequence[Voltage] = (None,),
    name: str = "edgebert-12nm",
    first: int = 1,
    allowed_late: float = 0.0,
    accuracy: Callable[[Design, ExitStatistics], float] | None = None,
    threads: int | None = None,
    **axes: Sequence[Any],
) -> Exploration:
    """The cost of every point of a grid: all of them, none is left out.

    statistics   : where sentences leave, at one threshold each, say
    target_ms    : latency targets
    voltage      : None, planned from the predicted layer as sentences() does; V, all layers at that voltage
                   and its highest frequency; (V, GHz)
    first        : the layer after which exits are predicted
    allowed_late : share of sentences that may be late at a feasible point
    accuracy     : (design, statistics) -> accuracy, where a design changes it; None: the statistics' own
    axes         : values of n, of any argument of Accelerator.layer (density, width, heads_off, spans, rule,
                   sequence) and of any value that accelerator() changes (buffer_entries, overlap, ...)
    errors       : ValueError for an unknown axis, an empty one, histograms of another depth, or where no
                   design can run; a design that cannot (a tile that does not fit) is kept with the reason

    >>> grid = explore("albert-base", [ExitStatistics.of("8", [8], [8])], n=[8, 16], target_ms=[50, 100])
    >>> len(grid), grid.feasible.ravel().tolist()
    (4, [False, False, True, True])
    """
    sizes = shape(model)
    grid = {key: list(values) for key, values in {"n": [16], **axes}.items()}
    targets = np.asarray(target_ms, np.float64)
    _check(grid, statistics, targets, voltage, sizes)
    if name not in names():
        raise ValueError(f"explore: name must be one of {', '.join(names())}; got {name!r}")
    designs = tuple(dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values()))
    built = build(name, sizes, first, voltage, grid)
    if all(each.reason for each in built):
        raise ValueError(built[0].reason)
    joint = _core.Histograms(np.array([s.histogram for s in statistics]), sizes.layers, first)
    if accuracy is None:
        right = np.array([[s.accuracy for s in statistics]])
    else:
        right = np.array([[accuracy(design, s) for s in statistics] for design in designs])
    return Exploration(
        designs,
        tuple(voltage),
        tuple(targets.tolist()),
        tuple(s.name for s in statistics),
        **_run(built, targets * 1e-3, joint, threads),
        accuracy=right[:, None, None, :],
        area=np.array([each.area for each in built])[:, None, None, None],
        design_reasons=tuple(each.reason for each in built),
        voltage_reasons=tuple(each.voltage_reasons for each in built),
        allowed_late=allowed_late,
    )


def _run(built: Sequence[Built], targets: Floats, joint: Any, threads: int | None) -> dict[str, Floats]:
    """Energy, latency and late share of all points; the core takes targets in ascending order."""
    usable = next(each.core for each in built if not each.reason)
    order = np.argsort(targets, kind="stable")
    found: dict[str, Floats] = _core.explore(
        [each.core or usable for each in built],
        np.array([each.points for each in built]),
        targets[order],
        joint,
        threads or 0,
    )
    if np.array_equal(order, np.arange(len(order))):
        return found
    back = np.argsort(order)
    return {key: values[:, :, back] for key, values in found.items()}


def _check(
    grid: Mapping[str, Sequence[Any]],
    statistics: Sequence[ExitStatistics],
    targets: Floats,
    voltage: Sequence[Voltage],
    sizes: Shape,
) -> None:
    every: dict[str, Any] = {**grid, "statistics": statistics, "target_ms": targets, "voltage": voltage}
    if empty := [key for key, values in every.items() if not len(values)]:
        raise ValueError(f"explore: {empty[0]} must have at least one value, got none")
    if (wrong := targets[~((targets > 0) & np.isfinite(targets))]).size:
        raise ValueError(f"explore: target_ms must be positive, got {wrong[0]:g}")
    wanted = (sizes.layers, sizes.layers)
    for each in statistics:
        if each.histogram.shape != wanted:
            raise ValueError(f"explore: histograms must have shape {wanted}, got {each.histogram.shape}")


def _columns(designs: Sequence[Design]) -> list[list[Any]]:
    """Values of each axis by design; as text where they are no plain numbers or text."""
    return [_texts([design[key] for design in designs]) for key in designs[0]]


def _texts(values: list[Any]) -> list[Any]:
    kinds = {type(value) for value in values}
    return values if len(kinds) == 1 and kinds <= {int, float, str} else [str(value) for value in values]


def _words(option: Voltage) -> str:
    if option is None:
        return "planned"
    volts, gigahertz = pair(option)
    return f"{volts:g} V" if gigahertz is None else f"{volts:g} V, {gigahertz:g} GHz"
