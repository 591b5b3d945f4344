"""One trial's faulty copy, and how many events to expect."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from siliconbert.faults.activations import Fault

__all__ = ["expected", "inject"]


def inject(target: Any, fault: Fault, seed: int, trial: int) -> tuple[Any, NDArray[Any]]:
    """A copy of the target as it is read in one trial, and what was read wrong.

    target  : a storage.Image, or a model with a stored tensor (anything with inject(fault, seed, trial))
    fault   : CellMisread(), BitFlip(1e-6), ...; see faults.kinds()
    seed    : 0 .. 2^64 - 1
    trial   : 0 .. 2^64 - 1; the same pair gives the same faults on any number of threads
    returns : (faulty copy, structured array with fields region, cell, stored, read in the order of the cells)
    errors  : ValueError for a cell without statistics, for regions or bits that the image lacks

    >>> import numpy as np
    >>> from siliconbert import faults, formats, storage
    >>> w = np.ones((8, 8), np.float32)
    >>> image = storage.store(w, w > 0, formats.get("adaptivfloat8"), "dense", cells={"*": "rram-slc"})
    >>> bad, events = inject(image, faults.BitFlip(count=3), seed=1, trial=0)
    >>> len(events), int((bad.load() != w).sum()) <= 3
    (3, True)
    """
    if hasattr(target, "inject"):
        bad, found = target.inject(fault, seed, trial)
        return bad, found
    events = fault.core.events(target.image, seed, trial)
    bad_image = target.image.copy()
    bad_image.apply(events)
    return replace(target, image=bad_image), events


def expected(image: Any, fault: Fault) -> dict[str, float]:
    """Expected number of events per trial in each region: the sum over its cells of P(read as another level |
    stored level).

    image : storage.Image
    fault : any; activation faults have no events in an image. Exact, except for a Mixed in which a part with
            truncated counts follows another one

    >>> import numpy as np
    >>> from siliconbert import faults, formats, storage
    >>> w = np.ones((8, 8), np.float32)
    >>> image = storage.store(w, w > 0, formats.get("adaptivfloat8"), "dense", cells={"*": "rram-slc"})
    >>> expected(image, faults.BitFlip(0.5))["values"]
    256.0
    """
    regions = [region.name for region in image.image.regions]
    return dict(zip(regions, fault.core.expected(image.image), strict=True))
