"""A model with one tensor in a memory image: faulty copies of it, and many trials against one clean trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from siliconbert import _core, exits, faults, formats, storage
from siliconbert.models.blocks import BlockNumber
from siliconbert.models.model import Model
from siliconbert.models.sentences import Tokens
from siliconbert.models.spans import Spans
from siliconbert.models.tensors import for_core, overlaid
from siliconbert.models.trace import Trace

Self = TypeVar("Self", bound="Faulty")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Stored(Model):
    """A model whose matrix `stored` is read from `image`.

    >>> from siliconbert import faults, models
    >>> stored = models.load("edgebert-mini/sst2").store("embeddings.word", cells={"*": "rram-slc"})
    >>> bad, events = faults.inject(stored, faults.BitFlip(count=9), seed=1, trial=0)
    >>> len(events)
    9
    """

    stored: str
    image: storage.Image

    def _facts(self) -> dict[str, Any]:
        cells = ", ".join(f"{count:,} for {region}" for region, count in self.image.cells.items())
        return {
            **super()._facts(),
            "in memory": f"{self.stored} as {self.image.layout.name}, {self.image.bytes:,} bytes",
            "cells": cells,
        }

    def inject(self, fault: faults.Fault, seed: int, trial: int) -> tuple[Faulty, NDArray[Any]]:
        """The model as it is read in one trial, and what was misread; see faults.inject."""
        bad, events = faults.inject(self.image, fault, seed, trial)
        values = bad.load() if len(events) else self.tensors[self.stored]
        tensors = overlaid(self.tensors, self.stored, values)
        known = {entry.name: getattr(self, entry.name) for entry in fields(Stored)}
        return Faulty(**{**known, "tensors": tensors, "image": bad, "origin": self}), events

    def _memory(self, fault: faults.Fault) -> dict[str, Any] | None:
        return {
            "image": self.image.image,
            "format": self.image.format._core_shape(),
            "tensors": for_core(self.tensors),
            "fault": fault.core,
        }


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Faulty(Stored):
    """A stored model after one trial's faults; `origin` is the model before them.

    >>> from siliconbert import faults, models
    >>> clean = models.load("edgebert-mini/sst2").store("embeddings.word", cells={"*": "rram-slc"})
    >>> fault = faults.BitFlip(count=9, regions="values")
    >>> bad, events = faults.inject(clean, fault, seed=1, trial=0)
    >>> bad.origin is clean, 0 < int(bad.changed.sum()) <= 9  # rows of the word table
    (True, True)
    """

    origin: Stored

    def with_spans(self: Self, spans: Spans | None) -> Self:
        """See Model.with_spans; the model before the faults gets them too."""
        return replace(super().with_spans(spans), origin=self.origin.with_spans(spans))

    def with_sfu(self: Self, sfu: bool = True) -> Self:
        """See Model.with_sfu; the model before the faults gets it too."""
        return replace(super().with_sfu(sfu), origin=self.origin.with_sfu(sfu))

    def with_cscb(self: Self, block: tuple[int, int] = (16, 16), number: BlockNumber = "fp32") -> Self:
        """See Model.with_cscb; the model before the faults too."""
        return replace(super().with_cscb(block, number), origin=self.origin.with_cscb(block, number))

    @cached_property
    def encoder(self) -> Any:
        """The network in the core; everything but the stored tensor is shared with the clean model's."""
        return self.origin.encoder.with_tensor(for_core(self.tensors), self.stored)

    @cached_property
    def changed(self) -> NDArray[np.bool_]:
        """Which rows of the stored matrix differ in any bit."""
        ours, theirs = (model.tensors[self.stored].view(np.uint32) for model in (self, self.origin))
        return np.asarray((ours != theirs).any(axis=1))

    def touched(self, tokens: Tokens) -> NDArray[np.int64]:
        """Numbers of the sentences that may come out differently."""
        rows = np.flatnonzero(self.changed)
        where = (tokens.ids, tokens.types, tokens.offsets)
        return np.asarray(_core.transformer.reading(self.encoder, *where, self.stored, rows), np.int64)

    def rerun(self, tokens: Tokens, touched: NDArray[np.int64], clean: Trace, threads: int) -> Trace:
        """The clean trace with the logits of the touched sentences run again; the bits of a full run."""
        logits = clean.logits.copy()
        if len(touched):
            logits[touched] = self._logits(tokens.take(touched), threads)
        entropy = clean.entropy.copy()
        if len(touched):
            entropy[touched] = exits.entropy(logits[touched])
        return replace(clean, logits=logits, entropy=entropy)

    def _trace(self, tokens: Tokens, clean: Trace | None, threads: int, **options: Any) -> Trace:
        if clean is None:
            return self._finish(tokens, self._logits(tokens, threads, **options))
        again = self.rerun(tokens, self.touched(tokens), self.origin.checked(clean, tokens), threads)
        return replace(again, model=self._identity(), truncated=tokens.truncated)


def store(
    model: Model,
    tensor: str,
    fmt: formats.Format | str | None,
    layout: storage.LayoutLike,
    cells: Mapping[str, str],
    ecc: str | Mapping[str, str | None] | None,
    **options: Any,
) -> Stored:
    """What Model.store does."""
    if tensor not in model.matrices():
        raise ValueError(f"Model.store: tensor must be one of {', '.join(model.matrices())}; got {tensor!r}")
    chosen = _format(model, tensor, fmt)
    weights, mask = model.tensors[tensor], model.mask(tensor)
    image = storage.store(weights, mask, chosen, layout, cells, ecc, tensor, **options)
    tensors = overlaid(model.tensors, tensor, image.load())
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
