"""A stranger's first hour: `python tests/stranger.py dist/siliconbert-*.whl`, with any Python.

Installs the wheel into a fresh environment and does what the README says, as it says it: the demo, the
commands of its `sh` blocks in their order, its Python page, a campaign and a memory cell of one's own,
notebooks 1 and 9. Commands elsewhere in the README take hours, a cluster or a GPU: of these only the help
is asked for, and they are listed. Blocks `sh train` run where PyTorch is: `--packages DIR` adds the
packages of another environment, so that nothing large is fetched. The first failure ends it with exit
code 1.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from documents import blocks, commands, lines

ROOT = Path(__file__).parents[1]
PAGE_OF_ALL = ROOT / "README.md"
README = PAGE_OF_ALL.read_text(encoding="utf-8")
NOTEBOOKS = ("1_*.ipynb", "9_*.ipynb")
TOOLS = ("ipykernel>=6", "nbclient>=0.8")
CELL = """
[my-cell]
level_means = [0.0, 1.0, 2.0, 3.0]
level_sigmas = [0.08, 0.11, 0.11, 0.14]
area_density = 0.2
source = "measured on my bench"
"""
CAMPAIGN = """
models: [edgebert-mini/sst2]
tasks: [vader-amazon]
cells_file: my-cell.toml
cells: [{values: my-cell, "*": rram-slc}]
exits: [null, {rule: entropy, threshold: 0.3}]
accelerators: [{name: edgebert-12nm, n: 16, shape: albert-base, target_ms: 50}]
trials: 5
sentences: 100
"""
OWN = """
import numpy as np
import siliconbert as sb
assert sb.faults.load_cells("my-cell.toml") == ["my-cell"]
w = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
mask = sb.sparsity.prune(np.abs(w), sb.sparsity.Unstructured(), density=0.5)
fmt = sb.formats.fit(w[mask], sb.formats.get("adaptivfloat8"))
image = sb.storage.store(w, mask, fmt, cells={"*": "my-cell"}, name="w")
bad, events = sb.faults.inject(image, sb.faults.CellMisread(), seed=1, trial=0)
print(len(events), "misreads in", sum(image.cells.values()), "cells")
"""
PAGE = """
import doctest, sys
page = doctest.DocTestParser().get_doctest(open("page.txt").read(), {}, "README.md", "README.md", 0)
sys.exit(doctest.DocTestRunner().run(page).failed)
"""
RUN_NOTEBOOK = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
print(len(notebook.cells), "cells")
"""


def others() -> list[str]:
    """The commands that the README names and nobody runs here."""
    run = {line for kind in ("sh", "sh train") for line in lines(README, kind)}
    return sorted({" ".join(each.split("#")[0].split()) for each in commands(PAGE_OF_ALL) if each not in run})


class Stranger:
    """Somebody in an empty folder with a fresh environment."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, folder / "environment" / "bin"
        plain = {
            k: v for k, v in os.environ.items() if not k.startswith(("SILICONBERT_", "PYTHON", "VIRTUAL_ENV"))
        }
        self.environment = {**plain, "PATH": f"{self.bin}:{plain['PATH']}"}

    def does(self, what: str, *command: object) -> str:
        """Runs it and prints how long it took; its output. Leaves with code 1 where it fails."""
        start = time.monotonic()
        done = subprocess.run(
            [str(each) for each in command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        print(f"{time.monotonic() - start:7.1f} s  {what}", flush=True)
        if done.returncode:
            sys.exit(
                f"failed with exit code {done.returncode}: {what}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
            )
        return done.stdout

    def python(self, what: str, code: str, *arguments: object) -> str:
        """Runs Python code in the environment."""
        return self.does(what, self.bin / "python", "-c", code, *arguments)

    def writes(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.write_text(text.lstrip(), encoding="utf-8")
        return path


def installs(stranger: Stranger, wheel: Path, packages: Path | None) -> None:
    stranger.does("a fresh environment", sys.executable, "-m", "venv", stranger.folder / "environment")
    stranger.does(f"pip install {wheel.name}", stranger.bin / "pip", "install", "--quiet", wheel.resolve())
    # Only now, lest pip finds a siliconbert there and installs none.
    if packages is not None:
        (site,) = (stranger.folder / "environment").glob("lib/python3*/site-packages")
        (site / "others.pth").write_text(f"{packages.resolve()}\n")
    found = stranger.python("import siliconbert", "import siliconbert; print(siliconbert.__file__)")
    assert str(stranger.folder) in found, f"not the wheel's: {found}"


def follows_the_readme(stranger: Stranger) -> None:
    (campaign,) = blocks(README, "yaml")
    stranger.writes(campaign.splitlines()[0].removeprefix("# "), campaign)
    kinds = ["sh"]
    try:
        stranger.python("import torch", "import torch")
        kinds.append("sh train")
    except SystemExit:
        print("           no PyTorch here: the commands of training are not run")
    for kind in kinds:
        for line in lines(README, kind):
            assert stranger.does(line, *shlex.split(line, comments=True)).strip(), f"{line}: printed nothing"
    stranger.writes("page.txt", "\n".join(blocks(README, "python")))
    stranger.python("the README's Python page", PAGE)
    for line in others():
        words = [word for word in line.split()[1:3] if re.fullmatch("[a-z]+", word)]
        group = 2 if words[:1] in (["bench"], ["data"]) else 1
        stranger.does(f"help only: {line}", "siliconbert", *words[:group], "--help")


def brings_an_own_cell_and_campaign(stranger: Stranger) -> None:
    stranger.writes("my-cell.toml", CELL)
    stranger.python("a cell of one's own in Python", OWN)
    stranger.writes("mine.yaml", CAMPAIGN)
    first = stranger.does(
        "a campaign of one's own", "siliconbert", "run", "mine.yaml", "--store", "runs/mine"
    )
    again = stranger.does("the same again", "siliconbert", "run", "mine.yaml", "--store", "runs/mine")
    assert first == again, "a finished campaign prints other rows the second time"
    stranger.does("its state", "siliconbert", "status", "runs/mine")


def opens_notebooks(stranger: Stranger) -> None:
    stranger.does(f"pip install {' '.join(TOOLS)}", stranger.bin / "pip", "install", "--quiet", *TOOLS)
    for pattern in NOTEBOOKS:
        for notebook in sorted((ROOT / "notebooks").glob(pattern)):
            stranger.python(f"notebook {notebook.name}", RUN_NOTEBOOK, notebook)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--packages", type=Path, help="folder site-packages of another environment")
    arguments = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        stranger = Stranger(Path(folder))
        installs(stranger, arguments.wheel, arguments.packages)
        follows_the_readme(stranger)
        brings_an_own_cell_and_campaign(stranger)
        opens_notebooks(stranger)
    print(f"{time.monotonic() - start:7.1f} s  in all, nothing failed")


if __name__ == "__main__":
    main()
