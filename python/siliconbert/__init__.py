"""BERT on silicon: prune, encode, store, inject, run with exits, and cost a Transformer."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from siliconbert import (
        campaign,
        data,
        exits,
        faults,
        formats,
        hardware,
        models,
        report,
        schedule,
        sparsity,
        storage,
    )

__all__ = [
    "__version__",
    "campaign",
    "data",
    "exits",
    "faults",
    "formats",
    "hardware",
    "models",
    "report",
    "schedule",
    "sparsity",
    "storage",
]


_EXTRAS = ("torch",)  # need more than the package itself does


def __getattr__(name: str) -> Any:
    # Stages load when first named: `import siliconbert` is quick, a missing extra hurts only its own stage.
    if name in __all__ or name in _EXTRAS:
        return import_module(f"siliconbert.{name}")
    if name == "_core":
        return _load_core()
    raise AttributeError(f"siliconbert has no {name!r}; the modules are {', '.join(__all__[1:])}")


def _load_core() -> Any:
    """The extension, which every stage names; ImportError says how to get the one library that it needs."""
    try:
        return import_module("siliconbert._core")
    except ImportError as error:
        if "libgomp" not in str(error):
            raise
        raise ImportError(
            "libgomp.so.1, a library of the system, is missing; install it with: "
            "apt-get install libgomp1 (Debian, Ubuntu) or dnf install libgomp (Fedora, Red Hat)"
        ) from None


def __dir__() -> list[str]:
    return __all__
