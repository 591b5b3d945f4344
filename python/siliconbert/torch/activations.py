"""What modules return, rounded to formats and disturbed in flight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from siliconbert import formats
from siliconbert.arrays import as_array
from siliconbert.faults import Fault
from siliconbert.formats import Format

_WORD = 32  # bits of a float32, which values without a format travel in


class _Straight(torch.autograd.Function):  # type: ignore[misc]
    """Other values going forward; gradients pass as if nothing had happened."""

    @staticmethod
    def forward(ctx: Any, x: Any, values: Any) -> Any:
        return values

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return gradient, None


@dataclass(frozen=True)
class Disturbance:
    """A fault of activations and its address."""

    fault: Fault
    seed: int
    trial: int


@dataclass
class Places:
    """The modules whose outputs count, by name; formats: those that have one, `fit` and ready or not.

    A sample is a slice of the first dimension. Its number counts on from call to call of the whole module, so
    that a sample is disturbed alike in any batch; the second call of a module within one of these is a place
    of its own, "name#2".
    """

    root: Any
    modules: Mapping[str, Any]
    formats: dict[str, Format]
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    flips: int = 0
    _calls: Counter[str] = field(default_factory=Counter)
    _first: int = 0
    _batch: int = 0

    @contextmanager
    def active(self, what: Disturbance | None) -> Iterator[None]:
        """Inside, outputs are rounded and, where a fault is given, disturbed."""
        self._first = self._batch = self.flips = 0
        with ExitStack() as hooks:
            self._hook(
                hooks, self.root.register_forward_pre_hook(self._begin, prepend=True, with_kwargs=True)
            )
            for name, module in self.modules.items():
                if name in self.formats or (what and self._at(what.fault, name)):
                    self._hook(hooks, module.register_forward_hook(self._visit(name, what)))
            yield

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Inside, the smallest and the largest output of every place with a format are noted."""
        with ExitStack() as hooks:
            for name in self.formats:
                self._hook(hooks, self.modules[name].register_forward_hook(self._measure(name)))
            yield
        for name, (least, most) in self.ranges.items():
            if self.formats[name].per == "tensor":
                self.formats[name] = formats.fit(np.array([least, most], np.float32), self.formats[name])

    def _hook(self, stack: ExitStack, handle: Any) -> None:
        stack.callback(handle.remove)

    def _at(self, fault: Fault, name: str) -> bool:
        return fault.activations is not None and bool(fault.activations.at(name))

    def _begin(self, module: Any, args: Any, kwargs: Any) -> None:
        self._calls.clear()
        self._first += self._batch
        tensors = (x for x in (*args, *kwargs.values()) if isinstance(x, torch.Tensor) and x.dim())
        self._batch = next((len(x) for x in tensors), 1)

    def _visit(self, name: str, what: Disturbance | None) -> Any:
        def hook(module: Any, args: Any, output: Any) -> Any:
            self._calls[name] += 1
            count = self._calls[name]
            place = name if count == 1 else f"{name}#{count}"
            return _mapped(output, lambda x: self._passed(x, name, place, what))

        return hook

    def _measure(self, name: str) -> Any:
        def hook(module: Any, args: Any, output: Any) -> Any:
            def note(x: Any) -> Any:
                least, most = self.ranges.get(name, (np.inf, -np.inf))
                self.ranges[name] = (min(least, float(x.min())), max(most, float(x.max())))
                return x

            _mapped(output, note)

        return hook

    def _passed(self, x: Any, name: str, place: str, what: Disturbance | None) -> Any:
        values = as_array(x, np.float32)
        fmt = self.formats.get(name)
        samples = values.reshape(len(values), -1) if values.ndim else values.reshape(1, 1)
        faulty = what is not None and self._at(what.fault, name)
        if fmt is not None and fmt.fitted and not faulty and np.isfinite(values).all():
            return self._returned(x, formats.quantize(values, fmt))
        out = np.array(values) if fmt is None else np.empty_like(values)
        passed = out.reshape(samples.shape)
        for i, sample in enumerate(values if values.ndim else samples):
            found = self._flips(what, place, i, sample.size, fmt) if what and faulty else ()
            passed[i] = _rounded(sample, fmt, found).ravel()
        return self._returned(x, out)

    def _returned(self, x: Any, values: NDArray[np.float32]) -> Any:
        """The values as a module returns them."""
        fresh = torch.from_numpy(values).to(device=x.device, dtype=x.dtype)
        return _Straight.apply(x, fresh) if x.requires_grad else fresh

    def _flips(self, what: Disturbance, place: str, i: int, count: int, fmt: Format | None) -> Any:
        word = () if fmt is None else (fmt.width, fmt.fields())
        core = what.fault.activations
        found = core.flips(place, count, what.seed, what.trial, self._first + i, *word)
        self.flips += len(found)
        return found


def _rounded(sample: NDArray[np.float32], fmt: Format | None, flips: Any) -> NDArray[np.float32]:
    """A sample as it arrives: in its format, fitted to this sample if to nothing else, with bits flipped."""
    if fmt is None:
        words = sample.reshape(-1).view(np.uint32).copy()
        _flip(words, flips)
        return np.asarray(words.view(np.float32))
    finite = np.isfinite(sample)
    if not len(flips) and finite.all():
        return formats.quantize(sample, fmt)
    fitted = fmt if fmt.fitted else formats.fit(np.where(finite, sample, np.float32(0)), fmt)
    # As in the core: infinity saturates, NaN stays.
    codes = formats.encode(sample if finite.all() else np.nan_to_num(sample), fitted)
    _flip(codes.reshape(-1), flips)
    return np.asarray(np.where(np.isnan(sample), sample, formats.decode(codes, fitted)))


def _flip(words: NDArray[Any], flips: Any) -> None:
    if len(flips):
        bits = np.left_shift(1, flips["bit"].astype(np.int64)).astype(words.dtype)
        np.bitwise_xor.at(words, flips["element"].astype(np.int64), bits)


def _mapped(output: Any, change: Any) -> Any:
    """An output with `change` made to its floating-point tensors: alone, in a tuple, a list or a mapping."""
    if isinstance(output, torch.Tensor):
        return change(output) if output.is_floating_point() and output.numel() else output
    if isinstance(output, (tuple, list)) and not hasattr(output, "_fields"):
        return type(output)(_mapped(each, change) for each in output)
    return output
