"""Where the experiments lie: in the source checkout, or beside the installed package."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import siliconbert
from siliconbert.text import suggestion


def root() -> Path:
    """The folder `experiments`; FileNotFoundError where the installation has none."""
    packages = [Path(package) for package in siliconbert.__path__]
    # The checkout first: an editable installation has an older copy beside the package.
    for folder in [*(p.parents[1] / "experiments" for p in packages), *(p / "experiments" for p in packages)]:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        "report.experiments: this installation has no folder 'experiments'; reinstall siliconbert"
    )


def names() -> list[str]:
    """All tables and figures that can be reproduced: "edgebert/table_2", ..."""
    return sorted(f"{script.parent.name}/{script.stem}" for script in root().glob("*/*.py"))


def papers() -> list[str]:
    """The papers that have tables."""
    return sorted({name.split("/")[0] for name in names()})


def split(table: str) -> tuple[str, str]:
    """Paper and table of "edgebert/table_3"; ValueError listing the known ones."""
    if table not in names():
        raise ValueError(
            f"reproduce: table must be one of {', '.join(names())}; got {table!r}{suggestion(table, names())}"
        )
    paper, name = table.split("/")
    return paper, name


def folder(paper: str) -> Path:
    """The folder of one paper's experiments."""
    return root() / paper


def results(paper: str) -> Path:
    """The folder of one paper's committed rows and predictions."""
    return folder(paper) / "results"


def takes_authors(table: str) -> bool:
    """Whether the table can also be made from the authors' own files (`--authors`)."""
    return bool(getattr(load(table), "WITH_AUTHORS", False))


def load(table: str) -> ModuleType:
    """The task list of a table, run by its path; it has a function `run(call)` that returns an Outcome."""
    paper, name = split(table)
    path = folder(paper) / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"siliconbert_experiment_{paper}_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
