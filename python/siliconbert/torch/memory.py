"""A module's parameters in memory cells: stored once, read trial after trial, put back exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from siliconbert import _core, faults, storage
from siliconbert.arrays import as_array
from siliconbert.formats import Format

Events = NDArray[Any]


@dataclass(frozen=True)
class Plan:
    """How one parameter is stored; `names` are all it goes by, the first keys its faults."""

    names: tuple[str, ...]
    parameter: Any
    format: Format
    options: Mapping[str, Any]
    mask: Any = None

    @property
    def name(self) -> str:
        """The name that keys its faults."""
        return self.names[0]


class Stored:
    """One parameter: its image, and a copy of its values that faults go in and out of."""

    def __init__(self, plan: Plan) -> None:
        """Stores it as it is now."""
        self.plan = plan
        self._state: tuple[int, int] | None = _state(plan.parameter)
        weights = matrix(plan.parameter)
        kept = kept_of(weights) if plan.mask is None else as_array(plan.mask, np.bool_).reshape(weights.shape)
        self.image = storage.store(weights, kept, plan.format, name=plan.name, **plan.options)
        self._protected = any(region.ecc for region in self.image.image.regions)
        self._core = _core.transformer.ReadTensor(self.image.image, self.image.format._core_shape())
        host = torch.from_numpy(self._core.values)
        like = plan.parameter.detach()
        # On the processor and in float32 this is the core's own memory.
        self._host = host
        self._values = host.to(device=like.device, dtype=like.dtype).view(like.shape)
        self._shared = self._values.data_ptr() == host.data_ptr()

    @property
    def current(self) -> bool:
        """Whether the parameter still is what was stored."""
        return self._state == _state(self.plan.parameter)

    @contextmanager
    def read(self) -> Iterator[None]:
        """Inside, the parameter has the stored values; after it the ones before, in the same memory."""
        parameter = self.plan.parameter
        own, version = parameter.data, parameter._version
        parameter.data = self._values
        try:
            yield
        finally:
            changed = parameter._version != version
            parameter.data = own
            # Training inside a trial writes into the copy, which is no longer what the image says.
            self._state = None if changed else _state(parameter)

    @contextmanager
    def faulty(self, fault: faults.Fault, seed: int, trial: int) -> Iterator[Events]:
        """Inside, the stored values are those of one trial; yields what was read wrong."""
        events = fault.core.events(self.image.image, seed, trial)
        left = storage.after_ecc(self.image, events)[0] if self._protected else events
        rows = self._core.read(left)
        try:
            self._copy(rows)
            yield events
        finally:
            self._core.undo()
            self._copy(rows)

    def _copy(self, rows: NDArray[np.uint32]) -> None:
        """Takes rows from the core's memory where the parameter's is another."""
        if not self._shared and len(rows):
            chosen = torch.from_numpy(rows.astype(np.int64))
            target = self._values.view(self._host.shape)
            fresh = self._host[chosen].to(device=target.device, dtype=target.dtype)
            target[chosen.to(target.device)] = fresh


def matrix(parameter: Any) -> NDArray[np.float32]:
    """A parameter as the core stores it: its first dimension's slices as rows; a vector is one row."""
    values = as_array(parameter, np.float32)
    return values.reshape(1, -1) if values.ndim < 2 else values.reshape(len(values), -1)


def kept_of(weights: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which weights are not zero where some are: those were pruned. All of them elsewhere."""
    kept = np.asarray(weights != 0)
    return kept if kept.any() else np.ones_like(kept)


def _state(parameter: Any) -> tuple[int, int]:
    """Another one after every change in place and after every exchange of the memory."""
    return parameter.data_ptr(), parameter._version
