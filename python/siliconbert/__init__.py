"""BERT on silicon: prune, encode, store, inject, run with exits, and cost a Transformer."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_MODULES = ("formats", "sparsity", "storage", "faults", "exits", "hardware", "models", "data", "report")

if TYPE_CHECKING:
    from siliconbert import data, exits, faults, formats, hardware, models, report, sparsity, storage

__all__ = [*_MODULES, "__version__"]


def __getattr__(name: str) -> Any:
    # Stages load when first named: `import siliconbert` stays quick and a missing extra hurts only its own stage.
    if name in _MODULES:
        return import_module(f"siliconbert.{name}")
    raise AttributeError(f"siliconbert has no {name!r}; the modules are {', '.join(_MODULES)}")


def __dir__() -> list[str]:
    return sorted(__all__)
