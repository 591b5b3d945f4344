"""What a target is, and what counts as an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

Mutate = Callable[[Random, bytes], bytes]


@dataclass(frozen=True)
class Target:
    """`seeds` makes valid inputs; `run` takes an input and a scratch folder that lives as long as the run."""

    name: str
    seeds: Callable[[], list[bytes]]
    run: Callable[[bytes, Path], object]
    mutate: Mutate


def attempt(target: Target, data: bytes, scratch: Path) -> tuple[bool, str]:
    """Whether the input was accepted, and what is wrong with the answer ("" where nothing is)."""
    try:
        target.run(data, scratch)
    except (ValueError, FileNotFoundError) as error:
        return False, _fault(error)
    except Exception as error:  # whatever it is, it is what we look for
        return False, f"{type(error).__name__}: {error}"
    return True, ""


def _fault(error: Exception) -> str:
    if type(error) not in (ValueError, FileNotFoundError):
        return f"{type(error).__name__} must be a plain ValueError: {error}"
    text = str(error)
    return "" if text and "\n" not in text else f"the error must be one sentence, got {text!r}"
