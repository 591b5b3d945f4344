"""Error-correcting codes of regions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from siliconbert import _core
from siliconbert.storage.image import Image

__all__ = ["after_ecc", "ecc_codes"]


class EccCode(NamedTuple):
    """Data and check bits of a word."""

    data_bits: int
    check_bits: int


def ecc_codes() -> dict[str, EccCode]:
    """The error-correcting codes by name.

    parity detects an odd number of wrong bits. The extended Hamming codes (R. W. Hamming, Bell System
    Technical Journal 1950) correct one wrong bit of a word, check bits included, and detect two.

    >>> ecc_codes()["secded-72-64"]
    EccCode(data_bits=64, check_bits=8)
    """
    return {name: EccCode(data, check) for name, data, check in _core.storage.ecc_codes()}


def after_ecc(clean: Image, events: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], dict[str, dict[str, int]]]:
    """What is left of events after correction, and what the codes did.

    clean   : the image as it was stored
    events  : on it, as faults.inject returns them
    returns : (events of the same kind; the clean image with them is what the codes read of the image with
              `events`; region -> counts of its words). Counts: "corrected", where the decoder changed a bit;
              "detected", where it saw an error and changed nothing; "miscorrected", of the corrected ones
              those whose data are still wrong; "silent", data wrong and nothing seen
    errors  : ValueError for events outside the image

    >>> from siliconbert import faults, formats, storage
    >>> w = np.ones((8, 8), np.float32)
    >>> fmt, cells = formats.get("adaptivfloat8"), {"*": "rram-slc"}
    >>> image = storage.store(w, w > 0, fmt, "dense", cells, ecc={"values": "secded-72-64"})
    >>> _, events = faults.inject(image, faults.BitFlip(count=1, regions=["values"]), seed=1, trial=0)
    >>> left, counts = after_ecc(image, events)
    >>> len(left), counts["values"]["corrected"]
    (0, 1)
    """
    left, counts = _core.storage.after_ecc(clean.image, np.ascontiguousarray(events))
    return left, {region: dict(words) for region, words in counts.items()}
