"""A page for every public module, made from the modules' own names and docstrings."""

import importlib
from importlib.util import find_spec

from tables import title

MODULES = {
    "formats": [],
    "sparsity": [],
    "storage": [],
    "faults": [],
    "exits": [],
    "models": [],
    "data": ["metrics"],
    "hardware": ["fpga", "fixed_point"],
    "schedule": ["reports"],
    "campaign": ["statistics", "outcome", "results"],
    "report": ["stored", "pages", "plots", "style", "experiments"],
    "catalog": [],
    "tables": [],
}
if find_spec("torch"):
    MODULES["torch"] = []


def pages() -> dict[str, str]:
    """Name of a page -> its text."""
    names = [f"siliconbert.{name}" for name in MODULES]
    found = {f"reference_{name}": _page(name) for name in MODULES}
    rows = "".join(f"   reference_{name}\n" for name in MODULES)
    intro = "Every public name, with shapes, units and errors. The examples run in the tests.\n"
    found["reference"] = f"{title('Reference')}\n{intro}\n.. toctree::\n   :maxdepth: 1\n\n{rows}"
    for name in names:
        importlib.import_module(name)
    return found


def _page(name: str) -> str:
    whole = f"siliconbert.{name}"
    parts = [title(whole), _module(whole)]
    for part in MODULES[name]:
        below = f"{whole}.{part}"
        parts += [title(below, "-"), _module(below)]
    return "\n".join(parts)


def _module(name: str) -> str:
    return f".. automodule:: {name}\n   :members:\n   :show-inheritance:\n\n"
