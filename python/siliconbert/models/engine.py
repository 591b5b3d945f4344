"""Which library multiplies matrices: oneDNN where it is installed, else Eigen."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from siliconbert import _core

_VARIABLE = "SILICONBERT_LINEAR"
_DISTRIBUTION = "onednn-cpu-gomp"


def products() -> Any:
    """The back end that $SILICONBERT_LINEAR names (onednn, eigen), else oneDNN where it loads, else Eigen.

    Falling back to Eigen is said once, in one sentence on standard error.

    errors: ValueError for another word in the variable; RuntimeError where oneDNN was asked for and cannot be
            loaded
    """
    return _products(os.environ.get(_VARIABLE, ""))


@lru_cache
def _products(choice: str) -> Any:
    if choice not in ("", "onednn", "eigen"):
        raise ValueError(f"models: ${_VARIABLE} must be onednn or eigen, got {choice!r}")
    if choice == "eigen":
        return _core.transformer.eigen()
    try:
        return _onednn()
    except (OSError, RuntimeError) as error:
        if choice == "onednn":
            raise RuntimeError(f"models: ${_VARIABLE} asks for onednn, but {error}") from None
        print(f"siliconbert: products run on Eigen because {error}", file=sys.stderr)
        return _core.transformer.eigen()


def _onednn() -> Any:
    plugin = Path(_core.__file__).with_name("_onednn.so")
    if not plugin.is_file():
        raise RuntimeError("this build of siliconbert has no oneDNN back end")
    # The plug-in names libdnnl.so.3 without a path: loading it first, with its symbols global, resolves that
    # name.
    ctypes.CDLL(str(_library()), mode=ctypes.RTLD_GLOBAL)
    return _core.transformer.open_onednn(str(plugin))


def _library() -> Path:
    """The oneDNN library of the installed distribution, wherever pip put it (`--user`, odd prefixes)."""
    try:
        files = metadata.files(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        raise RuntimeError(f"the Python package {_DISTRIBUTION} is not installed") from None
    for file in files:
        path = Path(str(file.locate()))
        if file.name == "libdnnl.so.3" and path.is_file():
            return path
    # pip install --target leaves a distribution's data files behind.
    raise RuntimeError(
        f"the package {_DISTRIBUTION} was installed without its library libdnnl.so.3 (pip --target?)"
    )
