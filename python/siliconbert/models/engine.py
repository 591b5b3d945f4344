"""Which library multiplies matrices: oneDNN where it is installed, else Eigen."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from siliconbert import _core

_VARIABLE = "SILICONBERT_LINEAR"
_DISTRIBUTION = "onednn-cpu-gomp"


def products() -> Any:
    """`library`, with attention on tiles where the processor has them."""
    return _core.transformer.with_tiles(library())


def library() -> Any:
    """The back end that $SILICONBERT_LINEAR names (onednn, eigen), else oneDNN where it loads, else Eigen.

    Falling back to Eigen is said once, in one sentence on standard error.

    errors: ValueError for another word in the variable; RuntimeError where oneDNN was asked for and cannot be
            loaded
    """
    core = _core.transformer
    return _chosen(os.environ.get(_VARIABLE, ""), "products run on Eigen", core.open_onednn, core.eigen)


def integer_products() -> Any:
    """As `library`, of 8-bit codes; where that is Eigen, portable loops."""
    core = _core.transformer
    say = "integer products run on portable loops"
    return _chosen(os.environ.get(_VARIABLE, ""), say, core.open_onednn_integer, core.portable_integer)


@lru_cache
def _chosen(choice: str, say: str, onednn: Callable[[str], Any], other: Callable[[], Any]) -> Any:
    if choice not in ("", "onednn", "eigen"):
        raise ValueError(f"models: ${_VARIABLE} must be onednn or eigen, got {choice!r}")
    if choice == "eigen":
        return other()
    try:
        return onednn(_plugin())
    except (OSError, RuntimeError) as error:
        if choice == "onednn":
            raise RuntimeError(f"models: ${_VARIABLE} asks for onednn, but {error}") from None
        print(f"siliconbert: {say} because {error}", file=sys.stderr)
        return other()


def _plugin() -> str:
    """The back end's library file, the library that it needs loaded."""
    plugin = Path(_core.__file__).with_name("_onednn.so")
    if not plugin.is_file():
        raise RuntimeError("this build of siliconbert has no oneDNN back end")
    # The plug-in names libdnnl.so.3 without a path: loading it first, with its symbols global, resolves that
    # name.
    ctypes.CDLL(str(_library()), mode=ctypes.RTLD_GLOBAL)
    return str(plugin)


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
