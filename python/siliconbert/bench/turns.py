"""Ways to do a thing, timed turn by turn, so that what else the machine does meets all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

Key = TypeVar("Key")


def seconds(ways: Mapping[Key, Callable[[], object]], repeats: int) -> dict[Key, list[float]]:
    """Of every way, `repeats` times.

    >>> {way: len(took) for way, took in seconds({"a": list, "b": dict}, 3).items()}
    {'a': 3, 'b': 3}
    """
    took: dict[Key, list[float]] = {key: [] for key in ways}
    for _ in range(repeats):
        for key, way in ways.items():
            start = time.perf_counter()
            way()
            took[key].append(time.perf_counter() - start)
    return took
