"""Runs the notebooks and writes them back with their outputs: `python -m tests.notebooks --write [NAME ...]`.

What is written depends on the code, the data and the numeric path only: no counters of executions, no times,
no names of kernels, no streams cut in pieces. Without --write it runs them and prints how long each took.
"""

from __future__ import annotations

import argparse
import base64
import struct
import sys
import time
from pathlib import Path
from typing import Any

import nbclient
import nbformat

FOLDER = Path(__file__).parents[1] / "notebooks"
SECONDS = 300  # for one cell on a busy machine; a whole notebook is to take 25 on two quiet cores


def paths() -> list[Path]:
    """The notebooks in their order."""
    return sorted(FOLDER.glob("*.ipynb"), key=lambda path: int(path.stem.split("_")[0]))


def execute(path: Path) -> Any:
    """The notebook with the outputs of a run from top to bottom in this Python; errors: that of its cell."""
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", coalesce_streams=True, record_timing=False
    )
    client.execute(cwd=str(path.parent))
    return cleaned(notebook)


def cleaned(notebook: Any) -> Any:
    """The notebook with nothing in it that another run would not write too."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"c{number}", {}
        if cell.cell_type == "code":
            cell.execution_count = None
            for output in cell.outputs:
                _clean_output(output)
    return notebook


def _clean_output(output: Any) -> None:
    if output.output_type == "execute_result":
        output.execution_count = None
    output.pop("metadata", None)
    if output.output_type in ("execute_result", "display_data"):
        output["metadata"] = {}
        if len(output.data) > 1:  # a picture or a table says more
            output.data.pop("text/plain", None)
        if "image/png" in output.data:
            plain = base64.b64decode(output.data["image/png"])
            output.data["image/png"] = base64.b64encode(without_text(plain)).decode()


def without_text(png: bytes) -> bytes:
    """The picture without its chunks of text, in which the version of the program that drew it stands."""
    kept, at = [png[:8]], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] != b"tEXt":
            kept.append(png[at : at + 12 + length])
        at += 12 + length
    return b"".join(kept)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.notebooks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="the first letters of some notebooks' names; all without")
    parser.add_argument("--write", action="store_true", help="write the outputs into the notebooks")
    arguments = parser.parse_args()
    chosen = [path for path in paths() if not arguments.names or path.name.startswith(tuple(arguments.names))]
    if not chosen:
        sys.exit(f"notebooks: names must begin one of {', '.join(path.name for path in paths())}")
    for path in chosen:
        start = time.monotonic()
        notebook = execute(path)
        if arguments.write:
            nbformat.write(notebook, path)
        print(f"{path.name}: {time.monotonic() - start:.1f} s, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
