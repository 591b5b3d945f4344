"""A module whose weights lie in memory cells and whose activations have formats, for as long as one asks."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from numpy.typing import NDArray

from siliconbert import storage
from siliconbert.faults import Fault, check_places
from siliconbert.torch import choices
from siliconbert.torch.activations import Disturbance, Places
from siliconbert.torch.choices import FormatLike
from siliconbert.torch.memory import Plan, Stored

_OPTIONS = ("layout", "cells", "ecc", "gray", "order", "seed")
_PRUNED = "_orig"  # torch.nn.utils.prune keeps "weight_orig" and the buffer "weight_mask"


@dataclass(frozen=True)
class Trial:
    """What happened in one trial.

    events : name of a parameter -> what was read wrong, as faults.inject returns it
    places : of the activations, which count the bits that flipped so far

    >>> import siliconbert as sb
    >>> wrapped = sb.torch.wrap(torch.nn.Linear(64, 8), "adaptivfloat8", cells="rram-slc")
    >>> with wrapped.trial(sb.faults.BitFlip(count=3), seed=1, trial=0) as trial:
    ...     len(trial.events["weight"]), trial.flips
    (3, 0)
    """

    module: Any
    events: Mapping[str, NDArray[Any]]
    places: Places = field(repr=False)

    @property
    def flips(self) -> int:
        """Bits of activations that have flipped in this trial until now."""
        return self.places.flips


class Wrapped:
    """A module with stored weights; made by `wrap`. The module itself stays as it is outside `with`.

    >>> import siliconbert as sb
    >>> module = torch.nn.Linear(64, 8)
    >>> sb.torch.wrap(module, "adaptivfloat8", cells="rram-slc").images["weight"].bytes
    513
    """

    def __init__(self, module: Any, plans: list[Plan], places: Places) -> None:
        """Stores the parameters."""
        self.module = module
        self._plans = plans
        self._stored: dict[str, Stored] = {}
        self._places = places
        self._busy = False
        self._refresh()

    def __repr__(self) -> str:
        """One line."""
        count = sum(image.bytes for image in self.images.values())
        return (
            f"Wrapped({type(self.module).__name__}: {len(self._plans)} parameters in {count:,} bytes, "
            f"{len(self._places.formats)} places with formats)"
        )

    @property
    def images(self) -> Mapping[str, storage.Image]:
        """Parameter -> how it lies in memory, without faults."""
        if not self._busy:
            self._refresh()
        return MappingProxyType({name: stored.image for name, stored in self._stored.items()})

    @property
    def activations(self) -> Mapping[str, Any]:
        """Module -> the format of what it returns."""
        return MappingProxyType(self._places.formats)

    @contextmanager
    def clean(self) -> Iterator[Any]:
        """Inside, the module has the stored weights and its activations their formats, without faults.

        Yields the module. Afterwards, also after an exception, its parameters are the very tensors of before.
        """
        with self._read(), self._places.active(None):
            yield self.module

    @contextmanager
    def trial(self, fault: Fault, seed: int, trial: int) -> Iterator[Trial]:
        """Inside, the module is as one trial's faults leave it; see clean().

        fault       : of cells, of activations (places are names of modules), or both; see faults.kinds()
        seed, trial : the address of the faults, with the parameter's or the module's name
        errors      : ValueError as faults.inject; RuntimeError where another trial is running
        """
        if fault.activations is not None:
            check_places(fault, list(self._places.modules), "torch.trial")
        with self._read(), ExitStack() as stack:
            events = {
                name: stack.enter_context(stored.faulty(fault, seed, trial))
                for name, stored in self._stored.items()
            }
            stack.enter_context(self._places.active(Disturbance(fault, seed, trial)))
            yield Trial(self.module, MappingProxyType(events), self._places)

    def calibrate(self, *args: Any, **kwargs: Any) -> Any:
        """Fits the activations' formats to what this call of the module gives; returns what it returns.

        The weights are the stored ones, the activations float32. Every further call widens the ranges; a
        format is fitted to the smallest and the largest value so far. Formats of rows or groups stay fitted
        to every sample, as all are before the first calibration.
        """
        with self._read(), self._places.measured(), torch.no_grad():
            return self.module(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The module's answer: in a running trial that trial's, else with the stored weights."""
        if self._busy:
            return self.module(*args, **kwargs)
        with self.clean() as module:
            return module(*args, **kwargs)

    @contextmanager
    def _read(self) -> Iterator[None]:
        if self._busy:
            raise RuntimeError("torch.trial: another trial of this module is running; leave it first")
        self._refresh()
        self._busy = True
        try:
            with ExitStack() as stack:
                for stored in self._stored.values():
                    stack.enter_context(stored.read())
                yield
        finally:
            self._busy = False

    def _refresh(self) -> None:
        """Stores what is not stored yet, and again what has changed since."""
        for plan in self._plans:
            if plan.name not in self._stored or not self._stored[plan.name].current:
                self._stored[plan.name] = Stored(plan)


def wrap(
    module: Any,
    formats: FormatLike | Mapping[str, FormatLike | None],
    *,
    activations: FormatLike | Mapping[str, FormatLike | None] | None = None,
    storage: Mapping[str, Any] | None = None,
    cells: str | Mapping[str, str] | None = None,
    masks: Mapping[str, Any] | None = None,
    vectors: bool = False,
) -> Wrapped:
    """A module of anybody's in our formats, memory and faults; its codes and faults are the core's.

    module      : torch.nn.Module; it is not copied. Buffers and the names in state_dict() stay
    formats     : of the parameters: a format, its name or record, or a mapping of patterns
                  ("transformer.h.*.weight") to those; the first pattern that matches decides, None leaves a
                  parameter alone. A format that is not fitted is fitted to the parameter. A parameter that
                  two modules share is stored once, under its first name, and found under all
    activations : the same for what modules return: patterns of modules' names; "*" are all without modules in
                  them, others want their exact name. See Wrapped.calibrate; until then every sample (slice of
                  the first dimension) has parameters of its own. Gradients pass straight through
    storage     : options of storage.store: layout ("dense" unless said), cells, ecc, gray, order, seed; or a
                  mapping of patterns to such mappings
    cells       : shorthand for the option: region -> cell, or one cell for all regions
    masks       : parameter -> bool of its shape, which weights are kept; else those that are not zero, or
                  those that torch.nn.utils.prune keeps
    vectors     : whether parameters of one dimension (biases, norms) are stored too
    errors      : ValueError, also for a pattern that matches nothing

    A parameter is stored as a matrix: slices of its first dimension are rows. It may be changed or trained
    between trials and is stored anew then. Only the rows that faults touch are written in a trial; besides
    the images it takes 16 bytes a weight.

    >>> import siliconbert as sb
    >>> module = torch.nn.Linear(64, 8)
    >>> wrapped = sb.torch.wrap(module, "adaptivfloat8", cells={"values": "rram-mlc3", "*": "rram-slc"})
    >>> with wrapped.trial(sb.faults.BitFlip(count=3), seed=1, trial=0) as trial:
    ...     len(trial.events["weight"]), module(torch.ones(1, 64)).shape
    (3, torch.Size([1, 8]))
    """
    if not isinstance(module, torch.nn.Module):
        raise ValueError(f"torch.wrap: module must be a torch.nn.Module, got {type(module).__name__}")
    known = _parameters(module, vectors)
    wanted = choices.by_pattern("formats", formats)
    choices.check_used("formats", wanted, [names for names, _ in known])
    options = _options(storage, cells, [names for names, _ in known])
    found = []
    for names, parameter in known:
        if (choice := choices.choose(wanted, names)) is not None:
            how = {"layout": "dense", **(choices.choose(options, names) or {})}
            mask = _mask(module, names, masks or {})
            found.append(Plan(names, parameter, choices.format_of(choice), how, mask))
    if unknown := set(masks or {}) - {name for plan in found for name in plan.names}:
        raise ValueError(f"torch.wrap: masks must name stored parameters, got {min(unknown)!r}")
    _note_devices(found)
    return Wrapped(module, found, _places(module, activations))


def _parameters(module: Any, vectors: bool) -> list[tuple[tuple[str, ...], Any]]:
    """Floating-point parameters with all their names, each once; "weight_orig" of prune is "weight" too."""
    buffers = {name for name, _ in module.named_buffers()}
    found: dict[int, tuple[list[str], Any]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if parameter.is_floating_point() and parameter.numel() and (vectors or parameter.dim() > 1):
            names, _ = found.setdefault(id(parameter), ([], parameter))
            plain = name.removesuffix(_PRUNED)
            names += [plain, name] if f"{plain}_mask" in buffers else [name]
    return [(tuple(names), parameter) for names, parameter in found.values()]


def _options(
    storage: Mapping[str, Any] | None, cells: str | Mapping[str, str] | None, names: list[tuple[str, ...]]
) -> dict[str, Mapping[str, Any]]:
    """Pattern -> options of storage.store."""
    given = dict(storage or {})
    patterns = given if given and not set(given) & set(_OPTIONS) else {"*": given}
    choices.check_used("storage", patterns, names)
    own = {} if cells is None else {"cells": {"*": cells} if isinstance(cells, str) else cells}
    for pattern, options in patterns.items():
        if not isinstance(options, Mapping) or set(options) - set(_OPTIONS):
            raise ValueError(
                f"torch.wrap: storage must hold options among {', '.join(_OPTIONS)}, or map patterns to "
                f"such; got {pattern!r}: {options!r}"
            )
    return {pattern: {**own, **options} for pattern, options in patterns.items()}


def _mask(module: Any, names: tuple[str, ...], masks: Mapping[str, Any]) -> Any:
    """The user's mask, or that of torch.nn.utils.prune."""
    buffers = {name.removesuffix("_mask"): each for name, each in module.named_buffers()}
    for name in names:
        if name in masks:
            return masks[name]
        if name.endswith(_PRUNED) and name.removesuffix(_PRUNED) in buffers:
            return buffers[name.removesuffix(_PRUNED)] != 0
    return None


def _places(module: Any, activations: Any) -> Places:
    named = dict(module.named_modules())
    leaves = {name: each for name, each in named.items() if name and not any(each.children())}
    wanted = choices.by_pattern("activations", activations)
    exact = {name: named[name] for name in wanted if name in named and name not in leaves}
    known = {**leaves, **exact}
    choices.check_used("activations", wanted, [(name,) for name in known])
    chosen = {name: choices.choose(wanted, [name]) for name in known}
    formats = {name: choices.format_of(choice) for name, choice in chosen.items() if choice is not None}
    return Places(module, known, formats)


def _note_devices(plans: list[Plan]) -> None:
    devices = sorted({str(plan.parameter.device) for plan in plans} - {"cpu"})
    if devices:
        warnings.warn(
            f"torch.wrap: parameters on {', '.join(devices)} are encoded on the host; each trial copies the "
            "rows that it changes",
            stacklevel=3,
        )
